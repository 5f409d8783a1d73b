-- One row per request to a service, written before it is made, so that a killed run has counted it too.
-- Key: run_id, service, call_number. bucket: the quota that it counts towards. Retries are calls.
create table if not exists ledger.api_calls (
    run_id varchar not null,
    service varchar not null,
    call_number integer not null,
    bucket varchar not null,
    called_at timestamp not null,
    primary key (run_id, service, call_number)
);
