-- One row per decision about which model version scores releases.
-- Key: promotion_id. Append-only. decision: promoted or kept; champion is the version that scores from then on.
create table if not exists ledger.promotions (
    promotion_id varchar not null primary key,
    run_id varchar not null,
    decision varchar not null,
    challenger varchar not null,
    previous_champion varchar,
    champion varchar not null,
    reason varchar not null,
    decided_at timestamp not null
);
