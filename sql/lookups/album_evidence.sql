-- How much is known of the new album's song of which most is known. One row, none where it has no song.
-- Reads: marts.releases, release_evidence.
select evidence.evidence
from marts.releases as releases
inner join marts.release_evidence as evidence on releases.track_id = evidence.track_id
where releases.album_id = $album_id
order by list_position(['full', 'some', 'little'], evidence.evidence)
limit 1
