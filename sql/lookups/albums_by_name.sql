-- The albums of just this name, new ones first. Key: album_id, is_release. Reads: marts.releases, tracks.
-- Unit: names are compared without case, accents and outer blanks; $min_songs is how many songs make an album.
with
songs as (
    select album_id, album_name, true as is_release from marts.releases
    union all
    select album_id, album_name, false from marts.tracks
)
select album_id, is_release
from songs
where
    album_id is not null
    and lower(strip_accents(trim(album_name))) = lower(strip_accents(trim($album_name)))
group by album_id, is_release
having count(*) >= $min_songs
order by is_release desc, album_id
