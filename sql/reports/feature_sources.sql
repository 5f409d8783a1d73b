-- One row per source of artist popularity and source of audio features: how many scored
-- new releases have both from there, the commonest pair first.
-- Key: popularity_source, feature_source. Reads: marts.ranked_releases, releases.
-- Unit: a source is NULL where nobody knows.
select
    ranked.popularity_source,
    releases.feature_source,
    count(*) as n_releases
from marts.ranked_releases as ranked
inner join marts.releases as releases on ranked.track_id = releases.track_id
group by ranked.popularity_source, releases.feature_source
order by n_releases desc, ranked.popularity_source, releases.feature_source
