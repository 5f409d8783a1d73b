-- One row per run, newest first: what it was, how it ended and how long it took.
-- Key: run_id. Reads: ledger.runs.
-- Unit: seconds to the millisecond, NULL while it goes on; moments in UTC.
select
    run_id,
    flow,
    status,
    as_of_date,
    started_at,
    date_diff('millisecond', started_at, finished_at) / 1000 as seconds,
    message
from ledger.runs
order by started_at desc, run_id desc
limit $limit
