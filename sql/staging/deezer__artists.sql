-- One row per artist name that a run asked Deezer for. Key: run_id, artist_name. Reads: raw.deezer__artists.
-- Unit: audience is the number of fans of all time; match_confidence 0-1.
select
    run_id,
    artist_name,
    found_name,
    match_state,
    'deezer' as popularity_source,
    n_fans as audience,
    match_confidence,
    fetched_at,
    expires_at
from raw.deezer__artists
