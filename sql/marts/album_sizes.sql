-- One row per album that a file names, and how many tracks of it the files know.
-- Key: album_id. Reads: marts.album_ids.
-- Unit: n_album_tracks counts each track once, on the album of the newest albums file that holds it, with the tracks of
-- the newest releases file. Tracks and releases both read it, so that a model is fitted on and scores the same measure.
select album_id, count(distinct track_id) as n_album_tracks
from marts.album_ids
where album_id is not null
group by album_id
