-- Every new release must have a score of the run.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
-- Asked of a run that is going on: a later look back sees releases that came after the
-- scores.
select releases.track_id, releases.artist_name, releases.track_name
from marts.releases as releases
anti join (
    select track_id from ledger.scores where run_id = $run_id
) as scored on releases.track_id = scored.track_id
where
    exists (
        select run_id
        from ledger.runs
        where run_id = $run_id and finished_at is null and flow <> 'check'
    )
order by releases.track_id
