-- A release must stand once in marts.releases.
-- Severity: critical
-- Phase: inputs
-- Table: marts.releases
select track_id, count(*) as n_rows
from marts.releases
group by track_id
having count(*) > 1
order by track_id
