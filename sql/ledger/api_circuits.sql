-- One row per time that a service, or one bucket of it, told us to stop or was taken for down.
-- Key: run_id, service, bucket, opened_at. It is not asked again before open_until. bucket "every call" is all of it.
create table if not exists ledger.api_circuits (
    run_id varchar not null,
    service varchar not null,
    bucket varchar not null,
    reason varchar not null,
    opened_at timestamp not null,
    open_until timestamp not null,
    primary key (run_id, service, bucket, opened_at)
);
