-- One row per raw table of answers: how many things have one of an earlier run that has not expired. Key: table_name.
-- Reads: staging.spotify__artists, spotify__releases, spotify__audio_features, reccobeats__audio_features,
-- deezer__artists.
with
answers as (
    select 'spotify__artists' as table_name, artist_name as key, fetched_at, expires_at from staging.spotify__artists
    union all
    select 'spotify__releases', track_id, fetched_at, expires_at from staging.spotify__releases
    union all
    select 'spotify__audio_features', track_id, fetched_at, expires_at from staging.spotify__audio_features
    union all
    select 'reccobeats__audio_features', track_id, fetched_at, expires_at from staging.reccobeats__audio_features
    union all
    select 'deezer__artists', artist_name, fetched_at, expires_at from staging.deezer__artists
)
select table_name, count(distinct key) as n_answers
from answers
where fetched_at < $now and expires_at > $now
group by table_name
