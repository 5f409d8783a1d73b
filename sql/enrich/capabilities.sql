-- One row per capability of a service's key, as it was last learned after $since. Key: capability.
-- Reads: ledger.api_capabilities.
select capability, is_allowed, words, checked_at
from ledger.api_capabilities
where service = $service and checked_at > $since
qualify
    row_number() over (
        partition by capability order by checked_at desc, run_id desc
    ) = 1
