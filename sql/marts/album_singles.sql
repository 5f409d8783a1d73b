-- One row per album with two or more scored new releases: the song most likely to become its most popular one.
-- Key: album_id. Reads: marts.ranked_releases, scores.
-- Unit: p_best is the chance that the song ends as the album's most popular one; verdict clear or too close to call;
-- evidence is that of the song most is known of.
with
songs as (
    select
        releases.album_id,
        releases.album_name,
        releases.artist_name,
        releases.track_id,
        releases.track_name,
        releases.score,
        scores.p_best,
        count(*) over (partition by releases.album_id) as n_tracks,
        min(list_position(['full', 'some', 'little'], releases.evidence)) over (
            partition by releases.album_id
        ) as best_evidence,
        row_number() over (
            partition by releases.album_id
            order by scores.p_best desc, releases.score desc, releases.track_id
        ) as place
    from marts.ranked_releases as releases
    inner join marts.scores as scores on releases.track_id = scores.track_id
    where releases.album_id is not null and scores.p_best is not null
),
firsts as (
    select * from songs where place = 1 and n_tracks >= 2
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
        when firsts.p_best >= 0.5 and firsts.p_best >= 1.5 * seconds.p_best then 'clear'
        else 'too close to call'
    end as verdict,
    ['full', 'some', 'little'][firsts.best_evidence] as evidence
from firsts
inner join seconds on firsts.album_id = seconds.album_id
