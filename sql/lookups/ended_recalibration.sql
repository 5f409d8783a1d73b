-- The recalibration that the run before was adjusted by, where it has not been undone. One
-- row, or none.
-- Key: recalibration_id. Reads: marts.scored_lists, ledger.recalibrations.
with
run_before as (
    select model_version, recalibration_id
    from marts.scored_lists
    qualify row_number() over (order by scored_at desc, run_id desc) = 1
)
select run_before.model_version, run_before.recalibration_id
from run_before
anti join ledger.recalibrations as recalibrations
    on
        run_before.recalibration_id = recalibrations.recalibration_id
        and recalibrations.decision = 'undone'
where run_before.recalibration_id is not null
