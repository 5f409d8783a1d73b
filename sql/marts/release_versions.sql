-- One row per scored new release: its rank, and which version of its recording it is.
-- Key: track_id. Reads: marts.releases, scores, recordings, release_evidence.
-- Unit: rank counts every track. place counts recordings, each by the version that stands for it: the one most is known
-- of, and of those the best; it is NULL where little is known of every version.
with
ranked as (
    -- each join finds one row a track
    select
        releases.track_id,
        recordings.recording_id,
        evidence.evidence,
        evidence.evidence_missing,
        row_number() over (order by scores.score desc, scores.track_id) as "rank"
    from marts.releases as releases
    inner join marts.scores as scores on releases.track_id = scores.track_id
    inner join marts.recordings as recordings
        on releases.track_id = recordings.track_id
    inner join marts.release_evidence as evidence
        on releases.track_id = evidence.track_id
),
versions as (
    select
        *,
        row_number() over (
            partition by recording_id
            order by list_position(['full', 'some', 'little'], evidence), "rank"
        ) as version_number
    from ranked
),
folded as (
    -- one row a recording
    select
        recording_id,
        list(track_id order by version_number) as version_ids,
        arg_min("rank", version_number) as leading_rank,
        arg_min(evidence, version_number) = 'little' as is_little
    from versions
    group by recording_id
),
placed as (
    select
        recording_id,
        version_ids,
        case
            when not is_little
                then row_number() over (order by is_little, leading_rank)
        end as place
    from folded
)
select
    versions.track_id,
    versions.recording_id,
    versions.evidence,
    versions.evidence_missing,
    list_filter(
        placed.version_ids, lambda version_id: version_id <> versions.track_id
    ) as other_version_ids,
    versions."rank",
    placed.place,
    len(placed.version_ids) as n_versions,
    versions.version_number
from versions
inner join placed on versions.recording_id = placed.recording_id
