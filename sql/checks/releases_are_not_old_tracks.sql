-- A new release must not be among the tracks that models learn from: its score would be
-- no forecast.
-- Severity: warning
-- Phase: inputs
-- Table: marts.releases
select releases.track_id, releases.artist_name, releases.track_name, tracks.popularity
from marts.releases as releases
inner join marts.tracks as tracks on releases.track_id = tracks.track_id
order by releases.track_id
