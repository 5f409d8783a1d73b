-- One row where the newest tracks are a synthetic sample's, whose files' names begin with $prefix. Key: snapshot_id.
-- Reads: marts.snapshots.
select snapshot_id
from marts.snapshots
where entity = 'tracks' and newness = 1 and starts_with(file_name, $prefix)
