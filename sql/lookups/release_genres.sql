-- One row per genre of the scored new releases, the commonest first.
-- Key: genre. Reads: marts.ranked_releases.
select genre
from marts.ranked_releases
where genre is not null
group by genre
order by count(*) desc, genre
