-- One row per run that scored and feature: whether its new releases, and their scores, still look like what the
-- model was fitted and judged on. Key: run_id, feature. Append-only.
-- Unit: psi is the population stability index; psi_threshold NULL where there are too few releases to tell; shares 0-1.
create table if not exists ledger.drift (
    run_id varchar not null,
    feature varchar not null,
    model_version varchar not null,
    kind varchar not null,
    moved varchar,
    n_releases bigint not null,
    psi double,
    psi_threshold double,
    missing_share double,
    reference_missing_share double,
    is_drifted boolean not null,
    is_elsewhere boolean,
    as_of_date date not null,
    primary key (run_id, feature)
);
