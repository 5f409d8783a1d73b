-- One row per time that a service had nothing for a key, or gave no usable answer; the newest of a key counts.
-- Key: run_id, service, kind, key. kind: artist, album or audio_features. state: missing (it is not there) or failed.
-- It is asked for again from ask_again_at on: 30 days for missing, 1 hour doubling up to 7 days for failed.
create table if not exists ledger.unanswered (
    run_id varchar not null,
    service varchar not null,
    kind varchar not null,
    key varchar not null,
    state varchar not null,
    words varchar,
    n_attempts integer not null,
    asked_at timestamp not null,
    ask_again_at timestamp not null,
    primary key (run_id, service, kind, key)
);
