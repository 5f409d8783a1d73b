-- One row per line of a tracks file and snapshot. Key: snapshot_id, line. Reads: raw.files__tracks.
-- Unit: popularity 0-100 as the file says; duration_ms in milliseconds; loudness in dBFS; tempo in bpm.
select
    snapshot_id,
    line,
    track_id,
    artist_name,
    track_name,
    genre,
    popularity,
    "year",
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
    time_signature
from raw.files__tracks
