-- Scores of a run must differ: a model that gives every release the same score ranks
-- nothing.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
-- Told from 10 scores on.
select model_version, min(score) as score, count(*) as n_scores
from ledger.scores
where run_id = $run_id
group by model_version
having count(*) >= 10 and max(score) - min(score) < 0.01
order by model_version
