-- Every track of the newest releases file must stand in marts.releases.
-- Severity: critical
-- Phase: inputs
-- Table: marts.releases
with
newest_load as (
    select snapshot_id from marts.snapshots where entity = 'releases' and newness = 1
)
select distinct releases.track_id, releases.artist_name, releases.track_name
from staging.files__releases as releases
inner join newest_load on releases.snapshot_id = newest_load.snapshot_id
anti join marts.releases as kept on releases.track_id = kept.track_id
order by releases.track_id
