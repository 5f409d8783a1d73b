-- The new releases that have one of these codes. Key: track_id. Reads: marts.releases.
select track_id, isrc
from marts.releases
where list_contains($codes, isrc)
order by track_id
