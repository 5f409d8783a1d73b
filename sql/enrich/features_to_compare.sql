-- One row per track and audio feature that both a service and the tracks files tell.
-- Key: track_id, quantity. Reads: marts.tracks, and $answers, the staging view of the service's answers.
-- Unit: theirs as the service gives it, ours as in marts.tracks.
with
theirs as (
    -- one row a track and feature: the newest answer that tells it
    select track_id, quantity, theirs
    from (
        unpivot (from query_table($answers))
        on
        danceability, energy, loudness, speechiness, acousticness,
        instrumentalness, liveness, valence, tempo
        into name quantity value theirs
    )
    qualify
        row_number() over (
            partition by track_id, quantity
            order by fetched_at desc, run_id
        ) = 1
),
ours as (
    select track_id, quantity, ours
    from (
        unpivot (from marts.tracks where track_id in (select track_id from theirs))
        on
        danceability, energy, loudness, speechiness, acousticness,
        instrumentalness, liveness, valence, tempo
        into name quantity value ours
    )
)
select theirs.track_id, theirs.quantity, theirs.theirs, ours.ours
from theirs
inner join ours on theirs.track_id = ours.track_id and theirs.quantity = ours.quantity
