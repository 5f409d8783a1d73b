-- A column of the tracks file that held values before must not be empty in the newest
-- snapshot.
-- Severity: critical
-- Phase: inputs
-- Table: staging.files__tracks
-- Asked where at least half of the newer snapshot's tracks are in the older one too:
-- another file may lack a column from the start.
with
snapshots as (
    select snapshot_id, newness as age from marts.snapshots where entity = 'tracks'
),
known as (
    -- one row a snapshot: how many values each column holds
    select snapshots.age, count(columns(tracks.* exclude (snapshot_id, line)))
    from staging.files__tracks as tracks
    inner join snapshots on tracks.snapshot_id = snapshots.snapshot_id
    where snapshots.age <= 2
    group by snapshots.age
),
overlap as (
    select avg((older.track_id is not null)::integer) as shared_share
    from staging.files__tracks as newer
    left join (
        select distinct tracks.track_id
        from staging.files__tracks as tracks
        inner join snapshots on tracks.snapshot_id = snapshots.snapshot_id
        where snapshots.age = 2
    ) as older on newer.track_id = older.track_id
    where newer.snapshot_id = (select snapshot_id from snapshots where age = 1)
),
by_column as (
    unpivot known on columns(* exclude (age)) into name column_name value n_known
)
select newer.column_name, older.n_known as n_known_before
from by_column as newer
inner join by_column as older on newer.column_name = older.column_name and older.age = 2
cross join overlap
where
    newer.age = 1
    and newer.n_known = 0
    and older.n_known > 0
    and overlap.shared_share >= 0.5
order by newer.column_name
