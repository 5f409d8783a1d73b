-- One row per track that a run got Spotify's audio features for. Key: run_id, track_id.
-- Reads: raw.spotify__audio_features. Unit: tempo in bpm, loudness in dBFS, duration_ms in milliseconds.
select
    run_id,
    track_id,
    danceability,
    energy,
    "key",
    loudness,
    "mode",
    speechiness,
    acousticness,
    instrumentalness,
    liveness,
    valence,
    tempo,
    duration_ms,
    time_signature,
    fetched_at,
    expires_at
from raw.spotify__audio_features
