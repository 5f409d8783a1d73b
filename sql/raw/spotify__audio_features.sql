-- One row per track that a run asked Spotify's audio features for and got; in Spotify's own words.
-- Key: run_id, track_id. tempo in bpm, loudness in dBFS, duration_ms in milliseconds, key -1 to 11 (-1: none found).
create table if not exists raw.spotify__audio_features (
    run_id varchar not null,
    track_id varchar not null,
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
    duration_ms bigint,
    time_signature integer,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, track_id)
);
