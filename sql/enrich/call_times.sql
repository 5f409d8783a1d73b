-- One row per bucket of a service that was called after $since: the moments of the calls, in order. Key: bucket.
-- Reads: ledger.api_calls.
select bucket, list(called_at order by called_at) as called_at
from ledger.api_calls
where service = $service and called_at > $since
group by bucket
