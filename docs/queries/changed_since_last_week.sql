-- Releases that moved most against the last list that is a week old or older.
with
week_ago as (
    select run_id
    from marts.rank_history
    where as_of_date <= (select max(as_of_date) - 7 from marts.ranked_releases)
    qualify row_number() over (
        order by as_of_date desc, scored_at desc, run_id desc
    ) = 1
)
select
    releases.track_name,
    releases.artist_name,
    history."rank" as rank_last_week,
    releases."rank",
    history."rank" - releases."rank" as rise,
    round(releases.score - history.score, 1) as score_change
from marts.ranked_releases as releases
inner join marts.rank_history as history on releases.track_id = history.track_id
inner join week_ago on history.run_id = week_ago.run_id
order by abs(history."rank" - releases."rank") desc, releases.track_id
limit 20
