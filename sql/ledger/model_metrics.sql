-- One row per model version, family and evaluation split.
-- Key: model_version, family, split. Append-only. family is keras, lightgbm or a baseline fitted beside them.
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
    pair_accuracy double
);
