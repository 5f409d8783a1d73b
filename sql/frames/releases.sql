-- The model frame of every new release. Key: track_id. Reads: marts.releases, marts.artist_sources.
select
    releases.track_id,
    releases.artist_name,
    releases.artist_id,
    releases.track_name,
    releases.album_id,
    releases.album_name,
    releases.genre,
    releases."year"::integer as "year",
    releases.release_date,
    releases.release_date_precision,
    releases.danceability,
    releases.energy,
    releases."key",
    releases.loudness,
    releases."mode",
    releases.speechiness,
    releases.acousticness,
    releases.instrumentalness,
    releases.liveness,
    releases.valence,
    releases.tempo,
    releases.duration_ms,
    releases.time_signature,
    artist_sources.artist_popularity::double as artist_popularity,
    releases.n_album_tracks::integer as n_album_tracks
from marts.releases as releases
left join marts.artist_sources as artist_sources on releases.artist_name = artist_sources.artist_name
order by releases.track_id
