-- One row per album with two or more scored new releases: the song most likely to become its most popular one.
-- Key: album_id. Reads: marts.ranked_releases, releases, scores, single_records.
-- Unit: p_best is the chance that the song ends as the album's most popular one; evidence is that of the song most is
-- known of. The record_ columns say how often such picks were right on albums like this one; a lead is clear only where
-- clear leads on such albums were, and not where more tracks of the album are known than stand here.
with
songs as (
    select
        ranked.album_id,
        ranked.album_name,
        ranked.artist_name,
        ranked.track_id,
        ranked.track_name,
        ranked.model_version,
        ranked.score,
        scores.p_best,
        count(*) over (partition by ranked.album_id) as n_tracks,
        max(releases.n_album_tracks) over (partition by ranked.album_id)
            as n_album_tracks,
        min(list_position(['full', 'some', 'little'], ranked.evidence)) over (
            partition by ranked.album_id
        ) as best_evidence,
        row_number() over (
            partition by ranked.album_id
            order by scores.p_best desc, ranked.score desc, ranked.track_id
        ) as place
    -- each join finds one row a track
    from marts.ranked_releases as ranked
    inner join marts.scores as scores on ranked.track_id = scores.track_id
    inner join marts.releases as releases on ranked.track_id = releases.track_id
    where ranked.album_id is not null and scores.p_best is not null
),
firsts as (
    select
        *,
        case when n_tracks >= 4 then '4+' else n_tracks::varchar end as size_class,
        ['full', 'some', 'little'][best_evidence] as evidence,
        coalesce(n_album_tracks > n_tracks, false) as is_fragment
    from songs
    where place = 1 and n_tracks >= 2
),
seconds as (
    select * from songs where place = 2
)
select
    firsts.album_id,
    firsts.album_name,
    firsts.artist_name,
    firsts.n_tracks,
    firsts.track_id as single_track_id,
    firsts.track_name as single_track_name,
    firsts.score as single_score,
    firsts.p_best,
    seconds.track_name as runner_up_track_name,
    seconds.p_best as runner_up_p_best,
    case
        when
            firsts.p_best >= 0.5
            and firsts.p_best >= 1.5 * seconds.p_best
            and records.has_clear
            and not firsts.is_fragment
            then 'clear'
        else 'too close to call'
    end as verdict,
    firsts.evidence,
    firsts.n_album_tracks,
    firsts.is_fragment,
    records.n_albums as record_n_albums,
    records.right_share as record_right_share,
    records.chance_share as record_chance_share,
    records.n_clear as record_n_clear,
    records.clear_right_share as record_clear_right_share
from firsts
inner join seconds on firsts.album_id = seconds.album_id
-- one row a version, size and evidence
left join marts.single_records as records
    on
        firsts.model_version = records.model_version
        and firsts.size_class = records.size_class
        and firsts.evidence = records.evidence
