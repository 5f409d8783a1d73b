-- A new release must have a release date or a year.
-- Severity: note
-- Phase: inputs
-- Table: marts.releases
-- What to do: each counts as released on the as-of date, and is_date_assumed marks it; give
-- release_date where it is known.
select track_id, artist_name, track_name, release_date as taken_as
from marts.releases
where is_date_assumed
order by track_id
