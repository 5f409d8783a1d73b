-- A track must stand once in marts.tracks.
-- Severity: critical
-- Phase: inputs
-- Table: marts.tracks
select track_id, count(*) as n_rows
from marts.tracks
group by track_id
having count(*) > 1
order by track_id
