-- An album's id must stand for one album: these stand over several names or unrelated
-- artists, and are told apart by name and artist.
-- Severity: warning
-- Phase: inputs
-- Table: marts.releases
select
    written_album_id as album_id,
    count(distinct album_name) as n_names,
    count(*) as n_releases,
    min(album_name) as first_name,
    max(album_name) as last_name
from marts.album_ids
where is_release and is_id_shared
group by written_album_id
order by n_releases desc, written_album_id
