-- The releases that moved most since the run before, risers first: by places among the releases that both runs
-- scored, and by score, from half a point on, where the place is the same. Of the $evidence and with the
-- $versions that releases.sql has. Reads: marts.ranked_releases.
select *
from marts.ranked_releases
where
    (rank_change <> 0 or abs(score_change) >= 0.5)
    and ($genre is null or lower(genre) = lower($genre))
    and (
        $artist is null
        or contains(lower(strip_accents(artist_name)), lower(strip_accents($artist)))
    )
    and ($since is null or release_date >= $since)
    and ($until is null or release_date <= $until)
    and ($min_score is null or score >= $min_score)
    and list_position(['full', 'some', 'little'], evidence)
    <= list_position(['full', 'some', 'little'], coalesce($evidence, 'some'))
qualify
    coalesce($versions, false)
    or row_number() over (partition by recording_id order by version_number) = 1
order by rank_change desc, score_change desc, "rank"
limit $limit
