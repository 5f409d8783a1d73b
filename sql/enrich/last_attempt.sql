-- At most one row: how often a service had been asked for $key in vain when it was last asked.
-- Reads: ledger.unanswered.
select n_attempts
from ledger.unanswered
where service = $service and kind = $kind and key = $key and state = $state
order by asked_at desc
limit 1
