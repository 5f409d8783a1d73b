-- One row per time that a run learned whether a key may do one thing; the newest counts, for a week.
-- Key: run_id, service, capability, checked_at. words: what the service said where it refused.
create table if not exists ledger.api_capabilities (
    run_id varchar not null,
    service varchar not null,
    capability varchar not null,
    words varchar not null,
    is_allowed boolean not null,
    checked_at timestamp not null,
    primary key (run_id, service, capability, checked_at)
);
