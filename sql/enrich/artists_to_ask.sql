-- One row per artist name without an unexpired answer of Spotify: the artists of releases first, then the busiest.
-- Key: artist_name. Reads: marts.artists, marts.releases, marts.tracks, staging.spotify__releases, spotify__artists.
with
release_artists as (
    select artist_name, max(artist_id) as artist_id
    from (
        select artist_name, artist_id from marts.releases
        union all
        select artist_name, artist_id from staging.spotify__releases
    )
    where artist_name is not null
    group by artist_name
),
best_tracks as (
    -- one row an artist: the most popular track that has an id of Spotify's form
    select artist_name, track_id
    from marts.tracks
    where regexp_full_match(track_id, '[0-9A-Za-z]{22}')
    qualify row_number() over (partition by artist_name order by popularity desc nulls last, track_id) = 1
),
answered as (
    select distinct artist_name
    from staging.spotify__artists
    where expires_at > $now
),
names as (
    select
        coalesce(artists.artist_name, release_artists.artist_name) as artist_name,
        coalesce(artists.artist_id, release_artists.artist_id) as artist_id,
        coalesce(artists.n_tracks, 0) as n_tracks,
        release_artists.artist_name is not null as has_release
    from marts.artists as artists
    full join release_artists on artists.artist_name = release_artists.artist_name
)
select names.artist_name, names.artist_id, best_tracks.track_id
from names
left join best_tracks on names.artist_name = best_tracks.artist_name
anti join answered on names.artist_name = answered.artist_name
order by names.has_release desc, names.n_tracks desc, names.artist_name
