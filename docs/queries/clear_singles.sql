-- Albums whose single is clear, the surest first.
select
    album_name,
    artist_name,
    n_tracks,
    single_track_name,
    round(100 * p_best) as percent_best,
    runner_up_track_name,
    round(100 * runner_up_p_best) as percent_runner_up
from marts.album_singles
where verdict = 'clear'
order by p_best desc, album_id
limit 20
