-- A file must have the ids of the one before it, as far as they do not turn over.
-- Severity: warning
-- Phase: inputs
-- Table: marts.unchecked_files
-- What to do: look whether it is the right file, and whether its id column is the same; a
-- finding that is right can be acknowledged with `songpop findings`.
-- Of tracks, artists and albums a fifth may be gone from a file that is no shorter; of releases
-- those count that came out within the week before, from ten on, for a list turns over.
with
young as (
    -- one row at most: the releases of the older file that are still of this week
    select
        files.snapshot_id,
        count(*) as n_young,
        count(*) filter (
            where older.track_id not in (
                select newer.track_id
                from staging.files__releases as newer
                where newer.snapshot_id = files.snapshot_id
            )
        ) as n_lost
    from marts.unchecked_files as files
    inner join staging.files__releases as older
        on files.previous_snapshot_id = older.snapshot_id
    where
        files.entity = 'releases'
        and files.n_rows >= (1 - $max_shrink_share) * files.previous_n_rows
        and older.release_date > $as_of_date::date - 7
    group by files.snapshot_id
),
lost as (
    select snapshot_id, n_lost, n_young as n_before
    from young
    where n_young >= 10 and n_lost > $max_shrink_share * n_young
    union all
    select snapshot_id, previous_n_rows - n_kept_ids, previous_n_rows
    from marts.unchecked_files
    where
        entity in ('tracks', 'artists', 'albums')
        and previous_n_rows >= 10
        and n_rows >= 0.8 * previous_n_rows
        and n_kept_ids >= 0.5 * n_rows
        and n_kept_ids < 0.8 * previous_n_rows
)
select
    lost.snapshot_id,
    snapshots.entity,
    format(
        '{} lacks {:,} of {:,} that were to stay',
        snapshots.file_name,
        lost.n_lost,
        lost.n_before
    ) as seen
from lost
inner join marts.snapshots as snapshots on lost.snapshot_id = snapshots.snapshot_id
order by lost.snapshot_id
