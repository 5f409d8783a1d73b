-- One row per artist name that Spotify matched to one artist, in an answer that has not expired. Key: artist_name.
-- Reads: staging.spotify__artists.
select artist_name, artist_id
from staging.spotify__artists
where artist_id is not null and expires_at > $now
qualify row_number() over (
    partition by artist_name
    order by fetched_at desc, run_id
) = 1
