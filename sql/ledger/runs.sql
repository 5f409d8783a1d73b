-- One row per execution of one flow or command.
-- Key: run_id. Opened once and closed once. status: running, done, degraded or failed.
create table if not exists ledger.runs (
    run_id varchar not null primary key,
    flow varchar not null,
    status varchar not null,
    message varchar,
    songpop_version varchar not null,
    as_of_date date not null,
    started_at timestamp not null,
    finished_at timestamp
);
