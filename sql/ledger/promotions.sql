-- One row per decision about which model version scores releases.
-- Key: promotion_id. Append-only. decision: promoted, kept or rolled back; champion is the version that scores from
-- then on. basis: the tracks that both were compared on, n_rows of them: fresh tracks (neither had learned from them)
-- or shared held-out tracks; NULL where nothing was compared.
-- Unit: mae_difference is the challenger's mean absolute error less the champion's, in popularity points; mae_low and
-- mae_high bound 90 % of its resamples.
create table if not exists ledger.promotions (
    promotion_id varchar not null primary key,
    run_id varchar not null,
    decision varchar not null,
    challenger varchar not null,
    previous_champion varchar,
    champion varchar not null,
    reason varchar not null,
    basis varchar,
    n_rows bigint,
    mae_difference double,
    mae_low double,
    mae_high double,
    decided_at timestamp not null
);
