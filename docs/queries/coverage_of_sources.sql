-- Where artist popularity and audio features of the new releases come from, and how much is unknown.
select
    coalesce(ranked.popularity_source, 'unknown') as popularity_source,
    releases.feature_source,
    count(*) as n_releases,
    round(100 * count(*) / sum(count(*)) over (), 1) as percent,
    count(ranked.genre) as n_with_genre,
    round(avg(ranked.score_high - ranked.score_low), 1) as mean_interval_width
from marts.ranked_releases as ranked
inner join marts.releases as releases on ranked.track_id = releases.track_id
group by ranked.popularity_source, releases.feature_source
order by n_releases desc, popularity_source, releases.feature_source
