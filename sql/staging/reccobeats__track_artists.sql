-- One row per artist of a track, as ReccoBeats told a run. Key: run_id, track_id, artist_id.
-- Reads: raw.reccobeats__track_artists.
select run_id, track_id, artist_id, artist_name, fetched_at, expires_at
from raw.reccobeats__track_artists
