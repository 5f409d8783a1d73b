-- One row per run that scored, newest first: the day that it spoke for.
-- Key: run_id. Reads: marts.rank_history.
select run_id, any_value(as_of_date) as as_of_date
from marts.rank_history
group by run_id
order by max(scored_at) desc, run_id desc
limit $limit
