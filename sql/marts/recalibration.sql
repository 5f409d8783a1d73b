-- One row: the recalibration in force, none where there is none: it was undone, or another version was promoted since.
-- Key: recalibration_id. Reads: ledger.recalibrations, promotions, runs.
-- Unit: knots of a rising map of scores, 0-100; margin in points; measures before and after are of tracks that the map
-- was not fitted on; taken_at UTC.
with
newest_decision as (
    select *
    from ledger.recalibrations
    qualify row_number() over (
        order by decided_at desc, decision desc, recalibration_id desc
    ) = 1
),
promotions_that_hold as (
    -- a failed run gave its promotions back
    select champion, decided_at
    from ledger.promotions
    where run_id not in (select run_id from ledger.runs where status = 'failed')
)
select
    recalibration_id,
    model_version,
    run_id,
    n_tracks,
    from_scores,
    to_scores,
    margin,
    is_of_other_world,
    mae_before,
    mae_after,
    bias_before,
    bias_after,
    spearman_before,
    spearman_after,
    coverage_before,
    coverage_after,
    width_before,
    width_after,
    reason,
    decided_at as taken_at
from newest_decision
where
    decision = 'taken'
    and not exists (
        select 1
        from promotions_that_hold as promotions
        where
            promotions.decided_at > newest_decision.decided_at
            and promotions.champion <> newest_decision.model_version
    )
