-- Which inputs of the new releases differ from what the model was fitted on, most of all first.
select
    feature,
    kind,
    moved,
    round(psi, 2) as psi,
    round(psi_threshold, 2) as psi_threshold,
    is_drifted
from marts.drift
order by is_drifted desc, psi desc, feature
