-- One row per source snapshot that counts on the as-of date; all marts read these snapshots and no others.
-- Key: snapshot_id. Reads: ledger.snapshots, loads, runs, withdrawals.
-- Unit: newness 1 is the one of its entity that a run was pointed at last.
with
newest_loads as (
    -- one row a snapshot; a run that spoke for an earlier day knew it on that day
    select
        loads.snapshot_id,
        max(loads.loaded_at) as loaded_at,
        min(runs.as_of_date) as as_of_date
    from ledger.loads as loads
    left join ledger.runs as runs on loads.run_id = runs.run_id
    group by loads.snapshot_id
),
newest_withdrawals as (
    select snapshot_id, max(withdrawn_at) as withdrawn_at
    from ledger.withdrawals
    group by snapshot_id
)
select
    snapshots.snapshot_id,
    snapshots.entity,
    snapshots.file_name,
    snapshots.n_rows,
    snapshots.n_rejected,
    row_number() over (
        partition by snapshots.entity
        order by newest_loads.loaded_at desc, snapshots.snapshot_id desc
    ) as newness,
    least(snapshots.snapshot_date, newest_loads.as_of_date) as snapshot_date,
    newest_loads.loaded_at
from ledger.snapshots as snapshots
inner join newest_loads on snapshots.snapshot_id = newest_loads.snapshot_id
left join newest_withdrawals on snapshots.snapshot_id = newest_withdrawals.snapshot_id
where
    least(snapshots.snapshot_date, newest_loads.as_of_date) <= $as_of_date
    and (
        newest_withdrawals.withdrawn_at is null
        or newest_loads.loaded_at > newest_withdrawals.withdrawn_at
    )
