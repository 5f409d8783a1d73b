-- How many new releases there are, and of how many of them what is known. One row.
-- Reads: marts.releases, scores, artist_sources.
-- Unit: each counts new releases, whether they are scored or not.
select
    count(*) as n_releases,
    count(sources.artist_popularity) as n_with_artist_popularity,
    count(releases.danceability) as n_with_audio_features,
    count(scores.track_id) as n_scored
from marts.releases as releases
-- one row an artist
left join marts.artist_sources as sources on releases.artist_key = sources.artist_key
-- one row a scored track
left join marts.scores as scores on releases.track_id = scores.track_id
