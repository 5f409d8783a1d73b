-- One row per artist name and source that knows its popularity; marts.artist_sources has the source that counts.
-- Key: artist_name, popularity_source. Reads: marts.snapshots, staging.files__artists, files__tracks, files__releases,
-- files__pins, spotify__artists, spotify__releases, deezer__artists, listenbrainz__artists, ledger.runs, scale_mappings.
-- Unit: artist_popularity 0-100 as spotify and the artists file report it; for the other sources their audience (fans or
-- listeners of all time) mapped to that scale by what both know: without such a mapping a source has no row.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
names as (
    select tracks.artist_name
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots on tracks.snapshot_id = snapshots.snapshot_id
    union
    select releases.artist_name
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots on releases.snapshot_id = snapshots.snapshot_id
    union
    select artist_name
    from staging.spotify__releases
    where artist_name is not null and run_id not in (from later_runs)
),
spotify_artists as (
    -- one-to-one: the newest answer with a popularity that has not expired; a pin admits its own artist alone
    select artists.*
    from staging.spotify__artists as artists
    left join (
        select pins.artist_name, pins.artist_id
        from staging.files__pins as pins
        inner join marts.snapshots as snapshots on pins.snapshot_id = snapshots.snapshot_id
        where snapshots.newness = 1
    ) as pins on artists.artist_name = pins.artist_name
    where
        artists.artist_popularity is not null
        and artists.expires_at >= $as_of_date
        and artists.run_id not in (from later_runs)
        and (pins.artist_name is null or pins.artist_id in (artists.artist_id, artists.asked_id))
    qualify row_number() over (partition by artists.artist_name order by artists.fetched_at desc, artists.artist_id) = 1
),
file_artists as (
    -- one-to-one: the newest snapshot that knows the artist's popularity
    select artists.artist_name, artists.artist_id, artists.artist_popularity, artists.fetched_at
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots on artists.snapshot_id = snapshots.snapshot_id
    where artists.artist_popularity is not null
    qualify row_number() over (
        partition by artists.artist_name
        order by snapshots.newness, artists.line
    ) = 1
),
folded_artists as (
    -- a name that differs only in case, accents or outer blanks; left out where two artists fold to one
    select
        lower(strip_accents(trim(artist_name))) as folded_name,
        any_value(artist_id) as artist_id,
        any_value(artist_popularity) as artist_popularity,
        any_value(fetched_at) as fetched_at
    from file_artists
    group by folded_name
    having count(*) = 1
),
mappings as (
    -- one row a source: the newest mapping of its audience to our scale
    select source, from_values, to_values
    from ledger.scale_mappings
    where quantity = 'artist_popularity' and run_id not in (from later_runs)
    qualify row_number() over (partition by source order by fitted_at desc, run_id) = 1
),
pieces as (
    select
        mappings.source,
        mappings.from_values[piece] as from_low,
        mappings.from_values[piece + 1] as from_high,
        mappings.to_values[piece] as to_low,
        mappings.to_values[piece + 1] as to_high,
        mappings.from_values[1] as lowest,
        mappings.from_values[-1] as highest
    from mappings, unnest(range(1, len(mappings.from_values))) as pieces(piece)
),
audiences as (
    -- one row a source and name: the newest answer that has not expired
    select artist_name, popularity_source, audience, match_confidence, fetched_at
    from (
        select artist_name, popularity_source, audience, match_confidence, run_id, fetched_at, expires_at
        from staging.deezer__artists
        union all
        select artist_name, popularity_source, audience, 1.0, run_id, fetched_at, expires_at
        from staging.listenbrainz__artists
    )
    where
        audience is not null
        and expires_at >= $as_of_date
        and run_id not in (from later_runs)
    qualify row_number() over (partition by popularity_source, artist_name order by fetched_at desc, run_id) = 1
),
mapped as (
    -- one row a source and name: each audience lies in one piece of its source's mapping
    select
        audiences.artist_name,
        audiences.popularity_source,
        audiences.audience,
        audiences.match_confidence,
        audiences.fetched_at,
        pieces.to_low + (pieces.to_high - pieces.to_low)
        * (least(greatest(ln(1 + audiences.audience), pieces.lowest), pieces.highest) - pieces.from_low)
        / (pieces.from_high - pieces.from_low) as artist_popularity
    from audiences
    inner join pieces on audiences.popularity_source = pieces.source
    qualify row_number() over (
        partition by audiences.popularity_source, audiences.artist_name
        order by
            least(greatest(ln(1 + audiences.audience), pieces.lowest), pieces.highest)
            between pieces.from_low and pieces.from_high desc,
            pieces.from_low
    ) = 1
)
select
    artist_name,
    artist_id,
    'spotify' as popularity_source,
    match_method,
    artist_popularity::double as artist_popularity,
    null::bigint as audience,
    match_confidence,
    fetched_at
from spotify_artists
union all
select artist_name, artist_id, 'artists_file', 'exact_name', artist_popularity, null, 1.0, fetched_at
from file_artists
union all
select
    names.artist_name,
    folded.artist_id,
    'artists_file',
    'folded_name',
    folded.artist_popularity,
    null,
    0.9,
    folded.fetched_at
from names
inner join folded_artists as folded on lower(strip_accents(trim(names.artist_name))) = folded.folded_name
where names.artist_name not in (select artist_name from file_artists)
union all
select artist_name, null, popularity_source, 'exact_name', artist_popularity, audience, match_confidence, fetched_at
from mapped
