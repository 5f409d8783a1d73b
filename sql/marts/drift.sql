-- One row per feature of the newest run that scored and did not fail: do its new releases, and their scores, still
-- look like what the model was fitted and judged on? None where the model is older than its reference.
-- Key: feature. Reads: ledger.drift, scores, runs.
-- Unit: psi is the population stability index; psi_threshold NULL where there are too few releases to tell; shares 0-1.
with
newest_run as (
    select run_id
    from ledger.scores
    where
        as_of_date <= $as_of_date
        and run_id not in (select run_id from ledger.runs where status = 'failed')
    qualify row_number() over (order by scored_at desc, run_id desc, track_id) = 1
)
select
    drift.feature,
    drift.kind,
    drift.model_version,
    drift.run_id,
    drift.moved,
    drift.n_releases,
    drift.psi,
    drift.psi_threshold,
    drift.missing_share,
    drift.reference_missing_share,
    drift.is_drifted,
    drift.is_elsewhere,
    drift.as_of_date
from ledger.drift as drift
inner join newest_run on drift.run_id = newest_run.run_id
order by drift.is_drifted desc, drift.psi desc nulls last, drift.feature
