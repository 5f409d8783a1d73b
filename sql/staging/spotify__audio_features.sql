-- One row per track that a run got Spotify's audio features for. Key: run_id, track_id.
-- Reads: raw.spotify__audio_features. Unit: tempo in bpm, loudness in dBFS, duration_ms in milliseconds.
-- A value outside its range is NULL: tempo and duration 0 mean unknown, time signatures are 1 to 7 (0: none found).
select
    run_id,
    track_id,
    case when danceability between 0 and 1 then danceability end as danceability,
    case when energy between 0 and 1 then energy end as energy,
    case when "key" between -1 and 11 then "key" end as "key",
    case when loudness between -60 and 5 then loudness end as loudness,
    case when "mode" between 0 and 1 then "mode" end as "mode",
    case when speechiness between 0 and 1 then speechiness end as speechiness,
    case when acousticness between 0 and 1 then acousticness end as acousticness,
    case when instrumentalness between 0 and 1 then instrumentalness end
        as instrumentalness,
    case when liveness between 0 and 1 then liveness end as liveness,
    case when valence between 0 and 1 then valence end as valence,
    case when tempo > 0 then tempo end as tempo,
    case when duration_ms > 0 then duration_ms end as duration_ms,
    case when time_signature between 0 and 7 then time_signature end as time_signature,
    fetched_at,
    expires_at
from raw.spotify__audio_features
