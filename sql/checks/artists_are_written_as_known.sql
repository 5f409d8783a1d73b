-- A name that differs from the tracks' own must be a spelling of it, or hold it among
-- several: such releases are taken for those of the artist who is known.
-- Severity: note
-- Phase: inputs
-- Table: marts.releases
-- One row per name as written.
select
    releases.artist_name,
    artist_keys.known_name,
    artist_keys.match_method,
    count(*) as n_releases
from marts.releases as releases
inner join marts.artist_keys as artist_keys
    on releases.artist_name = artist_keys.artist_name
where artist_keys.match_method not in ('as written', 'unknown')
group by all
order by n_releases desc, releases.artist_name
