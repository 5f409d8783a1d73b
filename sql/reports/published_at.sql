-- When a published file was published, and the day it speaks for, as it says itself. One row, none without a run.
-- The run that publishes is the newest that its copy of the ledger knows; it is closed
-- there, unless it went on.
-- Reads: ledger.runs.
-- Unit: published_at in UTC.
select coalesce(finished_at, started_at) as published_at, as_of_date
from ledger.runs
order by started_at desc, run_id desc
limit 1
