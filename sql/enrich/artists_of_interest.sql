-- One row per artist whose fresh albums are worth a search: those watched, or all of the warehouse where none is.
-- Key: artist_name. Reads: staging.files__watchlist, marts.snapshots, artist_keys, artists.
with
watched as (
    select distinct keys.known_name as artist_name
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys
        on watchlist.artist_name = keys.artist_name
    where snapshots.newness = 1
)
select artist_name from watched
union all
select artist_name from marts.artists where not exists (from watched)
order by artist_name
