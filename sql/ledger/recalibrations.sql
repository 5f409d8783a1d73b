-- One row each time that a recalibration of scores was taken or undone.
-- Key: recalibration_id, decision. Append-only. decision: taken or undone; of an undone one all but the ids are NULL. A
-- recalibration ends by itself once another model version is promoted.
-- Unit: from_scores and to_scores are knots of a rising map, 0-100; margin moves both ends of the mapped interval out, in
-- points; the measures before and after are of tracks that the map was not fitted on.
create table if not exists ledger.recalibrations (
    recalibration_id varchar not null,
    run_id varchar not null,
    decision varchar not null,
    model_version varchar not null,
    n_tracks bigint,
    from_scores double[],
    to_scores double[],
    margin double,
    is_of_other_world boolean,
    mae_before double,
    mae_after double,
    bias_before double,
    bias_after double,
    spearman_before double,
    spearman_after double,
    coverage_before double,
    coverage_after double,
    width_before double,
    width_after double,
    reason varchar,
    decided_at timestamp not null,
    primary key (recalibration_id, decision)
);
