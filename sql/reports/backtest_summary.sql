-- Past scores beside the popularity seen since. One row, none where none was seen.
-- Reads: marts.score_backtest.
-- Unit: mae in popularity points; covered_share 0-1, how often a 90 % interval held.
select
    count(*) as n_scores,
    avg(abs(error)) as mae,
    avg(covered::integer) as covered_share
from marts.score_backtest
having count(*) > 0
