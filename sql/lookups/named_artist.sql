-- The artist of a name, in any case and without accents; the best known of several, but
-- the same letters before all others. One row, or none.
-- Key: artist_name. Reads: marts.artists.
-- Unit: artist_popularity 0-100.
select
    artist_name,
    artist_popularity::double as artist_popularity,
    popularity_source
from marts.artists
where lower(strip_accents(artist_name)) = lower(strip_accents(trim($name)))
order by
    artist_name = trim($name) desc,
    artist_popularity desc nulls last,
    artist_name
limit 1
