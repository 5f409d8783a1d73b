-- One row per age that releases had when their popularity was seen, youngest first:
-- past scores beside that popularity.
-- Key: age. Reads: marts.score_backtest.
-- Unit: age in days; mae, benchmark_mae and bias (score minus popularity) in popularity
-- points; coverage_90 0-1.
select
    case
        when age_days < 8 then '0 to 7'
        when age_days < 29 then '8 to 28'
        when age_days < 91 then '29 to 90'
        else 'over 90'
    end as age,
    count(*) as n,
    avg(abs(error)) as mae,
    avg(error) as bias,
    avg(covered::integer) as coverage_90,
    avg(abs(benchmark_score - popularity)) as benchmark_mae
from marts.score_backtest
where age_days is not null
group by age
order by min(age_days)
