-- How many tracks of these albums are known, as far as any is. Key: album_id. Reads: marts.album_sizes, releases.
-- Unit: n_album_tracks as a service told it, else counted.
with
sizes as (
    select album_id, n_album_tracks from marts.album_sizes
    union all
    select album_id, n_album_tracks from marts.releases
)
select album_id, max(n_album_tracks)::bigint as n_album_tracks
from sizes
where list_contains($album_ids, album_id) and n_album_tracks is not null
group by album_id
order by album_id
