-- One row per artist of a track, as a run got them from ReccoBeats; in its own words.
-- Key: run_id, track_id, artist_id (both Spotify's).
create table if not exists raw.reccobeats__track_artists (
    run_id varchar not null,
    track_id varchar not null,
    artist_id varchar not null,
    artist_name varchar,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, track_id, artist_id)
);
