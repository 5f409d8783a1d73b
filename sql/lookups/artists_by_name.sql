-- What is known of artists that a person names: their name as the tracks have it, id and popularity for models.
-- Key: asked_name. Reads: marts.artist_sources, artist_popularities, and $keys, the asked names as marts.artist_keys has
-- names.
-- Unit: artist_popularity 0-100; of an artist without tracks or releases here it is the artists file's.
select
    keys.artist_name as asked_name,
    coalesce(artist_sources.artist_name, keys.known_name) as artist_name,
    keys.artist_key,
    coalesce(artist_sources.artist_id, file.artist_id) as artist_id,
    case
        when artist_sources.artist_key is not null
            then artist_sources.popularity_for_models
        else file.artist_popularity
    end::double as artist_popularity,
    keys.artist_names,
    keys.match_method
from query_table($keys) as keys
left join marts.artist_sources as artist_sources
    on keys.artist_key = artist_sources.artist_key
left join marts.artist_popularities as file
    on
        keys.artist_key = file.artist_key
        and file.popularity_source = 'artists_file'
where keys.match_method <> 'unknown' or artist_sources.artist_key is not null
order by asked_name
