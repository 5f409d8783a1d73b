-- One row per new release: every row of the newest releases file, and what a service found of the last days.
-- Key: track_id. Reads: marts.release_candidates, release_features, album_sizes, artist_sources, genre_keys.
-- Unit: a release without a date and a year counts as out on the as-of date (is_date_assumed); release_age_days counts
-- to the as-of date, NULL where the date is assumed; NULL features were in no source; n_album_tracks as the service told
-- it, else as in marts.album_sizes, with what a service found of the album.
-- A song that a service found on several releases (single, album, deluxe edition) counts once, on the longest of them;
-- one that the file has too is the file's. The audio analysis is one source's throughout, the file's where it has any.
with
folded as (
    select
        *,
        coalesce(danceability, energy, loudness, valence, tempo) is not null
            as has_analysis,
        trim(
            regexp_replace(lower(strip_accents(track_name)), '[^\p{L}\p{N}]+', ' ', 'g')
        ) as folded_title
    from marts.release_candidates
),
releases as (
    -- every row of the file, and of each song that a service found those on one release
    select * exclude (folded_title)
    from folded
    qualify
        release_source = 'releases_file'
        or coalesce(album_id, track_id) = first_value(
            coalesce(album_id, track_id)
        ) over (
            partition by artist_key, folded_title
            order by
                release_source = 'releases_file' desc,
                n_album_tracks desc nulls last,
                release_date,
                album_id,
                track_id
        )
)
select
    candidates.track_id,
    coalesce(candidates.artist_id, artist_sources.artist_id) as artist_id,
    candidates.album_id,
    candidates.isrc,
    candidates.track_name,
    candidates.artist_name,
    candidates.album_name,
    coalesce(genre_keys.genre, candidates.genre) as genre,
    candidates.release_date_precision,
    candidates.release_source,
    case
        when candidates.has_analysis then candidates.release_source
        when audio.track_id is not null then audio.feature_source
        else 'none'
    end as feature_source,
    list_contains(
        $model_sources,
        coalesce(
            audio.feature_source,
            replace(candidates.release_source, 'releases_file', 'files')
        )
    ) as is_for_models,
    candidates."year",
    coalesce(audio.danceability, candidates.danceability) as danceability,
    coalesce(audio.energy, candidates.energy) as energy,
    coalesce(audio."key", candidates."key") as "key",
    coalesce(audio.loudness, candidates.loudness) as loudness,
    coalesce(audio."mode", candidates."mode") as "mode",
    coalesce(audio.speechiness, candidates.speechiness) as speechiness,
    coalesce(audio.acousticness, candidates.acousticness) as acousticness,
    coalesce(audio.instrumentalness, candidates.instrumentalness) as instrumentalness,
    coalesce(audio.liveness, candidates.liveness) as liveness,
    coalesce(audio.valence, candidates.valence) as valence,
    coalesce(audio.tempo, candidates.tempo) as tempo,
    coalesce(candidates.duration_ms, audio.duration_ms) as duration_ms,
    coalesce(audio.time_signature, candidates.time_signature) as time_signature,
    coalesce(
        candidates.n_album_tracks,
        greatest(
            album_sizes.n_album_tracks,
            case
                when candidates.album_id is not null
                    then count(*) over (partition by candidates.album_id)
            end
        )
    ) as n_album_tracks,
    case
        when not candidates.is_date_assumed
            then $as_of_date::date - candidates.release_date
    end as release_age_days,
    candidates.is_date_assumed,
    candidates.release_date,
    candidates.artist_key,
    candidates.artist_names
from releases as candidates
left join marts.release_features as audio
    on
        candidates.track_id = audio.track_id
        and not candidates.has_analysis
left join marts.album_sizes as album_sizes on candidates.album_id = album_sizes.album_id
left join marts.genre_keys as genre_keys on candidates.genre = genre_keys.written_genre
left join marts.artist_sources as artist_sources
    on candidates.artist_key = artist_sources.artist_key
