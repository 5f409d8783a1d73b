-- Past scores must come true: on releases seen at 4 weeks of age or later, the 90 %
-- interval must cover 85 % at least, and scores must lie no more than 5 points too high
-- or too low on average.
-- Severity: warning
-- Phase: scores
-- Table: marts.score_backtest
-- Told from 200 releases on, seen within half a year; each counts once, by its last score
-- before it was seen last.
with
releases as (
    select *
    from marts.score_backtest
    where age_days >= 28 and observed_at::date > $as_of_date::date - 182
    qualify row_number() over (
        partition by track_id
        order by observed_at desc, as_of_date desc
    ) = 1
)
select
    count(*) as n_releases,
    round(avg(covered::integer), 3) as coverage_90,
    round(avg(error), 1) as bias,
    round(avg(abs(error)), 1) as mae,
    round(avg(abs(benchmark_score - popularity)), 1) as benchmark_mae
from releases
having count(*) >= 200 and (avg(covered::integer) < 0.85 or abs(avg(error)) > 5)
