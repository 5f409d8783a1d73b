-- One row per model version, family, evaluation split, slice and metric: how well it did, where, and how sure that is.
-- Key: model_version, family, split, slice, slice_value, metric. Reads: ledger.model_measures, model_versions,
-- marts.model_scoreboard.
-- Unit: as the metric: points, or shares 0-1; temporal is the split to judge by.
select
    measures.model_version,
    measures.family,
    measures.split,
    measures.slice,
    measures.slice_value,
    measures.metric,
    board.role,
    measures.n,
    measures.value,
    measures.low,
    measures.high,
    measures.seed_sd,
    versions.registered_at
from ledger.model_measures as measures
inner join ledger.model_versions as versions
    on measures.model_version = versions.model_version
-- model_version, family and split are the key of the scoreboard
left join marts.model_scoreboard as board
    on
        measures.model_version = board.model_version
        and measures.family = board.family
        and measures.split = board.split
