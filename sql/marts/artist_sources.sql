-- One row per artist name of the warehouse: the artist popularity known for it, and where it comes from.
-- Key: artist_name. Reads: marts.snapshots, staging.files__tracks, files__artists, files__releases,
-- spotify__artists, spotify__releases, ledger.runs.
-- Unit: artist_popularity 0-100 as the source reported it on fetched_at; NULL where no source knows the artist.
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
    -- one-to-one: the newest answer that has not expired
    select *
    from staging.spotify__artists
    where
        artist_popularity is not null
        and (expires_at is null or expires_at >= $as_of_date)
        and run_id not in (from later_runs)
    qualify row_number() over (partition by artist_name order by fetched_at desc, artist_id) = 1
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
)
select
    names.artist_name,
    coalesce(spotify_artists.artist_id, file_artists.artist_id, folded_artists.artist_id) as artist_id,
    case
        when spotify_artists.artist_popularity is not null then 'spotify'
        when file_artists.artist_popularity is not null then 'artists_file'
        when folded_artists.artist_popularity is not null then 'artists_file'
    end as popularity_source,
    case
        when spotify_artists.artist_popularity is not null then spotify_artists.match_method
        when file_artists.artist_popularity is not null then 'exact_name'
        when folded_artists.artist_popularity is not null then 'folded_name'
    end as match_method,
    coalesce(
        spotify_artists.artist_popularity, file_artists.artist_popularity, folded_artists.artist_popularity
    ) as artist_popularity,
    case
        when spotify_artists.artist_popularity is not null then spotify_artists.fetched_at
        when file_artists.artist_popularity is not null then file_artists.fetched_at
        else folded_artists.fetched_at
    end as fetched_at
from names
left join spotify_artists on names.artist_name = spotify_artists.artist_name
left join file_artists on names.artist_name = file_artists.artist_name
left join folded_artists on lower(strip_accents(trim(names.artist_name))) = folded_artists.folded_name
