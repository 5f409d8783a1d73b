-- One row per new release that lacks audio features and has an id of Spotify's form, without an unexpired answer.
-- Key: track_id. Reads: marts.releases, staging.spotify__releases, staging.spotify__audio_features.
with
wanted as (
    select track_id from marts.releases where danceability is null
    union
    select track_id from staging.spotify__releases where expires_at > $now
)
select track_id
from wanted
where
    regexp_full_match(track_id, '[0-9A-Za-z]{22}')
    and track_id not in (select track_id from staging.spotify__audio_features where expires_at > $now)
order by track_id
