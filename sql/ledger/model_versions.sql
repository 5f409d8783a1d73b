-- One row per registered model version.
-- Key: model_version. Append-only. data_snapshot_ids are the snapshots that it learned from, genres
-- those that it knows; NULL in versions of before, which did not tell.
create table if not exists ledger.model_versions (
    model_version varchar not null primary key,
    run_id varchar not null,
    family varchar not null,
    seed integer not null,
    n_tracks bigint not null,
    data_snapshot_ids varchar[] not null,
    data_sha256 varchar not null,
    weights_sha256 varchar not null,
    as_of_date date not null,
    registered_at timestamp not null,
    genres varchar[]
);
