-- One row per time that a source's scale was held against ours on tracks or artists that both know.
-- Key: run_id, source, quantity. from_values and to_values: the knots of a piecewise-linear, rising mapping, the same
-- number of each, in order. artist_popularity: from ln(1 + audience) to 0-100, beyond the ends the end; an audio feature:
-- a straight line through two knots. median_difference: from ours, once mapped. The newest of a quantity counts.
create table if not exists ledger.scale_mappings (
    run_id varchar not null,
    source varchar not null,
    quantity varchar not null,
    from_values double[] not null,
    to_values double[] not null,
    n_overlap integer not null,
    median_difference double not null,
    fitted_at timestamp not null,
    primary key (run_id, source, quantity)
);
