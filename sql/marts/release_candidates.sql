-- One row per track that may be a new release: every row of the newest releases file, and what a service found of late.
-- Key: track_id. Reads: staging.files__releases, spotify__releases, marts.album_ids, snapshots, artist_keys, ledger.runs.
-- Unit: a track with neither a date nor a year counts as out on the as-of date (is_date_assumed), and of a service
-- is new for as long as one that came out when it was found.
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
    left join ledger.runs as runs on releases.run_id = runs.run_id
    where
        coalesce(releases.release_date, runs.as_of_date)
        between $as_of_date::date - $new_release_days::integer and $as_of_date::date
        and releases.artist_name is not null
        and releases.track_name is not null
        and releases.run_id not in (from later_runs)
),
told as (
    select *, release_date is null and "year" is null as is_date_assumed
    from candidates
)
select
    candidates.track_id,
    candidates.artist_id,
    candidates.album_id,
    candidates.isrc,
    candidates.track_name,
    candidates.artist_name,
    candidates.album_name,
    candidates.genre,
    case
        when candidates.is_date_assumed then 'day'
        else candidates.release_date_precision
    end as release_date_precision,
    candidates.release_source,
    coalesce(
        candidates."year", year(coalesce(candidates.release_date, $as_of_date::date))
    ) as "year",
    candidates.danceability,
    candidates.energy,
    candidates."key",
    candidates.loudness,
    candidates."mode",
    candidates.speechiness,
    candidates.acousticness,
    candidates.instrumentalness,
    candidates.liveness,
    candidates.valence,
    candidates.tempo,
    candidates.duration_ms,
    candidates.time_signature,
    candidates.n_album_tracks,
    candidates.is_date_assumed,
    case
        when candidates.is_date_assumed then $as_of_date::date
        else candidates.release_date
    end as release_date,
    keys.artist_key,
    keys.artist_names
from told as candidates
inner join marts.artist_keys as keys on candidates.artist_name = keys.artist_name
-- one row a track: the file's own row wins over what a service found
qualify row_number() over (
    partition by candidates.track_id
    order by candidates.preference, candidates.fetched_at desc, candidates.album_id
) = 1
