-- One row per model version, family and evaluation split: how well it did on tracks it had not learned from.
-- Key: model_version, family, split. Reads: ledger.model_metrics, model_versions, marts.champion.
-- role: what the family competes as; rows of before it was written have only the family to tell it by.
-- Unit: mae, rmse, bias and top1_regret in popularity points; shares 0-1; temporal is the split to judge by.
select
    metrics.model_version,
    metrics.family,
    metrics.split,
    coalesce(
        metrics.role,
        case metrics.family
            when 'keras' then 'network'
            when 'lightgbm' then 'benchmark'
            else 'baseline'
        end
    ) as role,
    metrics.n,
    metrics.mae,
    metrics.rmse,
    metrics.r2,
    metrics.spearman,
    metrics.bias,
    metrics.accuracy_4bin,
    metrics.accuracy_majority,
    metrics.macro_f1,
    metrics.pinball,
    metrics.crps,
    metrics.coverage_90,
    metrics.width_90,
    metrics.pair_accuracy,
    metrics.pair_accuracy_artist,
    metrics.top1_hit_rate,
    metrics.top1_chance,
    metrics.top1_regret,
    metrics.calibration_error,
    metrics.n_seeds,
    metrics.mae_low,
    metrics.mae_high,
    metrics.mae_seed_sd,
    metrics.spearman_low,
    metrics.spearman_high,
    champion.model_version is not null
    and metrics.family = versions.family as is_champion,
    versions.registered_at
from ledger.model_metrics as metrics
inner join ledger.model_versions as versions
    on metrics.model_version = versions.model_version
left join marts.champion as champion on metrics.model_version = champion.model_version
