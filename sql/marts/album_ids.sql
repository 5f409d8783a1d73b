-- One row per track of a file that names its album: the album that it belongs to, by its id, or else by its name and the
-- artist who stands first. Key: is_release, track_id.
-- Reads: staging.files__albums, files__tracks, files__releases, marts.snapshots, artist_spellings.
-- Unit: album_id is the file's own, or `album-` and a hash of artist and name where the file has none, or one that
-- stands for several albums: over two names, or (where it has not the form of Spotify's) over artists of whom none takes
-- part in more than half of the songs. Release dates go with the row that counts.
with
newest_albums as (
    -- one row a track: the newest snapshot that holds it
    select albums.*
    from staging.files__albums as albums
    inner join marts.snapshots as snapshots
        on albums.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (
        partition by albums.track_id
        order by snapshots.newness, albums.line
    ) = 1
),
newest_tracks as (
    -- those of an album, by an albums file or by their own
    select
        tracks.track_id,
        tracks.artist_name,
        tracks.album_id,
        tracks.album_name,
        tracks.release_date,
        tracks.release_date_precision
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    where
        tracks.track_id in (select track_id from newest_albums)
        or coalesce(tracks.album_id, tracks.album_name) is not null
        or tracks.release_date is not null
    qualify row_number() over (
        partition by tracks.track_id
        order by snapshots.newness, tracks.line
    ) = 1
),
written as (
    select
        false as is_release,
        coalesce(albums.track_id, tracks.track_id) as track_id,
        tracks.artist_name,
        coalesce(albums.album_id, tracks.album_id) as album_id,
        coalesce(albums.album_name, tracks.album_name) as album_name,
        coalesce(albums.release_date, tracks.release_date) as release_date,
        case
            when albums.release_date is not null then albums.release_date_precision
            else tracks.release_date_precision
        end as release_date_precision
    from newest_albums as albums
    full join newest_tracks as tracks on albums.track_id = tracks.track_id
    union all by name
    select
        true as is_release,
        releases.track_id,
        releases.artist_name,
        releases.album_id,
        releases.album_name,
        releases.release_date,
        releases.release_date_precision
    from staging.files__releases as releases
    inner join marts.snapshots as snapshots
        on releases.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
),
named as (
    select
        *,
        nullif(
            trim(
                regexp_replace(lower(strip_accents(album_name)), '[\s\p{Z}]+', ' ', 'g')
            ),
            ''
        ) as album_key
    from written
),
artists_of_ids as (
    select
        named.album_id,
        spellings.artist_key,
        count(distinct named.track_id) as n_tracks
    from named
    inner join marts.artist_spellings as spellings
        on named.artist_name = spellings.artist_name
    where
        named.album_id is not null
        and not regexp_full_match(named.album_id, '[0-9A-Za-z]{22}')
    group by named.album_id, spellings.artist_key
),
shared_ids as (
    -- an id that stands for several albums
    select named.album_id
    from named
    left join (
        select album_id, max(n_tracks) as n_tracks from artists_of_ids group by album_id
    ) as artists on named.album_id = artists.album_id
    where named.album_id is not null
    group by named.album_id
    having
        count(distinct named.album_key) > 1
        or any_value(artists.n_tracks)
        <= count(distinct named.track_id) filter (named.artist_name is not null) / 2
)
select
    named.is_release,
    named.track_id,
    case
        when named.album_id is not null and shared_ids.album_id is null
            then named.album_id
        when named.album_key is not null and leads.lead_key is not null
            then 'album-' || left(md5(leads.lead_key || chr(31) || named.album_key), 16)
    end as album_id,
    named.album_id as written_album_id,
    named.album_name,
    shared_ids.album_id is not null as is_id_shared,
    named.release_date_precision,
    named.release_date
from named
left join shared_ids on named.album_id = shared_ids.album_id
left join marts.artist_spellings as leads
    on named.artist_name = leads.artist_name and leads.place = 1
where
    named.album_id is not null
    or named.album_key is not null
    or named.release_date is not null
