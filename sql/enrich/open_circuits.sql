-- One row per bucket of a service that must not be asked at $at: until when, and why. Key: bucket.
-- Reads: ledger.api_circuits.
select bucket, max(open_until) as open_until, max_by(reason, open_until) as reason
from ledger.api_circuits
where service = $service and open_until > $at
group by bucket
