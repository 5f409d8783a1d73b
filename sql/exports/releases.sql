-- Ranked list of the scored new releases, best first; of each recording the version that stands for it among those that
-- fit, unless $versions; only those of $evidence or better. Reads: marts.ranked_releases.
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
    and list_position(['full', 'some', 'little'], evidence)
    <= list_position(['full', 'some', 'little'], coalesce($evidence, 'some'))
qualify
    coalesce($versions, false)
    or row_number() over (partition by recording_id order by version_number) = 1
order by "rank"
limit $limit
