-- The model version that scores now, and why; one row, none before the first promotion.
-- Key: model_version. Reads: marts.champion.
-- Unit: n_tracks counts the tracks that it learned from; decided_at in UTC.
select model_version, as_of_date, n_tracks, reason, decided_at
from marts.champion
