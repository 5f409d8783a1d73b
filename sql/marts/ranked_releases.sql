-- One row per scored new release, best first: the list that people read. Key: track_id; rank is unique too.
-- Reads: marts.releases, release_versions, scores, rank_history, artist_sources, artists, genre_keys.
-- Unit: previous_rank is that of the whole list of the run before; rank_change the places moved among the releases
-- that both runs scored, a rise positive; score_change in points. Percentiles 0-100, NULL where no track has the
-- genre; the contribution_ columns, in points, add up to score - reference_score; place counts recordings.
with
ranked as (
    select
        versions."rank",
        releases.track_id,
        releases.album_id,
        releases.track_name,
        releases.artist_name,
        releases.album_name,
        releases.genre,
        artist_sources.popularity_source,
        scores.drivers,
        scores.model_version,
        scores.run_id,
        scores.score,
        scores.score_low,
        scores.score_high,
        scores.p_0_25,
        scores.p_26_50,
        scores.p_51_75,
        scores.p_76_100,
        scores.benchmark_score,
        scores.reference_score,
        scores.contribution_sound,
        scores.contribution_artist_popularity,
        scores.contribution_artist_record,
        scores.contribution_genre_and_year,
        scores.contribution_release_date,
        scores.contribution_album,
        scores.contribution_title,
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
        coalesce(artists.n_tracks, 0) > 0 as is_artist_known,
        artist_sources.artist_popularity,
        artist_sources.fetched_at,
        releases."year",
        releases.release_age_days,
        releases.release_date,
        releases.artist_key,
        releases.feature_source,
        scores.as_of_date,
        scores.scored_at,
        versions.recording_id,
        versions.n_versions,
        versions.version_number,
        versions.other_version_ids,
        versions.place,
        versions.evidence,
        versions.evidence_missing
    from marts.releases as releases
    inner join marts.scores as scores on releases.track_id = scores.track_id
    inner join marts.release_versions as versions
        on releases.track_id = versions.track_id
    left join marts.artist_sources as artist_sources
        on releases.artist_key = artist_sources.artist_key
    left join marts.artists as artists on releases.artist_key = artists.artist_key
    left join marts.genre_keys as genre_keys
        on releases.genre = genre_keys.written_genre
),
previous_run as (
    -- the newest run that scored before the one that readers see now
    select run_id
    from marts.rank_history
    where run_id not in (select run_id from ranked)
    qualify row_number() over (order by scored_at desc, run_id desc) = 1
),
previous_ranks as (
    -- one row a release that both runs scored
    select
        history.track_id,
        history."rank" as previous_rank,
        row_number() over (order by history."rank")
        - row_number() over (order by ranked."rank") as rank_change,
        history.score as previous_score,
        ranked.score - history.score as score_change
    from marts.rank_history as history
    inner join previous_run on history.run_id = previous_run.run_id
    inner join ranked on history.track_id = ranked.track_id
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
    ranked."rank",
    previous_ranks.previous_rank,
    previous_ranks.rank_change,
    peaks.peak_rank,
    peaks.peak_date,
    days_listed.first_listed_date,
    days_listed.n_days_listed,
    ranked.track_id,
    ranked.album_id,
    ranked.track_name,
    ranked.artist_name,
    ranked.album_name,
    ranked.release_date,
    ranked."year",
    ranked.genre,
    ranked.score,
    ranked.score_low,
    ranked.score_high,
    previous_ranks.previous_score,
    previous_ranks.score_change,
    ranked.percentile_in_genre,
    ranked.percentile_in_year,
    ranked.artist_popularity,
    ranked.popularity_source,
    ranked.fetched_at,
    ranked.is_artist_known,
    ranked.drivers,
    ranked.p_0_25,
    ranked.p_26_50,
    ranked.p_51_75,
    ranked.p_76_100,
    ranked.benchmark_score,
    ranked.release_age_days,
    ranked.model_version,
    ranked.run_id,
    ranked.as_of_date,
    ranked.scored_at,
    ranked.artist_key,
    ranked.feature_source,
    ranked.reference_score,
    ranked.contribution_sound,
    ranked.contribution_artist_popularity,
    ranked.contribution_artist_record,
    ranked.contribution_genre_and_year,
    ranked.contribution_release_date,
    ranked.contribution_album,
    ranked.contribution_title,
    ranked.recording_id,
    ranked.n_versions,
    ranked.version_number,
    ranked.other_version_ids,
    ranked.place,
    ranked.evidence,
    ranked.evidence_missing
from ranked
left join previous_ranks on ranked.track_id = previous_ranks.track_id
left join peaks on ranked.track_id = peaks.track_id
left join days_listed on ranked.track_id = days_listed.track_id
