-- How many recordings the list of new releases has, and what it leaves out. One row.
-- Reads: marts.ranked_releases.
-- Unit: n_little counts recordings of whose versions little is known; with n_listed and
-- n_other_versions it makes all scored new releases.
select
    count(distinct recording_id) filter (where place is not null) as n_listed,
    count(distinct recording_id) filter (where place is null) as n_little,
    count(*) - count(distinct recording_id) as n_other_versions
from marts.ranked_releases
