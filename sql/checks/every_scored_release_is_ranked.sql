-- Every new release that has a score must stand in marts.ranked_releases once, and
-- nothing else may.
-- Severity: critical
-- Phase: scores
-- Table: marts.ranked_releases
with
wanted as (
    select releases.track_id, 1 as n_wanted
    from marts.releases as releases
    semi join marts.scores as scores on releases.track_id = scores.track_id
),
ranked as (
    select track_id, count(*) as n_ranked
    from marts.ranked_releases
    group by track_id
)
select
    coalesce(wanted.track_id, ranked.track_id) as track_id,
    coalesce(wanted.n_wanted, 0) as n_wanted,
    coalesce(ranked.n_ranked, 0) as n_ranked
from wanted
full join ranked on wanted.track_id = ranked.track_id
where wanted.n_wanted is distinct from ranked.n_ranked
order by track_id
