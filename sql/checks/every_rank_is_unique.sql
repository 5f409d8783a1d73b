-- Ranks must count 1, 2, 3 without a gap, each once.
-- Severity: critical
-- Phase: scores
-- Table: marts.ranked_releases
with
numbered as (
    select
        track_id,
        "rank",
        row_number() over (order by "rank", track_id) as expected_rank
    from marts.ranked_releases
)
select track_id, "rank", expected_rank
from numbered
where "rank" is distinct from expected_rank
order by track_id
