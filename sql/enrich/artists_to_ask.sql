-- One row per artist name that Spotify is to be asked for: the artists of releases and the watched ones first, then
-- those whose tracks matter most (number of tracks times their mean popularity), so that a partial run helps most.
-- Key: artist_name. Reads: marts.artists, marts.releases, marts.tracks, marts.snapshots, artist_keys,
-- staging.files__pins, files__watchlist, spotify__releases, spotify__artists, reccobeats__track_artists, ledger.unanswered.
with
pins as (
    select keys.known_name as artist_name, pins.artist_id
    from staging.files__pins as pins
    inner join marts.snapshots as snapshots on pins.snapshot_id = snapshots.snapshot_id
    inner join marts.artist_keys as keys on pins.artist_name = keys.artist_name
    where snapshots.newness = 1
    qualify row_number() over (partition by keys.artist_key order by pins.line) = 1
),
written_first as (
    select artist_name, artist_id from marts.releases
    union all
    select artist_name, artist_id from staging.spotify__releases
    union all
    select watchlist.artist_name, null
    from staging.files__watchlist as watchlist
    inner join marts.snapshots as snapshots
        on watchlist.snapshot_id = snapshots.snapshot_id
    where snapshots.newness = 1
),
wanted_first as (
    -- under the name that marts.artists has
    select
        coalesce(keys.known_name, written_first.artist_name) as artist_name,
        max(written_first.artist_id) as artist_id
    from written_first
    left join marts.artist_keys as keys on written_first.artist_name = keys.artist_name
    where written_first.artist_name is not null
    group by all
),
best_tracks as (
    -- one row an artist: the most popular track that has an id of Spotify's form
    select artists.artist_name, tracks.track_id, tracks.track_name
    from marts.tracks as tracks
    inner join marts.artists as artists on tracks.artist_key = artists.artist_key
    where regexp_full_match(tracks.track_id, '[0-9A-Za-z]{22}')
    qualify row_number() over (
        partition by artists.artist_key
        order by tracks.popularity desc nulls last, tracks.track_id
    ) = 1
),
ids_of_reccobeats as (
    -- one row an artist: the only id that a track of theirs bears under their name
    select best_tracks.artist_name, any_value(track_artists.artist_id) as artist_id
    from best_tracks
    inner join staging.reccobeats__track_artists as track_artists
        on best_tracks.track_id = track_artists.track_id
    where
        lower(strip_accents(track_artists.artist_name))
        = lower(strip_accents(best_tracks.artist_name))
    group by best_tracks.artist_name
    having count(distinct track_artists.artist_id) = 1
),
answered as (
    select coalesce(keys.known_name, artists.artist_name) as artist_name
    from staging.spotify__artists as artists
    left join marts.artist_keys as keys on artists.artist_name = keys.artist_name
    left join pins
        on coalesce(keys.known_name, artists.artist_name) = pins.artist_name
    where
        artists.expires_at > $now
        and (
            pins.artist_id is null
            or pins.artist_id in (artists.artist_id, artists.asked_id)
        )
),
put_off as (
    -- the newest word on each name
    select key as artist_name
    from ledger.unanswered
    where service = 'spotify' and kind = 'artist'
    qualify
        row_number() over (partition by key order by asked_at desc) = 1
        and ask_again_at > $now
),
names as (
    select
        coalesce(artists.artist_name, wanted_first.artist_name) as artist_name,
        coalesce(artists.artist_id, wanted_first.artist_id) as artist_id,
        coalesce(artists.n_tracks * artists.mean_popularity, 0) as weight,
        coalesce(artists.n_tracks, 0) as n_tracks,
        wanted_first.artist_name is not null as is_wanted_first
    from marts.artists as artists
    full join wanted_first on artists.artist_name = wanted_first.artist_name
)
select
    names.artist_name,
    coalesce(pins.artist_id, names.artist_id, ids_of_reccobeats.artist_id) as artist_id,
    best_tracks.track_id,
    best_tracks.track_name,
    pins.artist_id is not null as is_pinned
from names
left join pins on names.artist_name = pins.artist_name
left join best_tracks on names.artist_name = best_tracks.artist_name
left join ids_of_reccobeats on names.artist_name = ids_of_reccobeats.artist_name
anti join answered on names.artist_name = answered.artist_name
anti join put_off on names.artist_name = put_off.artist_name
where pins.artist_name is null or pins.artist_id is not null
order by
    names.is_wanted_first desc,
    names.weight desc,
    names.n_tracks desc,
    names.artist_name
