-- How many features of the newest scoring run drifted, and which one furthest.
-- One row, none where nothing was measured. Reads: marts.drift.
select
    count(*) as n_features,
    count(*) filter (where is_drifted) as n_drifted,
    arg_max(feature, psi) filter (where is_drifted) as most_drifted,
    arg_max(moved, psi) filter (where is_drifted) as moved
from marts.drift
having count(*) > 0
