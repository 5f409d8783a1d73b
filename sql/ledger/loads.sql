-- One row each time a run was pointed at a source file, also when its content was there already.
-- Key: run_id, snapshot_id. Append-only. The releases that count are those of the newest load.
create table if not exists ledger.loads (
    run_id varchar not null,
    snapshot_id varchar not null,
    entity varchar not null,
    is_new boolean not null,
    loaded_at timestamp not null
);
