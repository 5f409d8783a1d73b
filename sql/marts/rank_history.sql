-- One row per track and run that scored it: its rank and score in that run's list.
-- Key: run_id, track_id. Reads: ledger.scores, runs, staging.files__releases, spotify__releases, marts.snapshots.
-- Unit: rank counts within the run; names, album, genre and year are the newest known. Runs that failed are left out.
with
names as (
    select
        releases.track_id,
        releases.album_id,
        releases.track_name,
        releases.artist_name,
        releases.album_name,
        releases.genre,
        releases."year",
        snapshots.newness,
        1 as preference
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    union all by name
    select
        track_id,
        album_id,
        track_name,
        artist_name,
        album_name,
        row_number() over (order by fetched_at desc) as newness,
        2 as preference
    from staging.spotify__releases
),
newest_names as (
    -- one-to-one: the newest name of a track, a file's before a service's
    select track_id, album_id, track_name, artist_name, album_name, genre, "year"
    from names
    qualify row_number() over (
        partition by track_id
        order by preference, newness, track_name
    ) = 1
)
select
    scores.run_id,
    scores.track_id,
    newest_names.album_id,
    newest_names.track_name,
    newest_names.artist_name,
    newest_names.album_name,
    newest_names.genre,
    scores.model_version,
    row_number() over (
        partition by scores.run_id
        order by scores.score desc, scores.track_id
    ) as "rank",
    scores.score,
    coalesce(newest_names."year", year(scores.release_date)) as "year",
    scores.release_date,
    scores.as_of_date,
    scores.scored_at
from ledger.scores as scores
left join newest_names on scores.track_id = newest_names.track_id
where
    scores.as_of_date <= $as_of_date
    and scores.run_id not in (select run_id from ledger.runs where status = 'failed')
