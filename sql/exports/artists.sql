-- Artists with a scored new release, by their best one, of the $evidence and with the $versions that releases.sql has.
-- Reads: marts.ranked_releases, marts.artists.
with
fitting as (
    select *
    from marts.ranked_releases
    where
        ($genre is null or lower(genre) = lower($genre))
        and ($since is null or release_date >= $since)
        and ($until is null or release_date <= $until)
        and ($min_score is null or score >= $min_score)
        and list_position(['full', 'some', 'little'], evidence)
        <= list_position(['full', 'some', 'little'], coalesce($evidence, 'some'))
    qualify
        coalesce($versions, false)
        or row_number() over (partition by recording_id order by version_number) = 1
),
releases as (
    select
        artist_key,
        count(*) as n_releases,
        max(score) as best_score,
        arg_min(track_name, "rank") as best_track_name,
        arg_min(genre, "rank") as genre,
        avg(score) as mean_score
    from fitting
    group by artist_key
)
select
    row_number() over (
        order by releases.best_score desc, artists.artist_name
    ) as "rank",
    artists.artist_name,
    artists.artist_id,
    releases.genre,
    releases.best_track_name,
    artists.popularity_source,
    releases.best_score,
    releases.mean_score,
    releases.n_releases,
    artists.artist_popularity,
    artists.n_tracks,
    artists.mean_popularity,
    artists.max_popularity,
    artists.last_year
from releases
inner join marts.artists as artists on releases.artist_key = artists.artist_key
where
    $artist is null
    or contains(
        lower(strip_accents(artists.artist_name)), lower(strip_accents($artist))
    )
order by "rank"
limit $limit
