-- Ranked list of the scored new releases, best first. Reads: marts.ranked_releases.
select *
from marts.ranked_releases
where
    ($genre is null or lower(genre) = lower($genre))
    and (
        $artist is null
        or contains(lower(strip_accents(artist_name)), lower(strip_accents($artist)))
    )
    and ($since is null or release_date >= $since)
    and ($until is null or release_date <= $until)
    and ($min_score is null or score >= $min_score)
order by "rank"
limit $limit
