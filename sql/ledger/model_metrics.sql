-- One row per model version, family and evaluation split.
-- Key: model_version, family, split. Append-only. role: network (it scores releases), benchmark (it is always fitted
-- beside the network) or baseline; NULL in rows of before the column, for which marts.model_scoreboard knows it.
-- Metrics are means over n_seeds seeds; _low and _high bound 90 % of the bootstrap, _seed_sd is over the seeds.
create table if not exists ledger.model_metrics (
    model_version varchar not null,
    family varchar not null,
    split varchar not null,
    n bigint not null,
    mae double,
    rmse double,
    r2 double,
    spearman double,
    bias double,
    accuracy_4bin double,
    accuracy_majority double,
    macro_f1 double,
    pinball double,
    coverage_90 double,
    width_90 double,
    pair_accuracy double,
    calibration_error double,
    pair_accuracy_artist double,
    top1_hit_rate double,
    top1_chance double,
    top1_regret double,
    n_seeds integer,
    mae_low double,
    mae_high double,
    mae_seed_sd double,
    spearman_low double,
    spearman_high double,
    role varchar,
    crps double
);
