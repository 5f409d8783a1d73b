-- One row per new release that lacks audio features and has an id of Spotify's form, without an unexpired answer.
-- Key: track_id. Reads: marts.releases, staging.spotify__releases, spotify__audio_features,
-- reccobeats__audio_features, ledger.unanswered.
with
wanted as (
    select track_id from marts.releases where feature_source = 'none'
    union
    select track_id from staging.spotify__releases where expires_at > $now
),
put_off as (
    -- the newest word of this service on each track
    select key as track_id
    from ledger.unanswered
    where service = $service and kind = 'audio_features'
    qualify
        row_number() over (partition by key order by asked_at desc) = 1
        and ask_again_at > $now
)
select track_id
from wanted
where
    regexp_full_match(track_id, '[0-9A-Za-z]{22}')
    and not starts_with(track_id, 'new')
    and track_id not in (
        select track_id from staging.spotify__audio_features where expires_at > $now
    )
    and track_id not in (
        select track_id from staging.reccobeats__audio_features where expires_at > $now
    )
    and track_id not in (select track_id from put_off)
order by track_id
