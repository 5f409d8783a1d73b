-- One row per release that rose or fell furthest since the run before, risers first,
-- so many each way; of equal changes the better rank comes first. Of a recording the
-- version that stands for it, and none of little evidence.
-- Key: track_id. Reads: marts.ranked_releases.
-- Unit: rank_change is the places moved among the releases that both runs scored, a rise
-- positive; score 0-100, score_change in points; half a point moves without a place too.
with
moved as (
    select
        rank_change,
        "rank",
        previous_rank,
        track_id,
        track_name,
        artist_name,
        score,
        score_change,
        row_number() over (
            order by rank_change desc, score_change desc, "rank"
        ) as place_up,
        row_number() over (order by rank_change, score_change, "rank") as place_down
    from marts.ranked_releases
    where
        (rank_change <> 0 or abs(score_change) >= 0.5)
        and version_number = 1
        and evidence <> 'little'
)
select
    rank_change,
    "rank",
    previous_rank,
    track_id,
    track_name,
    artist_name,
    score,
    score_change
from moved
where
    ((rank_change > 0 or (rank_change = 0 and score_change > 0)) and place_up <= $limit)
    or (
        (rank_change < 0 or (rank_change = 0 and score_change < 0))
        and place_down <= $limit
    )
order by rank_change desc, score_change desc, "rank"
