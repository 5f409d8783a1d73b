-- One row per artist name that a run asked Spotify for. Key: run_id, artist_name. Reads: raw.spotify__artists.
-- Unit: artist_popularity 0-100, NULL where Spotify gave none or no artist was matched; match_confidence 0-1.
select
    run_id,
    artist_name,
    artist_id,
    asked_id,
    found_name,
    match_state,
    match_method,
    candidates,
    'spotify' as popularity_source,
    genres,
    popularity as artist_popularity,
    followers,
    match_confidence,
    fetched_at,
    expires_at
from raw.spotify__artists
