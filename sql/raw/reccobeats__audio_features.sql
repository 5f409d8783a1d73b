-- One row per track that a run asked ReccoBeats' audio features for and got; in its own words.
-- Key: run_id, track_id (Spotify's; reccobeats_id is its own). tempo in bpm, loudness in dBFS, key -1 to 11.
create table if not exists raw.reccobeats__audio_features (
    run_id varchar not null,
    track_id varchar not null,
    reccobeats_id varchar,
    isrc varchar,
    danceability double,
    energy double,
    "key" integer,
    loudness double,
    "mode" integer,
    speechiness double,
    acousticness double,
    instrumentalness double,
    liveness double,
    valence double,
    tempo double,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, track_id)
);
