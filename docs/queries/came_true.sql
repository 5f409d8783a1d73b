-- Past scores against the popularity seen since, by age of the release when it was seen.
select
    case
        when age_days is null then 'unknown'
        when age_days < 28 then 'under 4 weeks'
        when age_days < 91 then '4 to 13 weeks'
        else 'older'
    end as age,
    count(*) as n_tracks,
    round(avg(abs(error)), 1) as mae,
    round(avg(error), 1) as bias,
    round(100 * avg(covered::integer), 1) as percent_covered
from marts.score_backtest
group by age
order by min(age_days) nulls last
