-- Popularity must not fall to nothing between two snapshots: that is a source that
-- answers 0 for unknown.
-- Severity: critical
-- Phase: inputs
-- Table: staging.files__tracks
-- Compared on the tracks that both hold, from 100 of them on: two files of different
-- tracks tell nothing.
with
snapshots as (
    select snapshot_id, newness as age from marts.snapshots where entity = 'tracks'
),
in_both as (
    select
        newer.track_id,
        newer.snapshot_id,
        newer.popularity,
        older.popularity as previous_popularity
    from staging.files__tracks as newer
    inner join staging.files__tracks as older on newer.track_id = older.track_id
    where
        newer.snapshot_id = (select snapshot_id from snapshots where age = 1)
        and older.snapshot_id = (select snapshot_id from snapshots where age = 2)
)
select
    snapshot_id,
    round(avg(popularity), 1) as mean_popularity,
    round(avg(previous_popularity), 1) as previous_mean_popularity,
    round(avg((popularity = 0)::integer), 3) as zero_share,
    round(avg((previous_popularity = 0)::integer), 3) as previous_zero_share
from in_both
group by snapshot_id
having
    count(*) >= 100
    and (
        avg(popularity) < 0.4 * avg(previous_popularity)
        or avg((popularity = 0)::integer)
        > avg((previous_popularity = 0)::integer) + 0.4
    )
