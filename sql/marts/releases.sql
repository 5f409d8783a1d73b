-- One row per new release: every row of the newest releases file, and what a service found of the last days.
-- Key: track_id. Reads: staging.files__releases, spotify__releases, marts.release_features, album_ids,
-- album_sizes, snapshots, artist_keys, artist_sources, genre_keys, ledger.runs.
-- Unit: release_age_days counts from release_date to the as-of date; NULL features were in no source; n_album_tracks as
-- the service told it, else as in marts.album_sizes, with what a service found of the album.
-- A song that a service found on several releases (single, album, deluxe edition) counts once, on the longest of them;
-- one that the file has too is the file's. The audio analysis is one source's throughout, the file's where it has any.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
candidates as (
    select
        releases.track_id,
        null::varchar as artist_id,
        albums.album_id,
        releases.isrc,
        releases.track_name,
        releases.artist_name,
        releases.album_name,
        releases.genre,
        releases.release_date_precision,
        'releases_file' as release_source,
        releases."year",
        releases.danceability,
        releases.energy,
        releases."key",
        releases.loudness,
        releases."mode",
        releases.speechiness,
        releases.acousticness,
        releases.instrumentalness,
        releases.liveness,
        releases.valence,
        releases.tempo,
        releases.duration_ms,
        releases.time_signature,
        null::bigint as n_album_tracks,
        releases.release_date,
        1 as preference,
        null::timestamp as fetched_at
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    left join marts.album_ids as albums
        on releases.track_id = albums.track_id and albums.is_release
    where snapshots.newness = 1
    union all by name
    select
        releases.track_id,
        releases.artist_id,
        releases.album_id,
        releases.track_name,
        releases.artist_name,
        releases.album_name,
        releases.release_date_precision,
        'spotify' as release_source,
        releases.duration_ms,
        releases.n_album_tracks,
        releases.release_date,
        2 as preference,
        releases.fetched_at
    from staging.spotify__releases as releases
    where
        releases.release_date
        between $as_of_date::date - $new_release_days::integer and $as_of_date::date
        and releases.artist_name is not null
        and releases.track_name is not null
        and releases.run_id not in (from later_runs)
),
tracks as (
    -- one row a track: the file's own row wins over what a service found
    select candidates.*, keys.artist_key, keys.artist_names
    from candidates
    inner join marts.artist_keys as keys on candidates.artist_name = keys.artist_name
    qualify row_number() over (
        partition by candidates.track_id
        order by preference, fetched_at desc, album_id
    ) = 1
),
folded as (
    select
        *,
        coalesce(danceability, energy, loudness, valence, tempo) is not null
            as has_analysis,
        trim(
            regexp_replace(lower(strip_accents(track_name)), '[^\p{L}\p{N}]+', ' ', 'g')
        ) as folded_title
    from tracks
),
releases as (
    -- every row of the file, and of each song that a service found those on one release
    select * exclude (folded_title)
    from folded
    qualify
        preference = 1
        or coalesce(album_id, track_id) = first_value(
            coalesce(album_id, track_id)
        ) over (
            partition by artist_key, folded_title
            order by
                preference,
                n_album_tracks desc nulls last,
                release_date,
                album_id,
                track_id
        )
),
found_sizes as (
    select album_id, count(distinct track_id) as n_album_tracks
    from releases
    where album_id is not null
    group by album_id
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
    coalesce(candidates."year", year(candidates.release_date)) as "year",
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
        greatest(album_sizes.n_album_tracks, found_sizes.n_album_tracks)
    ) as n_album_tracks,
    $as_of_date::date - candidates.release_date as release_age_days,
    candidates.release_date,
    candidates.artist_key,
    candidates.artist_names
from releases as candidates
left join marts.release_features as audio
    on
        candidates.track_id = audio.track_id
        and not candidates.has_analysis
left join marts.album_sizes as album_sizes on candidates.album_id = album_sizes.album_id
left join found_sizes on candidates.album_id = found_sizes.album_id
left join marts.genre_keys as genre_keys on candidates.genre = genre_keys.written_genre
left join marts.artist_sources as artist_sources
    on candidates.artist_key = artist_sources.artist_key
