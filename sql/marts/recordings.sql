-- One row per new release: the recording that it is a version of, as a song's single, album and deluxe edition are.
-- Key: track_id. Reads: marts.release_titles.
-- Unit: recording_basis is isrc where a believable one says it, else title: one artist and title, and lengths within
-- 2 s. Whatever tells a version apart (remix, live, acoustic, remastered, instrumental, radio edit) makes another
-- recording; two songs of one album are never one. Where it is uncertain, a release is a recording of its own.
with
gaps as (
    select
        *,
        coalesce(
            duration_ms - lag(duration_ms) over (
                partition by song_key order by duration_ms, track_id
            ) > 2000,
            false
        ) as is_far
    from marts.release_titles
    where duration_ms is not null and song_key is not null
),
stretches as (
    select
        *,
        count(*) filter (where is_far) over (
            partition by song_key
            order by duration_ms, track_id
            rows unbounded preceding
        ) as stretch
    from gaps
),
lengths as (
    -- a long row of lengths, each near the next, is cut every 2 s
    select
        *,
        (
            duration_ms - min(duration_ms) over (partition by song_key, stretch)
        ) // 2001 as cut
    from stretches
),
numbered as (
    -- songs of one album are counted through, so that no two of them meet
    select
        *,
        case
            when album_key is null then 1
            else row_number() over (
                partition by song_key, stretch, cut, album_key
                order by duration_ms, track_id
            )
        end as number_on_album
    from lengths
),
of_known_length as (
    select
        track_id,
        isrc,
        song_key,
        album_key,
        -- the length is the earliest version's, so that a later one does not change the id
        concat_ws(
            chr(31),
            song_key,
            (
                first_value(duration_ms) over (
                    partition by song_key, stretch, cut, number_on_album
                    order by release_date nulls last, duration_ms, track_id
                )
            ) // 1000,
            cut,
            number_on_album
        ) as song
    from numbered
),
known_songs as (
    -- one row a title: the one length that a version of unknown length can have
    select
        song_key,
        min(song) as song,
        count(distinct song) as n_songs,
        list(album_key) as albums
    from of_known_length
    group by song_key
),
of_unknown_length as (
    select
        titles.track_id,
        titles.isrc,
        titles.song_key,
        titles.is_common_title,
        known_songs.song,
        coalesce(known_songs.n_songs, 0) as n_songs,
        coalesce(list_contains(known_songs.albums, titles.album_key), false)
            as is_album_known,
        case
            when titles.album_key is null then 1
            else row_number() over (
                partition by titles.song_key, titles.album_key
                order by titles.track_id
            )
        end as number_on_album
    from marts.release_titles as titles
    left join known_songs on titles.song_key = known_songs.song_key
    where titles.duration_ms is null or titles.song_key is null
),
songs as (
    select track_id, isrc, song
    from of_known_length
    union all
    select
        track_id,
        isrc,
        case
            when song_key is null or is_common_title then track_id
            when n_songs = 0
                then concat_ws(chr(31), song_key, 'unknown', number_on_album)
            when n_songs = 1 and number_on_album = 1 and not is_album_known then song
            else track_id
        end as song
    from of_unknown_length
),
believed_codes as (
    -- one code on songs of several artists and titles, or of other lengths, was filled in by mistake
    select isrc
    from marts.release_titles
    where isrc is not null
    group by isrc
    having
        (count(distinct artist_key) = 1 or count(distinct title) = 1)
        and coalesce(max(duration_ms) - min(duration_ms), 0) <= 10000
),
song_codes as (
    -- one row a song whose versions have one code: it is that of the versions without one too
    select songs.song, min(songs.isrc) as isrc
    from songs
    inner join believed_codes on songs.isrc = believed_codes.isrc
    group by songs.song
    having count(distinct songs.isrc) = 1
),
coded as (
    -- one-to-one: a code, and a song, stands once in what is joined
    select
        songs.track_id,
        songs.song,
        coalesce(believed_codes.isrc, song_codes.isrc) as isrc
    from songs
    left join believed_codes on songs.isrc = believed_codes.isrc
    left join song_codes on songs.song = song_codes.song
)
select
    track_id,
    case
        when isrc is not null then 'isrc-' || isrc
        else 'song-' || left(md5(song), 16)
    end as recording_id,
    case when isrc is not null then 'isrc' else 'title' end as recording_basis
from coded
