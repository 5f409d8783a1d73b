-- One row per feature of the newest scoring run, and one for its scores: how they lie
-- beside the tracks that the model was fitted on, the furthest off first.
-- Key: feature. Reads: marts.drift.
-- Unit: psi is the population stability index; psi_threshold NULL where there are too
-- few releases to tell; shares 0-1.
select
    feature,
    kind,
    moved,
    psi,
    psi_threshold,
    missing_share,
    reference_missing_share,
    is_drifted,
    n_releases
from marts.drift
order by is_drifted desc, psi desc nulls last, feature
