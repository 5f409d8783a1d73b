-- Every score must come from a registered model version.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
select scores.track_id, scores.model_version
from ledger.scores as scores
anti join ledger.model_versions as model_versions
    on scores.model_version = model_versions.model_version
where scores.run_id = $run_id
order by scores.track_id
