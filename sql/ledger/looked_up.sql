-- One row per watched artist or lead that a run looked through, so that the next run goes on with the others.
-- Key: run_id, kind, key. kind: artist_albums (key is the artist's id) or lead (artist and title of an album that another
-- service called new, folded).
create table if not exists ledger.looked_up (
    run_id varchar not null,
    kind varchar not null,
    key varchar not null,
    looked_up_at timestamp not null,
    primary key (run_id, kind, key)
);
