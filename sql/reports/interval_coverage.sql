-- One row per slice of the latest test tracks: how often the champion's 90 % intervals
-- held there.
-- Key: slice, slice_value. Reads: marts.model_measures, champion.
-- Unit: coverage_90, low and high 0-1; low and high bound 90 % of the resamples.
select
    measures.slice,
    measures.slice_value,
    measures.n,
    measures.value as coverage_90,
    measures.low,
    measures.high
from marts.model_measures as measures
inner join marts.champion as champion on measures.model_version = champion.model_version
where
    measures.role = 'network'
    and measures.split = 'temporal'
    and measures.metric = 'coverage_90'
    and measures.slice <> 'all'
    and measures.slice_value is not null
order by measures.slice, measures.n desc, measures.slice_value
