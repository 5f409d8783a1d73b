-- One row per watched artist, the longest not looked through first, then in the watchlist's order; without those whose
-- albums Spotify did not have or give lately. Key: artist_name.
-- Reads: staging.files__watchlist, files__pins, marts.snapshots, artist_keys, artist_sources, ledger.looked_up, unanswered.
with
pins as (
    select keys.artist_key, pins.artist_id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots on pins.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys on pins.artist_name = keys.artist_name
    where snapshots.newness = 1
    qualify row_number() over (partition by keys.artist_key order by pins.line) = 1
),
last_looks as (
    select key as artist_id, max(looked_up_at) as looked_up_at
    from ledger.looked_up
    where kind = 'artist_albums'
    group by key
),
put_off as (
    select key as artist_id
    from ledger.unanswered
    where service = 'spotify' and kind = 'artist_albums'
    qualify
        row_number() over (partition by key order by asked_at desc) = 1
        and ask_again_at > $now
),
watched as (
    select
        artist_sources.artist_name,
        coalesce(pins.artist_id, artist_sources.artist_id) as artist_id,
        watchlist.line
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys
        on watchlist.artist_name = keys.artist_name
    inner join marts.artist_sources as artist_sources
        on keys.artist_key = artist_sources.artist_key
    left join pins on keys.artist_key = pins.artist_key
    where
        snapshots.newness = 1
        and (pins.artist_key is null or pins.artist_id is not null)
    qualify row_number() over (
        partition by keys.artist_key order by watchlist.line
    ) = 1
)
select watched.artist_name, watched.artist_id
from watched
left join last_looks on watched.artist_id = last_looks.artist_id
anti join put_off on watched.artist_id = put_off.artist_id
order by last_looks.looked_up_at nulls first, watched.line
