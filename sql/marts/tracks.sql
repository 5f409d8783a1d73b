-- One row per track whose popularity is known: the newest snapshot that holds it.
-- Key: track_id. Reads: staging.files__tracks, marts.snapshots, album_ids, album_sizes, artist_keys, artist_sources,
-- genre_keys.
-- Unit: popularity 0-100 as the file reported it on popularity_date; duration_ms in milliseconds. artist_name is the
-- file's own words, artist_names the artists in them, artist_key the one that counts for popularity and record.
with
newest_tracks as (
    -- one row a track: the newest snapshot that holds it
    select
        tracks.track_id,
        tracks.artist_name,
        tracks.track_name,
        tracks.snapshot_id,
        tracks.genre,
        tracks.popularity,
        tracks."year",
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
        snapshots.snapshot_date as popularity_date
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (
        partition by tracks.track_id
        order by snapshots.newness, tracks.line
    ) = 1
)
select
    tracks.track_id,
    artist_sources.artist_id,
    albums.album_id,
    tracks.snapshot_id,
    tracks.track_name,
    tracks.artist_name,
    albums.album_name,
    genre_keys.genre,
    albums.release_date_precision,
    tracks.popularity,
    coalesce(tracks."year", year(albums.release_date)) as "year",
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
    album_sizes.n_album_tracks,
    albums.release_date,
    tracks.popularity_date,
    artist_keys.artist_key,
    artist_keys.artist_names
from newest_tracks as tracks
inner join marts.artist_keys as artist_keys
    on tracks.artist_name = artist_keys.artist_name
left join marts.genre_keys as genre_keys on tracks.genre = genre_keys.written_genre
left join marts.album_ids as albums
    on tracks.track_id = albums.track_id and not albums.is_release
left join marts.album_sizes as album_sizes on albums.album_id = album_sizes.album_id
left join marts.artist_sources as artist_sources
    on artist_keys.artist_key = artist_sources.artist_key
