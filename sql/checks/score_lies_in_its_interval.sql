-- A score must lie between score_low and score_high.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
select track_id, score, score_low, score_high
from ledger.scores
where run_id = $run_id and not (score between score_low and score_high)
order by track_id
