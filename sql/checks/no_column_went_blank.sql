-- A column of the tracks file that held values before must not be empty in the newest
-- snapshot.
-- Severity: critical
-- Phase: inputs
-- Table: staging.files__tracks
with
snapshots as (
    select
        snapshot_id,
        row_number() over (order by snapshot_date desc, loaded_at desc, snapshot_id desc) as age
    from ledger.snapshots
    where entity = 'tracks'
),
known as (
    -- one row a snapshot: how many values each column holds
    select snapshots.age, count(columns(tracks.* exclude (snapshot_id, line)))
    from staging.files__tracks as tracks
    inner join snapshots on tracks.snapshot_id = snapshots.snapshot_id
    where snapshots.age <= 2
    group by snapshots.age
),
by_column as (
    unpivot known on columns(* exclude (age)) into name column_name value n_known
)
select newer.column_name, older.n_known as n_known_before
from by_column as newer
inner join by_column as older on newer.column_name = older.column_name and older.age = 2
where newer.age = 1 and newer.n_known = 0 and older.n_known > 0
order by newer.column_name
