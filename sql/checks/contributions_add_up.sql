-- The contributions of a score must add up to its distance from the reference score.
-- Severity: critical
-- Phase: scores
-- Table: ledger.scores
-- Scores of versions before contributions were kept have none.
with
explained as (
    select
        track_id,
        score - reference_score as distance,
        contribution_sound
        + contribution_artist_popularity
        + contribution_artist_record
        + contribution_genre_and_year
        + contribution_release_date
        + contribution_album
        + contribution_title as explained
    from ledger.scores
    where run_id = $run_id
)
select track_id, distance, explained
from explained
where not (abs(distance - explained) < 1e-3)
order by track_id
