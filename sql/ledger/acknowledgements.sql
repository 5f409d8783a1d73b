-- One row each time that somebody said of a finding that it is known and may be.
-- Key: acknowledgement_id. Append-only. It holds for findings of the same check, table and column, until they go away or grow worse.
create table if not exists ledger.acknowledgements (
    acknowledgement_id varchar not null primary key,
    run_id varchar not null,
    finding_id varchar not null,
    note varchar not null,
    acknowledged_at timestamp not null
);
