-- One row per artist whose fresh albums are worth a search: those watched, or all of the warehouse where none is.
-- Key: artist_name. Reads: staging.files__watchlist, marts.snapshots, marts.artists.
with
watched as (
    select distinct watchlist.artist_name
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
)
select artist_name from watched
union all
select artist_name from marts.artists where not exists (from watched)
order by artist_name
