-- One row per release that rose or fell furthest since the run before, risers first,
-- so many each way; of equal changes the better rank comes first.
-- Key: track_id. Reads: marts.ranked_releases.
-- Unit: rank_change is previous_rank minus rank, so a rise is positive; score 0-100.
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
        row_number() over (order by rank_change desc, "rank") as place_up,
        row_number() over (order by rank_change, "rank") as place_down
    from marts.ranked_releases
    where rank_change <> 0
)
select rank_change, "rank", previous_rank, track_id, track_name, artist_name, score
from moved
where
    (rank_change > 0 and place_up <= $limit)
    or (rank_change < 0 and place_down <= $limit)
order by rank_change desc, "rank"
