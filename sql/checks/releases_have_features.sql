-- At least half of the new releases must have audio features.
-- Severity: warning
-- Phase: inputs
-- Table: marts.releases
with
bare as (
    select track_id, artist_name, track_name
    from marts.releases
    where feature_source = 'none'
)
select track_id, artist_name, track_name
from bare
where (select count(*) from bare) > 0.5 * (select count(*) from marts.releases)
order by track_id
