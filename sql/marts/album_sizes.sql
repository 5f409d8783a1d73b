-- One row per album that a file names, and how many tracks of it the files know.
-- Key: album_id. Reads: staging.files__albums, files__releases, marts.snapshots.
-- Unit: n_album_tracks counts each track once, on the album of the newest albums file that holds it, with the tracks of
-- the newest releases file. Tracks and releases both read it, so that a model is fitted on and scores the same measure.
with
newest_albums as (
    -- one row a track: the newest snapshot that holds it
    select albums.album_id, albums.track_id
    from staging.files__albums as albums
    inner join marts.snapshots as snapshots
        on albums.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (
        partition by albums.track_id
        order by snapshots.newness, albums.line
    ) = 1
),
album_tracks as (
    select album_id, track_id from newest_albums
    union all
    select releases.album_id, releases.track_id
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
)
select album_id, count(distinct track_id) as n_album_tracks
from album_tracks
where album_id is not null
group by album_id
