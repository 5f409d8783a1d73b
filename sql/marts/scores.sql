-- One row per scored track: its newest score of a run that did not fail.
-- Key: track_id. Reads: ledger.scores, runs.
-- Unit: scores 0-100; score_low and score_high bound 90 % of outcomes; the four p_ columns sum to 1.
-- The contribution_ columns, in points, add up to score - reference_score; they, score_mean and family
-- are NULL in scores of versions before they were kept.
select
    track_id,
    run_id,
    model_version,
    family,
    album_id,
    drivers,
    score,
    score_mean,
    score_low,
    score_high,
    p_0_25,
    p_26_50,
    p_51_75,
    p_76_100,
    p_best,
    benchmark_score,
    reference_score,
    contribution_sound,
    contribution_artist_popularity,
    contribution_artist_record,
    contribution_genre_and_year,
    contribution_release_date,
    contribution_album,
    contribution_title,
    as_of_date,
    scored_at
from ledger.scores
where
    as_of_date <= $as_of_date
    and run_id not in (select run_id from ledger.runs where status = 'failed')
qualify row_number() over (
    partition by track_id
    order by scored_at desc, run_id desc
) = 1
