-- One row per kind of file whose newest file no check has passed yet, with the file of that
-- kind that it follows: what the last run that ended well rested on, else the one before.
-- Key: entity. Reads: marts.snapshots, ledger.loads, runs, staging.files__tracks, artists,
-- albums, releases, watchlist, pins.
-- Unit: n_kept_ids counts ids (or artists) of the older file that the newer one has too. No row
-- where there is no older file, where one of the two is named as a synthetic one and they
-- share no id, or for observed popularity, of which each file is new. A file of a later day is
-- no older one.
with
counted_loads as (
    select
        loads.entity,
        loads.snapshot_id,
        loads.loaded_at,
        runs.as_of_date,
        starts_with(snapshots.file_name, 'synthetic') as is_synthetic,
        snapshots.newness,
        coalesce(runs.flow = 'nightly', false) as is_of_a_night,
        exists(
            select 1
            from ledger.runs as checking
            where
                checking.status in ('done', 'degraded')
                and checking.flow in ('nightly', 'check', 'publish')
                and checking.finished_at > loads.loaded_at
        ) as has_passed
    from ledger.loads as loads
    inner join marts.snapshots as snapshots
        on loads.snapshot_id = snapshots.snapshot_id
    left join ledger.runs as runs on loads.run_id = runs.run_id
    where loads.entity <> 'observed'
),
last_passed as (
    select entity, snapshot_id
    from counted_loads
    where has_passed
    qualify row_number() over (
        partition by entity
        order by loaded_at desc, snapshot_id desc
    ) = 1
),
newest as (
    select counted_loads.*
    from counted_loads
    anti join last_passed
        on
            counted_loads.entity = last_passed.entity
            and counted_loads.snapshot_id = last_passed.snapshot_id
    where counted_loads.newness = 1
    qualify row_number() over (
        partition by counted_loads.entity
        order by counted_loads.loaded_at desc
    ) = 1
),
candidates as (
    -- two rows a kind at most: the file that was named alike, and the other one
    select
        newest.entity,
        newest.snapshot_id,
        older.snapshot_id as previous_snapshot_id,
        newest.is_of_a_night,
        newest.is_synthetic = older.is_synthetic as is_named_alike,
        older.has_passed,
        older.as_of_date,
        older.loaded_at
    from newest
    inner join counted_loads as older
        on newest.entity = older.entity and newest.snapshot_id <> older.snapshot_id
    where coalesce(older.as_of_date <= newest.as_of_date, true)
    qualify row_number() over (
        partition by newest.entity, newest.is_synthetic = older.is_synthetic
        order by
            older.has_passed desc,
            older.as_of_date desc,
            older.loaded_at desc,
            older.snapshot_id desc
    ) = 1
),
compared as (
    select snapshot_id from candidates
    union
    select previous_snapshot_id from candidates
),
ids as (
    select tracks.snapshot_id, tracks.track_id as id
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    where tracks.snapshot_id in (select snapshot_id from compared)
    union all
    select artists.snapshot_id, artists.artist_name as id
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots
        on artists.snapshot_id = snapshots.snapshot_id
    where artists.snapshot_id in (select snapshot_id from compared)
    union all
    select albums.snapshot_id, albums.track_id as id
    from staging.files__albums as albums
    inner join marts.snapshots as snapshots
        on albums.snapshot_id = snapshots.snapshot_id
    where albums.snapshot_id in (select snapshot_id from compared)
    union all
    select releases.snapshot_id, releases.track_id as id
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    where releases.snapshot_id in (select snapshot_id from compared)
    union all
    select watchlist.snapshot_id, watchlist.artist_name as id
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    where watchlist.snapshot_id in (select snapshot_id from compared)
    union all
    select pins.snapshot_id, pins.artist_name as id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots
        on pins.snapshot_id = snapshots.snapshot_id
    where pins.snapshot_id in (select snapshot_id from compared)
),
counts as (
    select snapshot_id, count(*) as n_rows from ids group by snapshot_id
),
kept as (
    select
        candidates.previous_snapshot_id,
        candidates.snapshot_id,
        count(distinct newer.id) as n_kept_ids
    from candidates
    inner join ids as newer on candidates.snapshot_id = newer.snapshot_id
    inner join ids as older
        on
            candidates.previous_snapshot_id = older.snapshot_id
            and newer.id = older.id
    group by candidates.previous_snapshot_id, candidates.snapshot_id
),
pairs as (
    -- a file of one's own follows no sample, but a part of the sample does
    select candidates.*, coalesce(kept.n_kept_ids, 0) as n_kept_ids
    from candidates
    left join kept
        on
            candidates.snapshot_id = kept.snapshot_id
            and candidates.previous_snapshot_id = kept.previous_snapshot_id
    where candidates.is_named_alike or kept.n_kept_ids > 0
    qualify row_number() over (
        partition by candidates.entity
        order by
            candidates.has_passed desc,
            candidates.as_of_date desc,
            candidates.loaded_at desc,
            candidates.previous_snapshot_id desc
    ) = 1
)
select
    pairs.entity,
    pairs.snapshot_id,
    pairs.previous_snapshot_id,
    coalesce(newer.n_rows, 0) as n_rows,
    coalesce(older.n_rows, 0) as previous_n_rows,
    pairs.n_kept_ids,
    pairs.is_of_a_night
from pairs
left join counts as newer on pairs.snapshot_id = newer.snapshot_id
left join counts as older on pairs.previous_snapshot_id = older.snapshot_id
