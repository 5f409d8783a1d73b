-- Single releases that score furthest from the artist's record, up or down, and what moved them.
select
    releases."rank",
    releases.track_name,
    releases.artist_name,
    round(releases.score, 1) as score,
    round(artists.mean_popularity, 1) as mean_popularity,
    round(releases.score - artists.mean_popularity, 1) as difference,
    releases.drivers
from marts.ranked_releases as releases
inner join marts.artists as artists on releases.artist_name = artists.artist_name
where artists.n_tracks >= 3
order by abs(releases.score - artists.mean_popularity) desc, releases.track_id
limit 20
