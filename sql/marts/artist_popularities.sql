-- One row per artist name and source that knows its popularity; marts.artist_sources has the source that counts.
-- Key: artist_name, popularity_source. Reads: marts.snapshots, staging.files__artists, files__tracks, files__releases,
-- files__pins, spotify__artists, spotify__releases, marts.artist_audiences, ledger.runs.
-- Unit: artist_popularity 0-100 as spotify and the artists file report it; for the other sources their audience mapped
-- to that scale: without a mapping a source has no row.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
names as (
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
        inner join marts.snapshots as snapshots
            on pins.snapshot_id = snapshots.snapshot_id
        where snapshots.newness = 1
    ) as pins on artists.artist_name = pins.artist_name
    where
        artists.artist_popularity is not null
        and artists.expires_at >= $as_of_date
        and artists.run_id not in (from later_runs)
        and (
            pins.artist_name is null
            or pins.artist_id in (artists.artist_id, artists.asked_id)
        )
    qualify row_number() over (
        partition by artists.artist_name
        order by artists.fetched_at desc, artists.artist_id
    ) = 1
),
file_artists as (
    -- one-to-one: the newest snapshot that knows the artist's popularity
    select
        artists.artist_name,
        artists.artist_id,
        artists.artist_popularity,
        artists.fetched_at
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots
        on artists.snapshot_id = snapshots.snapshot_id
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
)
select
    artist_name,
    artist_id,
    'spotify' as popularity_source,
    match_method,
    artist_popularity::double as artist_popularity,
    null::bigint as audience,
    match_confidence,
    fetched_at,
    expires_at
from spotify_artists
union all
select
    artist_name,
    artist_id,
    'artists_file',
    'exact_name',
    artist_popularity,
    null,
    1.0,
    fetched_at,
    null
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
    folded.fetched_at,
    null
from names
inner join folded_artists as folded
    on lower(strip_accents(trim(names.artist_name))) = folded.folded_name
where names.artist_name not in (select artist_name from file_artists)
union all
select
    artist_name,
    null,
    popularity_source,
    'exact_name',
    artist_popularity,
    audience,
    match_confidence,
    fetched_at,
    expires_at
from marts.artist_audiences
where artist_popularity is not null
