-- One row per snapshot that counts and that no run has checked with success since it was
-- loaded last, but for what the last such run rested on: a night is given most files anew.
-- Key: snapshot_id. Reads: marts.snapshots, unchecked_files, ledger.runs.
select snapshots.snapshot_id
from marts.snapshots as snapshots
where
    not exists (
        select 1
        from ledger.runs as checking
        where
            checking.status in ('done', 'degraded')
            and checking.flow in ('nightly', 'check', 'publish')
            and checking.finished_at > snapshots.loaded_at
    )
    and snapshots.snapshot_id not in (
        select loads.snapshot_id
        from ledger.loads as loads
        left join ledger.withdrawals as withdrawals
            on
                loads.snapshot_id = withdrawals.snapshot_id
                and loads.loaded_at < withdrawals.withdrawn_at
        where
            withdrawals.snapshot_id is null
            and exists (
                select 1
                from ledger.runs as checking
                where
                    checking.status in ('done', 'degraded')
                    and checking.flow in ('nightly', 'check', 'publish')
                    and checking.finished_at > loads.loaded_at
            )
        qualify row_number() over (
            partition by loads.entity
            order by loads.loaded_at desc, loads.snapshot_id desc
        ) = 1
    )
order by snapshots.snapshot_id
