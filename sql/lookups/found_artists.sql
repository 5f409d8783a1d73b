-- One row per artist whose name holds every word: the one of just that name first, then
-- the best known.
-- Key: artist_name. Reads: marts.artists.
-- Unit: artist_popularity 0-100; words are found in any case and without accents.
with
folded as (
    select *, lower(strip_accents(artist_name)) as names
    from marts.artists
)
select
    artist_name,
    artist_popularity::double as artist_popularity,
    popularity_source,
    n_tracks
from folded
where
    list_bool_and(
        list_transform($words, lambda word: contains(names, lower(strip_accents(word))))
    )
order by
    names = lower(strip_accents($text)) desc,
    artist_popularity desc nulls last,
    n_tracks desc,
    artist_name
limit $limit
