-- One row per artist of the warehouse: who that is, the artist popularity that counts, and where it comes from.
-- Key: artist_key. Reads: marts.snapshots, artist_keys, artist_popularities, staging.files__tracks, files__releases,
-- files__watchlist, files__pins, spotify__artists, spotify__releases, ledger.runs.
-- Unit: artist_popularity 0-100 of the most preferred source that knows it; popularity_for_models leaves out sources
-- that models may not read. match_state is Spotify's: found, ambiguous, unmatched, or pinned by hand; NULL: not asked.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
pins as (
    -- one-to-one: the newest pins file
    select keys.artist_key, pins.artist_id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots on pins.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys on pins.artist_name = keys.artist_name
    where snapshots.newness = 1
    qualify row_number() over (partition by keys.artist_key order by pins.line) = 1
),
written as (
    select tracks.artist_name
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    union
    select releases.artist_name
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    union
    select watchlist.artist_name
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
    union
    select artist_name
    from staging.spotify__releases
    where artist_name is not null and run_id not in (from later_runs)
),
names as (
    -- several spellings of one artist share a row
    select keys.artist_key, min(keys.known_name) as artist_name
    from written
    inner join marts.artist_keys as keys on written.artist_name = keys.artist_name
    group by keys.artist_key
),
spotify_matches as (
    -- one-to-one: the newest answer that has not expired; a pin admits its own artist alone
    select keys.artist_key, artists.artist_id, artists.match_state
    from staging.spotify__artists as artists
    inner join marts.artist_keys as keys on artists.artist_name = keys.artist_name
    left join pins on keys.artist_key = pins.artist_key
    where
        artists.expires_at >= $as_of_date
        and artists.run_id not in (from later_runs)
        and (
            pins.artist_key is null
            or pins.artist_id in (artists.artist_id, artists.asked_id)
        )
    qualify row_number() over (
        partition by keys.artist_key
        order by artists.fetched_at desc, artists.run_id
    ) = 1
),
popularities as (
    select *, replace(popularity_source, 'artists_file', 'files') as source_name
    from marts.artist_popularities
    where
        list_contains(
            $source_order, replace(popularity_source, 'artists_file', 'files')
        )
),
best as (
    -- one-to-one: the most preferred source
    select *
    from popularities
    qualify row_number() over (
        partition by artist_key
        order by list_position($source_order, source_name)
    ) = 1
),
best_for_models as (
    -- one-to-one: the most preferred source that models may read
    select artist_key, artist_popularity
    from popularities
    where list_contains($model_sources, source_name)
    qualify row_number() over (
        partition by artist_key
        order by list_position($source_order, source_name)
    ) = 1
),
file_ids as (
    select artist_key, artist_id
    from marts.artist_popularities
    where popularity_source = 'artists_file'
)
select
    names.artist_key,
    names.artist_name,
    case
        when
            pins.artist_key is not null
            then coalesce(spotify_matches.artist_id, pins.artist_id)
        else coalesce(spotify_matches.artist_id, file_ids.artist_id)
    end as artist_id,
    best.popularity_source,
    best.match_method,
    case
        when pins.artist_key is not null then 'pinned' else spotify_matches.match_state
    end as match_state,
    best.artist_popularity,
    best_for_models.artist_popularity as popularity_for_models,
    best.match_confidence,
    best.fetched_at,
    best.expires_at
from names
left join pins on names.artist_key = pins.artist_key
left join spotify_matches on names.artist_key = spotify_matches.artist_key
left join file_ids on names.artist_key = file_ids.artist_key
left join best on names.artist_key = best.artist_key
left join best_for_models on names.artist_key = best_for_models.artist_key
