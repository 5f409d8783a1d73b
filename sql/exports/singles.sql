-- The pick of each album with two or more scored songs, best first; only albums with a song of $evidence or better.
-- Reads: marts.album_singles, ranked_releases.
select
    singles.*,
    releases.genre,
    releases.release_date,
    releases.is_date_assumed,
    releases.score_low,
    releases.score_high
from marts.album_singles as singles
inner join marts.ranked_releases as releases
    on singles.single_track_id = releases.track_id
where
    ($genre is null or lower(releases.genre) = lower($genre))
    and (
        $artist is null
        or contains(
            lower(strip_accents(singles.artist_name)), lower(strip_accents($artist))
        )
    )
    and ($since is null or releases.release_date >= $since)
    and ($until is null or releases.release_date <= $until)
    and ($min_score is null or singles.single_score >= $min_score)
    and list_position(['full', 'some', 'little'], singles.evidence)
    <= list_position(['full', 'some', 'little'], coalesce($evidence, 'some'))
order by singles.single_score desc, singles.album_id
limit $limit
