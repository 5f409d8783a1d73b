-- One row per model version, family, evaluation split, slice and metric.
-- Key: model_version, family, split, slice, slice_value, metric. Append-only. slice: all (slice_value too), genre,
-- release year, or artist (known: the training part has a track of the artist; new: it has none).
-- Unit: as the metric; low and high bound 90 % of the bootstrap; seed_sd is over the seeds, NULL where there was one.
create table if not exists ledger.model_measures (
    model_version varchar not null,
    family varchar not null,
    split varchar not null,
    slice varchar not null,
    slice_value varchar not null,
    metric varchar not null,
    n bigint not null,
    value double,
    low double,
    high double,
    seed_sd double
);
