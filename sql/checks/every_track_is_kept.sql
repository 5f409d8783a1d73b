-- Every track of a tracks file must stand in marts.tracks.
-- Severity: critical
-- Phase: inputs
-- Table: marts.tracks
select distinct tracks.track_id, tracks.snapshot_id
from staging.files__tracks as tracks
inner join marts.snapshots as snapshots on tracks.snapshot_id = snapshots.snapshot_id
anti join marts.tracks as kept on tracks.track_id = kept.track_id
order by tracks.track_id, tracks.snapshot_id
