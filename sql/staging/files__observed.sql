-- One row per line of an observed file and snapshot. Key: snapshot_id, line. Reads: raw.files__observed.
select
    snapshot_id,
    line,
    track_id,
    popularity,
    observed_at
from raw.files__observed
