-- One row per feature of the newest scoring run: do new releases and their scores still look like what the model was
-- fitted and judged on? Key: feature. Reads: ledger.drift, runs.
-- Unit: psi is the population stability index; psi_threshold NULL where there are too few releases to tell; shares 0-1.
with
kept_runs as (
    select run_id, started_at
    from ledger.runs
    where status <> 'failed'
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
    drift.as_of_date
from ledger.drift as drift
inner join kept_runs on drift.run_id = kept_runs.run_id
qualify dense_rank() over (order by kept_runs.started_at desc, drift.run_id desc) = 1
order by drift.is_drifted desc, drift.psi desc nulls last, drift.feature
