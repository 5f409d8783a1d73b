-- One row per track that a run got ReccoBeats' audio features for. Key: run_id, track_id.
-- Reads: raw.reccobeats__audio_features. Unit: tempo in bpm, loudness in dBFS; there is no time signature.
select
    run_id,
    track_id,
    isrc,
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
    fetched_at,
    expires_at
from raw.reccobeats__audio_features
