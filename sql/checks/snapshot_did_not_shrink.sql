-- A file must not be a small part of the one before it.
-- Severity: critical
-- Phase: inputs
-- Table: marts.unchecked_files
-- What to do: look whether the file is whole, and load it again. If it is meant to be so
-- short, say so once with --max-shrink-share 1; after a run that ends well it is the measure.
-- A cut file looks like a short one. Critical for a file that a night was given: nobody looks on. By hand, and for fewer than ten
-- rows before, it is a warning. Of tracks, artists and albums a fifth is enough for one, as
-- they do not turn over; these may also be of other tracks, which is no shrinking.
with
shrunk as (
    select *, 1 - n_rows / nullif(previous_n_rows, 0) as lost_share
    from marts.unchecked_files
    where
        entity in ('releases', 'watchlist', 'pins')
        or n_kept_ids >= 0.5 * n_rows
)
select
    shrunk.snapshot_id,
    shrunk.entity,
    case
        when
            shrunk.is_of_a_night
            and shrunk.previous_n_rows >= 10
            and shrunk.lost_share > $max_shrink_share
            then 'critical'
        when
            shrunk.entity in ('releases', 'watchlist', 'pins')
            and shrunk.lost_share <= $max_shrink_share
            then 'note'
        else 'warning'
    end as severity,
    format(
        '{} has {:,} rows, and {} before it had {:,}',
        newer.file_name,
        shrunk.n_rows,
        older.file_name,
        shrunk.previous_n_rows
    ) as seen
from shrunk
inner join marts.snapshots as newer on shrunk.snapshot_id = newer.snapshot_id
inner join marts.snapshots as older on shrunk.previous_snapshot_id = older.snapshot_id
where
    shrunk.lost_share > least($max_shrink_share, 0.5)
    or (
        shrunk.entity in ('tracks', 'artists', 'albums')
        and shrunk.previous_n_rows >= 10
        and shrunk.lost_share > 0.2
    )
order by severity, shrunk.snapshot_id
