-- Up to two tracks of the artist whose tracks matter most, for the probe of what a key may do. Key: track_id.
-- Reads: marts.tracks, marts.artists.
with
best as (
    -- of the artists that have a track with an id of Spotify's form
    select artist_key
    from marts.artists
    where
        artist_key in (
            select artist_key
            from marts.tracks
            where regexp_full_match(track_id, '[0-9A-Za-z]{22}')
        )
    order by n_tracks * mean_popularity desc nulls last, artist_name
    limit 1
)
select tracks.artist_name, tracks.track_id
from marts.tracks as tracks
inner join best on tracks.artist_key = best.artist_key
where regexp_full_match(tracks.track_id, '[0-9A-Za-z]{22}')
order by tracks.popularity desc, tracks.track_id
limit 2
