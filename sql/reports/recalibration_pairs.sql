-- Scored tracks of one model version whose popularity was seen since, once each: the last
-- score before it was seen last, as the model gave it, before any adjustment.
-- Key: track_id. Reads: marts.score_backtest, scored_lists.
-- Unit: scores and popularity 0-100; age_days from release to when it was seen.
select
    backtest.track_id,
    coalesce(backtest.album_id, backtest.track_id) as album,
    backtest.shipped_score,
    backtest.shipped_low,
    backtest.shipped_high,
    backtest.popularity,
    backtest.age_days,
    coalesce(lists.basis in ('genres', 'inputs'), false) as is_of_other_world
from marts.score_backtest as backtest
-- one row a run
left join marts.scored_lists as lists on backtest.run_id = lists.run_id
where backtest.model_version = $model_version
qualify
    row_number() over (
        partition by backtest.track_id
        order by backtest.observed_at desc, backtest.as_of_date desc
    ) = 1
order by backtest.track_id
