-- One row per state of the match between an artist's name and Spotify's artists, the
-- commonest first.
-- Key: match_state. Reads: marts.artist_sources.
-- Unit: n_with_popularity counts artists whose popularity is known, whoever tells it.
select
    coalesce(match_state, 'not asked') as match_state,
    count(*) as n_artists,
    count(artist_popularity) as n_with_popularity
from marts.artist_sources
group by coalesce(match_state, 'not asked')
order by n_artists desc, match_state
