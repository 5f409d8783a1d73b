-- What changed in the ranked list since an earlier run: new, gone, or another rank or score.
-- Key: track_id. Reads: marts.ranked_releases, rank_history.
-- Unit: change is new, gone, rank, score, or rank and score; a score within 0.005 points counts as the same. A release
-- that is gone keeps its earlier rank and score, and what is known of it; the filters look at those. A rank counts as
-- changed, and rank_change tells it, among the releases that stand in both lists: who left or came moves nobody. How much
-- is known of one that is gone can't be told, so it is always there.
with
earlier as (
    select *
    from marts.rank_history
    where run_id = $changed_since
),
moved as (
    -- one row a release of both lists
    select
        releases.track_id,
        row_number() over (order by earlier."rank")
        - row_number() over (order by releases."rank") as rank_change
    from marts.ranked_releases as releases
    inner join earlier on releases.track_id = earlier.track_id
),
compared as (
    select
        case
            when earlier.track_id is null then 'new'
            when releases.track_id is null then 'gone'
            when moved.rank_change = 0 then 'score'
            when abs(releases.score - earlier.score) < 0.005 then 'rank'
            else 'rank and score'
        end as change,
        earlier."rank" as earlier_rank,
        earlier.score as earlier_score,
        releases.score - earlier.score as score_change,
        $changed_since as earlier_run_id,
        releases.* exclude (previous_score, score_change) replace (
            moved.rank_change as rank_change,
            coalesce(releases.track_id, earlier.track_id) as track_id,
            coalesce(releases.album_id, earlier.album_id) as album_id,
            coalesce(releases.track_name, earlier.track_name) as track_name,
            coalesce(releases.artist_name, earlier.artist_name) as artist_name,
            coalesce(releases.album_name, earlier.album_name) as album_name,
            coalesce(releases.genre, earlier.genre) as genre,
            coalesce(releases."year", earlier."year") as "year",
            coalesce(releases.release_date, earlier.release_date) as release_date
        )
    from marts.ranked_releases as releases
    full outer join earlier on releases.track_id = earlier.track_id
    left join moved on releases.track_id = moved.track_id
    where
        releases.track_id is null
        or earlier.track_id is null
        or moved.rank_change <> 0
        or abs(releases.score - earlier.score) >= 0.005
)
select *
from compared
where
    ($genre is null or lower(genre) = lower($genre))
    and (
        $artist is null
        or contains(lower(strip_accents(artist_name)), lower(strip_accents($artist)))
    )
    and ($since is null or release_date >= $since)
    and ($until is null or release_date <= $until)
    and ($min_score is null or coalesce(score, earlier_score) >= $min_score)
    and coalesce(
        list_position(['full', 'some', 'little'], evidence)
        <= list_position(['full', 'some', 'little'], coalesce($evidence, 'some')),
        true
    )
qualify
    coalesce($versions, false)
    or row_number() over (
        partition by coalesce(recording_id, track_id) order by version_number
    ) = 1
order by "rank" nulls last, earlier_rank, track_id
limit $limit
