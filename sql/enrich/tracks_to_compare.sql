-- Up to 80 tracks whose features the tracks files tell, to hold ReccoBeats' scale against. Key: track_id.
-- Reads: marts.tracks.
select track_id
from marts.tracks
where danceability is not null and regexp_full_match(track_id, '[0-9A-Za-z]{22}')
order by popularity desc, track_id
limit 80
