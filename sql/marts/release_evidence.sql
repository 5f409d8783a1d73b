-- One row per new release: how much its score rests on.
-- Key: track_id. Reads: marts.releases, artist_sources, artists, tracks, champion, ledger.model_versions.
-- Unit: evidence is full (an audio analysis, a known artist and genre), little (neither analysis nor a known artist:
-- such scores are all near the same) or some. An artist is known by a popularity or by tracks, a genre where the
-- champion learned it; only what models may read counts.
with
learned_genres as (
    -- those that the champion knows; one of before does not tell
    select unnest(versions.genres) as genre
    from marts.champion as champion
    inner join ledger.model_versions as versions
        on champion.model_version = versions.model_version
),
known_genres as (
    select genre from learned_genres
    union
    select genre
    from marts.tracks
    where not exists (from learned_genres)
),
parts as (
    -- each join finds one row a track: artists and genres stand once
    select
        releases.track_id,
        releases.feature_source <> 'none'
        and releases.is_for_models
        -- a failed analysis, of zeros, is none
        and coalesce(releases.tempo, 1) + coalesce(releases.danceability, 1)
        + coalesce(releases.valence, 1) + coalesce(releases.speechiness, 1)
        + coalesce(releases.time_signature, 1) > 0
            as has_sound,
        coalesce(artists.n_tracks, 0) > 0
        or artist_sources.popularity_for_models is not null
            as has_artist,
        known_genres.genre is not null as has_genre,
        releases.release_date is not null
        and not releases.is_date_assumed as has_date
    from marts.releases as releases
    left join marts.artist_sources as artist_sources
        on releases.artist_key = artist_sources.artist_key
    left join marts.artists as artists on releases.artist_key = artists.artist_key
    left join known_genres on releases.genre = known_genres.genre
)
select
    track_id,
    case
        when has_sound and has_artist and has_genre then 'full'
        when has_sound or has_artist then 'some'
        else 'little'
    end as evidence,
    nullif(
        concat_ws(
            ', ',
            case when not has_sound then 'audio features' end,
            case when not has_artist then 'artist' end,
            case when not has_genre then 'genre' end,
            case when not has_date then 'release date' end
        ),
        ''
    ) as evidence_missing
from parts
