-- One row per kind of file: the one that was loaded last and was not withdrawn since.
-- Key: entity. Reads: ledger.loads, snapshots, withdrawals.
-- Unit: n_rows and n_rejected count lines that were taken and set aside; UTC.
select
    loads.entity,
    snapshots.file_name,
    snapshots.n_rows,
    snapshots.n_rejected,
    loads.loaded_at
from ledger.loads as loads
inner join ledger.snapshots as snapshots on loads.snapshot_id = snapshots.snapshot_id
where
    not exists (
        select 1
        from ledger.withdrawals as withdrawals
        where
            withdrawals.snapshot_id = loads.snapshot_id
            and withdrawals.withdrawn_at >= loads.loaded_at
    )
qualify
    row_number() over (
        partition by loads.entity
        order by loads.loaded_at desc, loads.snapshot_id
    ) = 1
order by loads.loaded_at desc, loads.entity
