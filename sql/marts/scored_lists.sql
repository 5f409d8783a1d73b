-- One row per run that scored and did not fail: whether its list is of the world that the model learned from.
-- Key: run_id. Reads: ledger.scored_lists, runs.
-- Unit: basis is genres, inputs or popularity, NULL where it is of that world; spread_low and spread_high 0-100.
select
    run_id,
    model_version,
    recalibration_id,
    n_releases,
    basis,
    reason,
    basis is not null as is_other_world,
    is_trusted,
    spread_low,
    spread_high,
    as_of_date,
    scored_at
from ledger.scored_lists
where
    as_of_date <= $as_of_date
    and run_id not in (select run_id from ledger.runs where status = 'failed')
