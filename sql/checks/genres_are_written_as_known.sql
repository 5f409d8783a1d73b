-- A genre that differs from the tracks' own must be a spelling of it, or hold it among
-- several: such releases are taken for releases of the genre that is known.
-- Severity: note
-- Phase: inputs
-- Table: marts.releases
-- One row per genre as the newest releases file writes it.
select releases.genre, genre_keys.genre as known_genre, count(*) as n_releases
from staging.files__releases as releases
inner join marts.snapshots as snapshots
    on releases.snapshot_id = snapshots.snapshot_id
inner join marts.genre_keys as genre_keys
    on releases.genre = genre_keys.written_genre
where
    snapshots.newness = 1
    and genre_keys.is_known
    and genre_keys.genre <> releases.genre
group by all
order by n_releases desc, releases.genre
