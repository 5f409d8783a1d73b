-- One row per watched artist of whom an id is known or can be searched, in the watchlist's order.
-- Key: artist_name. Reads: staging.files__watchlist, files__pins, marts.snapshots, marts.artist_sources.
with
pins as (
    select pins.artist_name, pins.artist_id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots on pins.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
)
select
    watchlist.artist_name,
    coalesce(pins.artist_id, artist_sources.artist_id) as artist_id
from staging.files__watchlist as watchlist
inner join marts.snapshots as snapshots on watchlist.snapshot_id = snapshots.snapshot_id
left join pins on watchlist.artist_name = pins.artist_name
left join marts.artist_sources as artist_sources on watchlist.artist_name = artist_sources.artist_name
where
    snapshots.newness = 1
    and (pins.artist_name is null or pins.artist_id is not null)
order by watchlist.line
