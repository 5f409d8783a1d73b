-- One row: how many artists the warehouse has, how many have a popularity, from which source, and how Spotify's
-- matches stand. Reads: marts.artists, marts.artist_sources, marts.artist_popularities.
with
known as (
    select
        artist_key,
        bool_or(popularity_source = 'artists_file') as is_in_files,
        bool_or(popularity_source = 'spotify') as is_in_spotify
    from marts.artist_popularities
    group by artist_key
)
select
    count(*) as n_artists,
    count(*) filter (where known.is_in_files) as n_from_files,
    count(*) filter (where known.is_in_spotify) as n_from_spotify,
    count(known.artist_key) as n_known,
    count(*) filter (where artist_sources.match_state = 'found') as n_found,
    count(*) filter (where artist_sources.match_state = 'ambiguous') as n_ambiguous,
    count(*) filter (where artist_sources.match_state = 'unmatched') as n_unmatched,
    count(*) filter (where artist_sources.match_state = 'pinned') as n_pinned
from marts.artist_sources as artist_sources
left join known on artist_sources.artist_key = known.artist_key
