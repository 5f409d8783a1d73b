-- One row per score and popularity seen on or after the day the score spoke for.
-- Key: track_id, as_of_date, observed_at. Reads: ledger.scores, popularity_observations, snapshots, staging.files__tracks.
-- Unit: error is score minus popularity; age_days from release to observation; covered: popularity lay in the interval.
with
observations as (
    select track_id, observed_at, popularity from ledger.popularity_observations
    union
    select tracks.track_id, snapshots.snapshot_date::timestamp, tracks.popularity
    from staging.files__tracks as tracks
    inner join ledger.snapshots as snapshots on tracks.snapshot_id = snapshots.snapshot_id
),
newest_observations as (
    -- one row a track and moment, should two files speak of the same
    select *
    from observations
    qualify row_number() over (partition by track_id, observed_at order by popularity desc) = 1
),
scores_of_a_day as (
    -- one row a track and as-of date: the day's last run
    select *
    from ledger.scores
    qualify row_number() over (partition by track_id, as_of_date order by scored_at desc, run_id desc) = 1
)
select
    scores.track_id,
    scores.model_version,
    scores.score,
    scores.score_low,
    scores.score_high,
    observations.popularity,
    scores.score - observations.popularity as error,
    observations.observed_at::date - scores.release_date as age_days,
    observations.popularity between scores.score_low and scores.score_high as covered,
    scores.as_of_date,
    observations.observed_at
from scores_of_a_day as scores
inner join newest_observations as observations on scores.track_id = observations.track_id
where observations.observed_at::date >= scores.as_of_date
