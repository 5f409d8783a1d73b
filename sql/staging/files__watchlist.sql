-- One row per line of a watchlist file and snapshot. Key: snapshot_id, line. Reads: raw.files__watchlist.
select snapshot_id, line, artist_name, note
from raw.files__watchlist
