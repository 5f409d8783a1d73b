-- An album must stand once in marts.album_singles.
-- Severity: critical
-- Phase: scores
-- Table: marts.album_singles
select album_id, count(*) as n_rows
from marts.album_singles
group by album_id
having count(*) > 1
order by album_id
