-- How well the network is calibrated by genre: how often its 90 % intervals held, and how far its scores were off.
select
    slice_value as genre,
    max(n) as n_tracks,
    round(100 * max(value) filter (where metric = 'coverage_90'), 1) as percent_covered,
    round(max(value) filter (where metric = 'mae'), 1) as mae,
    round(max(value) filter (where metric = 'bias'), 1) as bias
from marts.model_measures
where
    slice = 'genre'
    and role = 'network'
    and split = 'temporal'
    and model_version = (select model_version from marts.champion)
group by slice_value
order by n_tracks desc, genre
