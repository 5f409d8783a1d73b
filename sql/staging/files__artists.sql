-- One row per line of an artists file and snapshot. Key: snapshot_id, line. Reads: raw.files__artists.
-- Unit: artist_popularity 0-100.
select
    snapshot_id,
    line,
    artist_name,
    artist_id,
    popularity as artist_popularity,
    fetched_at
from raw.files__artists
