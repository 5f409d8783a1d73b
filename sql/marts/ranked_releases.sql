-- One row per scored new release, best first: the list that people read. Key: track_id; rank is unique too.
-- Reads: marts.releases, release_versions, scores, rank_history, artist_sources, artists, genre_keys.
-- Unit: previous_rank is that of the whole list of the run before; rank_change the places moved among the releases
-- that both runs scored, a rise positive; score_change in points. Percentiles 0-100, NULL where no track has the
-- genre; the contribution_ columns, in points, add up to score - reference_score; place counts recordings.
with
listed as (
    -- one row a scored release
    select versions.track_id, versions."rank", scores.run_id, scores.score
    from marts.release_versions as versions
    inner join marts.scores as scores on versions.track_id = scores.track_id
),
previous_run as (
    -- the newest run that scored before the one that readers see now
    select run_id
    from marts.rank_history
    where run_id not in (select run_id from listed)
    qualify row_number() over (order by scored_at desc, run_id desc) = 1
),
previous_ranks as (
    -- one row a release that both runs scored
    select
        history.track_id,
        history."rank" as previous_rank,
        row_number() over (order by history."rank")
        - row_number() over (order by listed."rank") as rank_change,
        history.score as previous_score,
        listed.score - history.score as score_change
    from marts.rank_history as history
    inner join previous_run on history.run_id = previous_run.run_id
    inner join listed on history.track_id = listed.track_id
),
peaks as (
    -- one row a track: the first time that it stood highest
    select track_id, "rank" as peak_rank, as_of_date as peak_date
    from marts.rank_history
    qualify row_number() over (
        partition by track_id
        order by "rank", as_of_date, run_id
    ) = 1
),
days_listed as (
    select
        track_id,
        min(as_of_date) as first_listed_date,
        count(distinct as_of_date) as n_days_listed
    from marts.rank_history
    group by track_id
)
select
    versions."rank",
    previous_ranks.previous_rank,
    previous_ranks.rank_change,
    peaks.peak_rank,
    peaks.peak_date,
    days_listed.first_listed_date,
    days_listed.n_days_listed,
    releases.track_id,
    releases.album_id,
    releases.track_name,
    releases.artist_name,
    releases.album_name,
    releases.release_date,
    releases.is_date_assumed,
    releases."year",
    releases.genre,
    scores.score,
    scores.score_mean,
    scores.score_low,
    scores.score_high,
    previous_ranks.previous_score,
    previous_ranks.score_change,
    case
        when genre_keys.is_known
            then 100 * cume_dist() over (
                partition by releases.genre order by scores.score
            )
    end as percentile_in_genre,
    case
        when releases."year" is not null
            then 100 * cume_dist() over (
                partition by releases."year" order by scores.score
            )
    end as percentile_in_year,
    artist_sources.artist_popularity,
    artist_sources.popularity_source,
    artist_sources.fetched_at,
    coalesce(artists.n_tracks, 0) > 0 as is_artist_known,
    scores.drivers,
    scores.p_0_25,
    scores.p_26_50,
    scores.p_51_75,
    scores.p_76_100,
    scores.benchmark_score,
    releases.release_age_days,
    scores.model_version,
    scores.family,
    scores.run_id,
    scores.as_of_date,
    scores.scored_at,
    releases.artist_key,
    releases.feature_source,
    scores.reference_score,
    scores.contribution_sound,
    scores.contribution_artist_popularity,
    scores.contribution_artist_record,
    scores.contribution_genre_and_year,
    scores.contribution_release_date,
    scores.contribution_album,
    scores.contribution_title,
    versions.recording_id,
    versions.n_versions,
    versions.version_number,
    versions.other_version_ids,
    versions.place,
    versions.evidence,
    versions.evidence_missing
from marts.releases as releases
inner join marts.scores as scores on releases.track_id = scores.track_id
inner join marts.release_versions as versions on releases.track_id = versions.track_id
left join marts.artist_sources as artist_sources
    on releases.artist_key = artist_sources.artist_key
left join marts.artists as artists on releases.artist_key = artists.artist_key
left join marts.genre_keys as genre_keys
    on releases.genre = genre_keys.written_genre
left join previous_ranks on releases.track_id = previous_ranks.track_id
left join peaks on releases.track_id = peaks.track_id
left join days_listed on releases.track_id = days_listed.track_id
