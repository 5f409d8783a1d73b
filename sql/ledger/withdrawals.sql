-- One row per snapshot that was withdrawn because a critical input check failed before any had held with it.
-- Key: snapshot_id, run_id. Append-only. A snapshot that is loaded again afterwards counts again.
create table if not exists ledger.withdrawals (
    snapshot_id varchar not null,
    run_id varchar not null,
    reason varchar not null,
    withdrawn_at timestamp not null
);
