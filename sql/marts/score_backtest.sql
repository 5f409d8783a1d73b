-- One row per score and popularity seen after the day the score spoke for.
-- Key: track_id, as_of_date, observed_at. Reads: ledger.scores, runs, model_versions,
-- popularity_observations, marts.snapshots, staging.files__tracks.
-- Left out: a popularity seen before the model was fitted, or that it learned from, and
-- every track that it learned from, whenever it was seen again.
-- Unit: error is score minus popularity; age_days from release to observation; covered: popularity lay in the interval.
-- The shipped_ columns are as the model gave them, before a recalibration or a widening.
with
observations as (
    select null as snapshot_id, track_id, observed_at, popularity
    from ledger.popularity_observations
    union all
    select
        tracks.snapshot_id,
        tracks.track_id,
        snapshots.snapshot_date::timestamp,
        tracks.popularity
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
),
scores_of_a_day as (
    -- one row a track and as-of date: the day's last run that did not fail
    select *
    from ledger.scores
    where run_id not in (select run_id from ledger.runs where status = 'failed')
    qualify row_number() over (
        partition by track_id, as_of_date
        order by scored_at desc, run_id desc
    ) = 1
),
learned_tracks as (
    -- one row a scored track and version that had learned from it
    select distinct scores.model_version, scores.track_id
    from scores_of_a_day as scores
    inner join ledger.model_versions as versions
        on scores.model_version = versions.model_version
    inner join staging.files__tracks as tracks on scores.track_id = tracks.track_id
    where
        list_contains(versions.data_snapshot_ids, tracks.snapshot_id)
        and tracks.popularity is not null
)
select
    scores.track_id,
    scores.model_version,
    scores.run_id,
    scores.album_id,
    scores.score,
    scores.score_low,
    scores.score_high,
    coalesce(scores.shipped_score, scores.score) as shipped_score,
    coalesce(scores.shipped_low, scores.score_low) as shipped_low,
    coalesce(scores.shipped_high, scores.score_high) as shipped_high,
    scores.benchmark_score,
    observations.popularity,
    scores.score - observations.popularity as error,
    observations.observed_at::date - scores.release_date as age_days,
    observations.popularity between scores.score_low and scores.score_high as covered,
    scores.as_of_date,
    observations.observed_at
from scores_of_a_day as scores
inner join observations on scores.track_id = observations.track_id
left join ledger.model_versions as versions
    on scores.model_version = versions.model_version
anti join learned_tracks
    on
        scores.model_version = learned_tracks.model_version
        and scores.track_id = learned_tracks.track_id
where
    observations.popularity is not null
    and observations.observed_at::date > scores.as_of_date
    -- scores of an earlier day may come from a later model
    and observations.observed_at::date
    > coalesce(versions.as_of_date, scores.as_of_date)
-- one row a track, score and moment, should two files speak of the same
qualify row_number() over (
    partition by scores.track_id, scores.as_of_date, observations.observed_at
    order by observations.snapshot_id nulls first, observations.popularity desc
) = 1
