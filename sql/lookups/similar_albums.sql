-- Albums whose id or name, with or without the artist, is nearest to what was asked for, nearest first.
-- Key: album_id. Reads: marts.releases, tracks.
-- Unit: likeness 0-1, by Jaro and Winkler, without case and accents; n_songs counts the songs known here.
with
songs as (
    select album_id, album_name, artist_name, 1 as preference from marts.releases
    union all
    select album_id, album_name, artist_name, 2 from marts.tracks
),
albums as (
    select
        album_id,
        any_value(album_name) as album_name,
        any_value(artist_name) as artist_name,
        preference,
        count(*) as n_songs
    from songs
    where album_id is not null
    group by album_id, preference
    having count(*) >= 2
),
folded as (
    select
        *,
        lower(strip_accents($wanted)) as wanted,
        lower(strip_accents(coalesce(album_name, ''))) as title,
        lower(strip_accents(artist_name)) as artist
    from albums
),
judged as (
    select
        *,
        greatest(
            jaro_winkler_similarity(title, wanted),
            jaro_winkler_similarity(lower(album_id), wanted),
            jaro_winkler_similarity(artist, wanted),
            jaro_winkler_similarity(title || ' ' || artist, wanted),
            jaro_winkler_similarity(artist || ' ' || title, wanted)
        ) as likeness
    from folded
)
select album_id, album_name, artist_name, n_songs
from judged
where likeness >= 0.8
qualify row_number() over (partition by album_id order by preference) = 1
order by likeness desc, preference, album_id
limit $limit
