-- The best three releases of each genre, and how sure their scores are.
select
    genre,
    row_number() over (partition by genre order by "rank") as place,
    track_name,
    artist_name,
    round(score, 1) as score,
    round(score_low) as score_low,
    round(score_high) as score_high
from marts.ranked_releases
where genre is not null
qualify place <= 3
order by genre, place
