-- A new release must be dated no later than 90 days after the as-of date.
-- Severity: warning
-- Phase: inputs
-- Table: marts.releases
select track_id, release_date, artist_name, track_name
from marts.releases
where release_date > $as_of_date::date + 90
order by track_id
