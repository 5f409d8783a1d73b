-- Artists whose new releases score highest above what their earlier tracks reached.
select
    artists.artist_name,
    count(*) as n_releases,
    artists.n_tracks,
    round(artists.mean_popularity, 1) as mean_popularity,
    round(avg(releases.score), 1) as mean_score,
    round(avg(releases.score) - artists.mean_popularity, 1) as rise
from marts.ranked_releases as releases
inner join marts.artists as artists on releases.artist_name = artists.artist_name
where artists.n_tracks >= 3
group by artists.artist_name, artists.n_tracks, artists.mean_popularity
order by rise desc, artists.artist_name
limit 20
