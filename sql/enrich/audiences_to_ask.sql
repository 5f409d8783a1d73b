-- One row per artist name without an unexpired answer of a service that counts audiences: first 500 that have a
-- popularity of Spotify's scale (they make the mapping), then artists of releases, then those whose tracks matter most.
-- Key: artist_name. Reads: marts.artists, marts.releases, marts.artist_popularities, and $answers, the staging view of
-- the service's answers.
with
release_artists as (
    select distinct artist_key from marts.releases
),
compared as (
    select artist_key
    from marts.artist_popularities
    where
        popularity_source in ('spotify', 'artists_file')
        and match_method <> 'folded_name'
    order by hash(artist_name)
    limit 500
)
select artists.artist_name
from marts.artists as artists
where
    artists.artist_name not in (
        select artist_name from query_table($answers) where expires_at > $now
    )
order by
    artists.artist_key in (from compared) desc,
    artists.artist_key in (from release_artists) desc,
    artists.n_tracks * artists.mean_popularity desc nulls last,
    artists.artist_name
