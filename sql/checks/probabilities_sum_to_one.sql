-- The four bin probabilities of a score must lie in 0-1 and sum to 1.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
select track_id, p_0_25, p_26_50, p_51_75, p_76_100
from ledger.scores
where
    run_id = $run_id
    and not (
        least(p_0_25, p_26_50, p_51_75, p_76_100) >= 0
        and abs(p_0_25 + p_26_50 + p_51_75 + p_76_100 - 1) < 1e-4
    )
order by track_id
