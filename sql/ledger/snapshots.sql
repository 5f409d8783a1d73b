-- One row per dated, immutable copy of a source file.
-- Key: snapshot_id. Append-only. n_rows were kept, n_rejected are in ledger.rejects.
create table if not exists ledger.snapshots (
    snapshot_id varchar not null primary key,
    entity varchar not null,
    file_name varchar not null,
    sha256 varchar not null,
    run_id varchar not null,
    n_rows bigint not null,
    n_rejected bigint not null,
    unknown_columns varchar[] not null,
    snapshot_date date not null,
    loaded_at timestamp not null
);
