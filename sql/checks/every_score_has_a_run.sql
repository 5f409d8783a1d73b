-- Every score must belong to a run of ledger.runs.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
select scores.track_id, scores.run_id
from ledger.scores as scores
anti join ledger.runs as runs on scores.run_id = runs.run_id
where scores.run_id = $run_id
order by scores.track_id
