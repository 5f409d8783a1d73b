-- One row per score and popularity seen since, as `songpop backtest` measures them.
-- Key: track_id, as_of_date, observed_at. Reads: marts.score_backtest.
-- Unit: score, benchmark_score and popularity 0-100; age_days from release to then.
select
    track_id,
    coalesce(album_id, track_id) as album,
    model_version,
    score,
    benchmark_score,
    popularity,
    age_days,
    covered
from marts.score_backtest
order by track_id, as_of_date, observed_at
