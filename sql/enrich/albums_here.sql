-- One row per artist and album that Spotify's releases hold. Key: artist_name, album_name.
-- Reads: staging.spotify__releases.
select distinct artist_name, album_name
from staging.spotify__releases
where artist_name is not null and album_name is not null
