-- Where network and LightGBM disagree most: releases that deserve a second look.
select
    "rank",
    track_name,
    artist_name,
    round(score, 1) as score,
    round(benchmark_score, 1) as benchmark_score,
    round(score - benchmark_score, 1) as difference,
    round(score_low) as score_low,
    round(score_high) as score_high
from marts.ranked_releases
where benchmark_score is not null
order by abs(score - benchmark_score) desc, track_id
limit 20
