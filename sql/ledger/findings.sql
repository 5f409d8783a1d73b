-- One row per expectation or check that did not hold.
-- Key: finding_id. Append-only. severity: critical (stops the run), warning (kept and shown) or note (read otherwise than written).
create table if not exists ledger.findings (
    finding_id varchar not null primary key,
    run_id varchar not null,
    check_name varchar not null,
    severity varchar not null,
    table_name varchar,
    column_name varchar,
    message varchar not null,
    n_rows bigint,
    example_keys varchar[] not null,
    found_at timestamp not null
);
