-- The best releases of artists of whom nothing was known before.
select
    "rank",
    track_name,
    artist_name,
    genre,
    round(score, 1) as score,
    round(score_low) as score_low,
    round(score_high) as score_high,
    artist_popularity
from marts.ranked_releases
where not is_artist_known
order by "rank"
limit 20
