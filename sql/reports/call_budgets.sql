-- One row per service and bucket that was called within the last 24 hours, or that may
-- not be called now.
-- Key: service, bucket. Reads: ledger.api_calls, api_circuits.
-- Unit: closed_until in UTC, NULL where calls are let through.
with
calls as (
    select service, bucket, count(*) as n_calls_24h
    from ledger.api_calls
    where called_at > $now - interval 24 hours
    group by service, bucket
),
circuits as (
    select service, bucket, max(open_until) as closed_until
    from ledger.api_circuits
    where open_until > $now
    group by service, bucket
)
select
    coalesce(calls.service, circuits.service) as service,
    coalesce(calls.bucket, circuits.bucket) as bucket,
    coalesce(calls.n_calls_24h, 0) as n_calls_24h,
    circuits.closed_until
from calls
full outer join circuits
    on calls.service = circuits.service and calls.bucket = circuits.bucket
order by service, bucket
