-- One row per lead that was searched for within a week. Key: key. Reads: ledger.looked_up.
select distinct key
from ledger.looked_up
where kind = 'lead' and looked_up_at > $now - interval 7 days
