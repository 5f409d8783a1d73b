-- The albums of just this name, new ones first. Key: album_id, is_release. Reads: marts.releases, tracks.
-- Unit: names are compared without case and accents, and with one blank for any; $min_songs is how many songs make an album.
with
songs as (
    select album_id, album_name, true as is_release from marts.releases
    union all
    select album_id, album_name, false from marts.tracks
),
folded as (
    select
        album_id,
        is_release,
        trim(
            regexp_replace(lower(strip_accents(album_name)), '[\s\p{Z}]+', ' ', 'g')
        ) as album_key,
        trim(
            regexp_replace(lower(strip_accents($album_name)), '[\s\p{Z}]+', ' ', 'g')
        ) as wanted_key
    from songs
)
select album_id, is_release
from folded
where album_id is not null and album_key = wanted_key
group by album_id, is_release
having count(*) >= $min_songs
order by is_release desc, album_id
