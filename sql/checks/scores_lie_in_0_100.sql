-- A score, its mean and its bounds must lie in 0-100.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
select track_id, score, score_mean, score_low, score_high, benchmark_score
from ledger.scores
where
    run_id = $run_id
    and not (
        score between 0 and 100
        and coalesce(score_mean between 0 and 100, true)
        and score_low between 0 and 100
        and score_high between 0 and 100
        and coalesce(benchmark_score between 0 and 100, true)
    )
order by track_id
