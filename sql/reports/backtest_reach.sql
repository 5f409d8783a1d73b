-- How many tracks were ever scored, and the popularity of how many of those was seen.
-- One row. Reads: ledger.scores, popularity_observations, marts.tracks.
with
seen as (
    select track_id from ledger.popularity_observations
    union
    select track_id from marts.tracks
)
select
    count(distinct scores.track_id) as n_scored,
    count(distinct seen.track_id) as n_seen
from ledger.scores as scores
left join seen on scores.track_id = seen.track_id
