-- One row per line of a pins file and snapshot. Key: snapshot_id, line. Reads: raw.files__pins.
select snapshot_id, line, artist_name, artist_id, note
from raw.files__pins
