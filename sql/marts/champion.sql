-- One row: the champion, the model version that scores new releases, as the newest decision says; none before the first.
-- Key: model_version. Reads: ledger.promotions, model_versions.
-- Unit: decided_at UTC, of that decision, which may have kept an older champion; of two at one instant the one of the
-- higher promotion_id counts. run_id is the run that decided.
with
newest_decision as (
    select *
    from ledger.promotions
    qualify row_number() over (order by decided_at desc, promotion_id desc) = 1
)
select
    newest_decision.champion as model_version,
    versions.family,
    newest_decision.decision,
    newest_decision.reason,
    newest_decision.previous_champion,
    newest_decision.run_id,
    versions.n_tracks,
    versions.as_of_date,
    versions.registered_at,
    newest_decision.decided_at
from newest_decision
left join ledger.model_versions as versions  -- model_version is its key
    on newest_decision.champion = versions.model_version
