-- One row per album of two or more songs whose name and artist hold every word, or
-- whose id is the text: that one first, then names that begin with the text, new ones,
-- and those of many songs.
-- Key: album_id. Reads: marts.releases, tracks.
-- Unit: n_songs counts the songs known here; words are found in any case and without
-- accents.
with
songs as (
    select
        album_id,
        album_name,
        artist_name,
        case when not is_date_assumed then release_date end as release_date,
        true as is_release
    from marts.releases
    union all
    select album_id, album_name, artist_name, release_date, false
    from marts.tracks
),
albums as (
    select
        album_id,
        is_release,
        min(album_name) as album_name,
        -- of several that have as many songs, the first by name
        mode(artist_name order by artist_name) as artist_name,
        max(release_date) as release_date,
        count(*) as n_songs
    from songs
    where album_id is not null
    group by album_id, is_release
    having count(*) >= 2
),
folded as (
    select
        *,
        lower(strip_accents(album_name)) as title,
        lower(strip_accents(concat_ws(' ', album_name, artist_name))) as names
    from albums
)
select album_id, album_name, artist_name, release_date, is_release, n_songs
from folded
where
    album_id = $text
    or list_bool_and(
        list_transform($words, lambda word: contains(names, lower(strip_accents(word))))
    )
qualify row_number() over (partition by album_id order by is_release desc) = 1
order by
    album_id = $text desc,
    starts_with(title, lower(strip_accents($text))) desc,
    is_release desc,
    n_songs desc,
    album_name,
    album_id
limit $limit
