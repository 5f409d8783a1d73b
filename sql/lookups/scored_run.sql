-- The run that is meant by its id, or by a day: the last that spoke for it or for one
-- before. One row, or none.
-- Key: run_id. Reads: marts.rank_history.
select run_id
from marts.rank_history
where run_id = $run_id or as_of_date <= $day
order by as_of_date desc, scored_at desc, run_id desc
limit 1
