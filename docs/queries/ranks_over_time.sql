-- The way of today's first ten through the lists of all days.
select
    releases."rank" as rank_now,
    releases.track_name,
    releases.artist_name,
    history.as_of_date,
    history."rank",
    round(history.score, 1) as score,
    history.model_version
from marts.ranked_releases as releases
inner join marts.rank_history as history on releases.track_id = history.track_id
where releases."rank" <= 10
order by releases."rank", history.scored_at, history.run_id
