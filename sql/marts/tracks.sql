-- One row per track whose popularity is known: the newest snapshot that holds it.
-- Key: track_id. Reads: staging.files__tracks, files__albums, marts.snapshots, album_sizes, artist_sources.
-- Unit: popularity 0-100 as the file reported it on popularity_date; duration_ms in milliseconds.
with
newest_tracks as (
    -- one row a track: the newest snapshot that holds it
    select tracks.*, snapshots.snapshot_date as popularity_date
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (
        partition by tracks.track_id
        order by snapshots.newness, tracks.line
    ) = 1
),
newest_albums as (
    -- one row a track: the newest snapshot that holds it
    select albums.*
    from staging.files__albums as albums
    inner join marts.snapshots as snapshots
        on albums.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (
        partition by albums.track_id
        order by snapshots.newness, albums.line
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
    tracks.genre,
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
    tracks.popularity_date
from newest_tracks as tracks
left join newest_albums as albums on tracks.track_id = albums.track_id
left join marts.album_sizes as album_sizes on albums.album_id = album_sizes.album_id
left join marts.artist_sources as artist_sources
    on tracks.artist_name = artist_sources.artist_name
