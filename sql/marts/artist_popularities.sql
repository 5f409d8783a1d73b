-- One row per artist and source that knows their popularity; marts.artist_sources has the source that counts.
-- Key: artist_key, popularity_source. Reads: marts.snapshots, artist_keys, artist_spellings, artist_audiences,
-- staging.files__artists, files__pins, spotify__artists, ledger.runs.
-- Unit: artist_popularity 0-100 as spotify and the artists file report it; for the other sources their audience mapped
-- to that scale: without a mapping a source has no row. artist_name is the source's own spelling.
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
pins as (
    select keys.artist_key, pins.artist_id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots
        on pins.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys on pins.artist_name = keys.artist_name
    where snapshots.newness = 1
    qualify row_number() over (partition by keys.artist_key order by pins.line) = 1
),
spotify_artists as (
    -- the newest answer with a popularity that has not expired; a pin admits its own artist alone
    select keys.artist_key, artists.*
    from staging.spotify__artists as artists
    inner join marts.artist_keys as keys on artists.artist_name = keys.artist_name
    left join pins on keys.artist_key = pins.artist_key
    where
        artists.artist_popularity is not null
        and artists.expires_at >= $as_of_date
        and artists.run_id not in (from later_runs)
        and (
            pins.artist_key is null
            or pins.artist_id in (artists.artist_id, artists.asked_id)
        )
    qualify row_number() over (
        partition by keys.artist_key
        order by artists.fetched_at desc, artists.artist_id
    ) = 1
),
file_artists as (
    -- the newest snapshot that knows the artist's popularity; of several spellings the more popular one
    select
        spellings.artist_key,
        artists.artist_name,
        artists.artist_id,
        artists.artist_popularity,
        artists.fetched_at
    from staging.files__artists as artists
    inner join marts.snapshots as snapshots
        on artists.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_spellings as spellings
        on artists.artist_name = spellings.artist_name
    where artists.artist_popularity is not null and spellings.part = 'whole'
    qualify row_number() over (
        partition by spellings.artist_key
        order by snapshots.newness, artists.artist_popularity desc, artists.line
    ) = 1
),
accentless as (
    -- an artist of the file whose name without accents no other one there has
    select
        strip_accents(artist_key) as plain_key,
        any_value(artist_name) as artist_name,
        any_value(artist_id) as artist_id,
        any_value(artist_popularity) as artist_popularity,
        any_value(fetched_at) as fetched_at
    from file_artists
    group by plain_key
    having count(*) = 1
),
folded_artists as (
    select keys.artist_key, accentless.*
    from (select distinct artist_key from marts.artist_keys) as keys
    inner join accentless on strip_accents(keys.artist_key) = accentless.plain_key
    anti join file_artists on keys.artist_key = file_artists.artist_key
),
audiences as (
    select keys.artist_key, audiences.*
    from marts.artist_audiences as audiences
    inner join marts.artist_keys as keys on audiences.artist_name = keys.artist_name
    where audiences.artist_popularity is not null
    qualify row_number() over (
        partition by keys.artist_key, audiences.popularity_source
        order by audiences.fetched_at desc, audiences.artist_name
    ) = 1
)
select
    artist_key,
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
    artist_key,
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
    artist_key,
    artist_name,
    artist_id,
    'artists_file',
    'folded_name',
    artist_popularity,
    null,
    0.9,
    fetched_at,
    null
from folded_artists
union all
select
    artist_key,
    artist_name,
    null,
    popularity_source,
    'exact_name',
    artist_popularity,
    audience,
    match_confidence,
    fetched_at,
    expires_at
from audiences
