-- A new snapshot of the same tracks must hold at least 80 % of the rows of the one
-- before.
-- Severity: warning
-- Phase: inputs
-- Table: staging.files__tracks
-- The same tracks: at least half of the newer snapshot's are in the older one too.
with
snapshots as (
    select snapshot_id, newness as age from marts.snapshots where entity = 'tracks'
),
newer as (
    select snapshot_id, track_id
    from staging.files__tracks
    where snapshot_id = (select snapshot_id from snapshots where age = 1)
),
older as (
    select track_id
    from staging.files__tracks
    where snapshot_id = (select snapshot_id from snapshots where age = 2)
),
counts as (
    select
        any_value(newer.snapshot_id) as snapshot_id,
        count(*) as n_rows,
        (select count(*) from older) as previous_n_rows,
        count(*) filter (where newer.track_id in (select track_id from older))
            as n_in_both
    from newer
)
select snapshot_id, n_rows, previous_n_rows
from counts
where n_rows < 0.8 * previous_n_rows and n_in_both >= 0.5 * n_rows
