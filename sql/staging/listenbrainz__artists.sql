-- One row per artist whose listeners a run asked ListenBrainz for. Key: run_id, artist_mbid.
-- Reads: raw.listenbrainz__artists. Unit: audience is the number of listeners of all time.
select
    run_id,
    artist_mbid,
    artist_name,
    'listenbrainz' as popularity_source,
    n_listeners as audience,
    fetched_at,
    expires_at
from raw.listenbrainz__artists
