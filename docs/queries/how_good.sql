-- How good the model that scores is, beside the benchmark and the baselines, on each split.
select
    split,
    family,
    n,
    round(mae, 2) as mae,
    round(mae_low, 2) as mae_low,
    round(mae_high, 2) as mae_high,
    round(spearman, 3) as spearman,
    round(100 * coverage_90, 1) as percent_covered
from marts.model_scoreboard
where model_version = (select model_version from marts.champion)
order by split, mae
