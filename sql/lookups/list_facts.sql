-- What a reader of any list should know: who scored it, for which day, and how much was
-- known. One row.
-- Reads: marts.ranked_releases, releases, model_scoreboard.
-- Unit: coverage_90 0-1, of the champion on its latest test tracks (n_judged of them);
-- scored_at in UTC; all but the counts NULL where nothing is scored.
with
listed as (
    select
        count(*) as n_releases,
        max(ranked.model_version) as model_version,
        max(ranked.as_of_date) as as_of_date,
        max(ranked.run_id) as run_id,
        max(ranked.scored_at) as scored_at,
        count(ranked.artist_popularity) as n_with_artist_popularity,
        count(releases.danceability) as n_with_audio_features,
        count(ranked.genre) as n_with_genre,
        count(*) filter (where ranked.is_date_assumed) as n_with_assumed_date
    from marts.ranked_releases as ranked
    inner join marts.releases as releases on ranked.track_id = releases.track_id
),
judged as (
    -- one row a version, family and split
    select coverage_90, n as n_judged
    from marts.model_scoreboard
    where is_champion and split = 'temporal'
)
select *
from listed
left join judged on true
