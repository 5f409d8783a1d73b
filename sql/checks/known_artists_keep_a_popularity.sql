-- An artist's popularity must be unknown rather than 0 where a source does not tell it:
-- at most 20 % may be 0.
-- Severity: warning
-- Phase: inputs
-- Table: marts.artists
-- Told from 20 known artists on, apart by source. 1.2 % of a Kaggle sample's were 0 in
-- June 2024.
with
known as (
    select
        *,
        avg((artist_popularity = 0)::integer) over (
            partition by popularity_source
        ) as zero_share,
        count(*) over (partition by popularity_source) as n_known
    from marts.artists
    where artist_popularity is not null
)
select
    artist_name,
    artist_popularity,
    popularity_source,
    round(mean_popularity, 1) as mean_popularity
from known
where artist_popularity = 0 and zero_share > 0.2 and n_known >= 20
order by artist_name
