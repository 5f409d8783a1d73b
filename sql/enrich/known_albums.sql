-- One row per album that need not be asked for: its tracks are here, or it was missed lately. Key: album_id.
-- Reads: staging.spotify__releases, ledger.unanswered.
select album_id
from staging.spotify__releases
where expires_at > $now
union
select key
from ledger.unanswered
where kind = 'album' and ask_again_at > $now
