-- Whether the scores of the newest list can be trusted. One row, none where no run of this
-- version has scored.
-- Key: run_id. Reads: marts.scores, scored_lists.
-- Unit: spread_low and spread_high 0-100, what intervals reach at least.
with
newest_run as (
    select run_id
    from marts.scores
    qualify row_number() over (order by scored_at desc, run_id desc, track_id) = 1
)
select
    lists.run_id,
    lists.is_other_world,
    lists.reason,
    lists.is_trusted,
    lists.spread_low,
    lists.spread_high
from marts.scored_lists as lists
inner join newest_run on lists.run_id = newest_run.run_id
