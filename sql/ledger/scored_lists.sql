-- One row per run that scored: whether its list is of the world that the model learned from.
-- Key: run_id. Append-only. basis: what told that it is not: genres, inputs or popularity; NULL where it is.
-- Unit: spread_low and spread_high 0-100, NULL where intervals stay as they are.
create table if not exists ledger.scored_lists (
    run_id varchar not null primary key,
    model_version varchar not null,
    recalibration_id varchar,
    n_releases bigint not null,
    basis varchar,
    reason varchar,
    is_trusted boolean not null,
    spread_low double,
    spread_high double,
    as_of_date date not null,
    scored_at timestamp not null
);
