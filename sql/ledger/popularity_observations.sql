-- One row per popularity seen for a track on a date after it was scored.
-- Key: snapshot_id, track_id, observed_at. Append-only.
create table if not exists ledger.popularity_observations (
    snapshot_id varchar not null,
    track_id varchar not null,
    popularity integer not null,
    observed_at timestamp not null
);
