-- No feature must count the lines of its file: such a column leaks the label, as the
-- Kaggle file's unnamed one does.
-- Severity: warning
-- Phase: inputs
-- Table: staging.files__tracks
-- Index-like: most values differ (by an estimate that may be a fifth off), and they
-- follow the line number.
-- Told from 100 rows on. A warning, for a file may also be sorted by a feature; its unnamed column is dropped anyway.
with
newest_load as (
    select snapshot_id from marts.snapshots where entity = 'tracks' and newness = 1
),
features as (
    select
        tracks.line,
        columns(tracks.* exclude (
            snapshot_id, line, track_id, artist_name, track_name, genre, popularity
        ))::double
    from staging.files__tracks as tracks
    inner join newest_load on tracks.snapshot_id = newest_load.snapshot_id
),
likeness as (
    select
        {
            n_known: count(columns(features.* exclude (line))),
            distinct_share: approx_count_distinct(columns(features.* exclude (line)))
            / nullif(count(columns(features.* exclude (line))), 0),
            line_correlation: corr(columns(features.* exclude (line)), line)
        }
    from features
),
measured as (
    unpivot likeness on columns(*) into name column_name value measure
)
select
    column_name,
    round(measure.line_correlation, 3) as line_correlation,
    measure.n_known
from measured
where
    measure.n_known >= 100
    and measure.distinct_share > 0.5
    and abs(measure.line_correlation) > 0.95
order by column_name
