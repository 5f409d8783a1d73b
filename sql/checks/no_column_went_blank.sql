-- A column of a file must not lose the values that it had in the file before.
-- Severity: critical
-- Phase: inputs
-- Table: marts.unchecked_files
-- What to do: look whether the file still has the column, under the same header, and load it
-- again. If it is meant to be so, say so once with --max-shrink-share 1.
-- Told where ten rows at least had a value. Another list of releases, of which less than half
-- stood in the one before, is told past the setting and stops nothing; of other files a fifth
-- is a warning. Other tracks, artists and albums may lack a column from the start. A column
-- that is blank for all tracks stops any run.
with
files as (
    select *, n_kept_ids >= 0.5 * n_rows as is_same_list
    from marts.unchecked_files
    where entity = 'releases' or n_kept_ids >= 0.5 * n_rows
),
compared as (
    select snapshot_id from files
    union
    select previous_snapshot_id from files
),
tracks_known as (
    select
        snapshot_id,
        count(*) as n_rows,
        count(columns(* exclude (snapshot_id, line)))
    from staging.files__tracks
    where snapshot_id in (select snapshot_id from compared)
    group by snapshot_id
),
tracks_by_column as (
    unpivot tracks_known on columns(* exclude (snapshot_id, n_rows))
    into name column_name value n_known
),
artists_known as (
    select
        snapshot_id,
        count(*) as n_rows,
        count(columns(* exclude (snapshot_id, line)))
    from staging.files__artists
    where snapshot_id in (select snapshot_id from compared)
    group by snapshot_id
),
artists_by_column as (
    unpivot artists_known on columns(* exclude (snapshot_id, n_rows))
    into name column_name value n_known
),
albums_known as (
    select
        snapshot_id,
        count(*) as n_rows,
        count(columns(* exclude (snapshot_id, line)))
    from staging.files__albums
    where snapshot_id in (select snapshot_id from compared)
    group by snapshot_id
),
albums_by_column as (
    unpivot albums_known on columns(* exclude (snapshot_id, n_rows))
    into name column_name value n_known
),
releases_known as (
    select
        snapshot_id,
        count(*) as n_rows,
        count(columns(* exclude (snapshot_id, line)))
    from staging.files__releases
    where snapshot_id in (select snapshot_id from compared)
    group by snapshot_id
),
releases_by_column as (
    unpivot releases_known on columns(* exclude (snapshot_id, n_rows))
    into name column_name value n_known
),
by_column as (
    select snapshot_id, n_rows, column_name, n_known from tracks_by_column
    union all
    select snapshot_id, n_rows, column_name, n_known from artists_by_column
    union all
    select snapshot_id, n_rows, column_name, n_known from albums_by_column
    union all
    select snapshot_id, n_rows, column_name, n_known from releases_by_column
),
shares as (
    select
        files.snapshot_id,
        files.entity,
        files.is_of_a_night and files.is_same_list as is_grave,
        newer.column_name,
        newer.n_known,
        newer.n_rows,
        1 - newer.n_known / newer.n_rows / (older.n_known / older.n_rows) as lost_share
    from files
    inner join by_column as newer on files.snapshot_id = newer.snapshot_id
    inner join by_column as older
        on
            files.previous_snapshot_id = older.snapshot_id
            and newer.column_name = older.column_name
    where older.n_known >= 10
)
select
    shares.column_name,
    case
        when
            (shares.is_grave and shares.lost_share > $max_shrink_share)
            or (shares.entity = 'tracks' and shares.n_known = 0)
            then 'critical'
        else 'warning'
    end as severity,
    format(
        '{} of {} has a value in {:,} of {:,} rows, {:.0f} % fewer than before',
        shares.column_name,
        snapshots.file_name,
        shares.n_known,
        shares.n_rows,
        100 * shares.lost_share
    ) as seen
from shares
inner join marts.snapshots as snapshots on shares.snapshot_id = snapshots.snapshot_id
where
    shares.lost_share > $max_shrink_share
    or (shares.entity <> 'releases' and shares.lost_share > 0.2)
    or (shares.entity = 'tracks' and shares.n_known = 0)
order by severity, shares.entity, shares.column_name
