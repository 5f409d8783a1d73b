-- A release's genre must be one that tracks have: the score of another rests on no genre.
-- Severity: warning
-- Phase: inputs
-- Table: marts.releases
-- One row per unknown genre, that of most releases first; a blank one is none. Case,
-- blanks, hyphens and stores' names are folded before.
select releases.genre, count(*) as n_releases
from marts.releases as releases
inner join marts.genre_keys as genre_keys
    on releases.genre = genre_keys.written_genre
where not genre_keys.is_known and exists (from marts.genre_keys where is_known)
group by releases.genre
order by n_releases desc, releases.genre
