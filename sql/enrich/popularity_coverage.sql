-- One row: how many artist names the warehouse has, and how many of them have a popularity from each source.
-- Reads: marts.artists, staging.files__artists, staging.spotify__artists, staging.spotify__releases.
with
names as (
    select artist_name from marts.artists
    union
    select artist_name from staging.spotify__releases where artist_name is not null
),
file_names as (
    select distinct artist_name from staging.files__artists where artist_popularity is not null
),
spotify_names as (
    select distinct artist_name
    from staging.spotify__artists
    where artist_popularity is not null and expires_at > $now
)
select
    count(*) as n_artists,
    count(file_names.artist_name) as n_from_files,
    count(spotify_names.artist_name) as n_from_spotify,
    count(coalesce(file_names.artist_name, spotify_names.artist_name)) as n_known
from names
left join file_names on names.artist_name = file_names.artist_name
left join spotify_names on names.artist_name = spotify_names.artist_name
