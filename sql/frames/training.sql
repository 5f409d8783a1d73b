-- The model frame of every track with a known popularity. Key: track_id. Reads: marts.tracks, marts.artist_sources.
select
    tracks.track_id,
    tracks.artist_name,
    tracks.artist_key,
    tracks.artist_id,
    tracks.track_name,
    tracks.album_id,
    tracks.album_name,
    tracks.genre,
    tracks."year",
    tracks.release_date,
    tracks.release_date_precision,
    tracks.danceability,
    tracks.energy,
    tracks."key",
    tracks.loudness,
    tracks."mode",
    tracks.speechiness,
    tracks.acousticness,
    tracks.instrumentalness,
    tracks.liveness,
    tracks.valence,
    tracks.tempo,
    tracks.duration_ms,
    tracks.time_signature,
    artist_sources.popularity_for_models as artist_popularity,
    tracks.n_album_tracks::integer as n_album_tracks,
    tracks.popularity,
    tracks.popularity_date
from marts.tracks as tracks
left join marts.artist_sources as artist_sources
    on tracks.artist_key = artist_sources.artist_key
order by tracks.track_id
