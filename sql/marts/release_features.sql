-- One row per track whose audio features a service gave: those of the most preferred source that has them.
-- Key: track_id. Reads: staging.spotify__audio_features, reccobeats__audio_features, ledger.runs, scale_mappings.
-- Unit: as Spotify's; the values of another source are mapped to its scale where the two were seen to differ on tracks
-- that both know (ledger.scale_mappings).
with
later_runs as (
    select run_id from ledger.runs where as_of_date > $as_of_date
),
spotify as (
    -- one row a track: the newest answer
    select *
    from staging.spotify__audio_features
    where run_id not in (from later_runs)
    qualify row_number() over (
        partition by track_id
        order by fetched_at desc, run_id
    ) = 1
),
reccobeats as (
    -- one row a track: the newest answer
    select *
    from staging.reccobeats__audio_features
    where run_id not in (from later_runs)
    qualify row_number() over (
        partition by track_id
        order by fetched_at desc, run_id
    ) = 1
),
mappings as (
    -- one row a quantity: the newest mapping, a straight line between two knots
    select quantity, from_values, to_values
    from ledger.scale_mappings
    where source = 'reccobeats' and run_id not in (from later_runs)
    qualify row_number() over (
        partition by quantity
        order by fitted_at desc, run_id
    ) = 1
),
told as (
    -- one row a track and quantity
    unpivot (
        select
            track_id,
            danceability,
            energy,
            loudness,
            speechiness,
            acousticness,
            instrumentalness,
            liveness,
            valence,
            tempo
        from reccobeats
    ) on columns(* exclude track_id) into name quantity value told_value
),
mapped as (
    select
        told.track_id,
        told.quantity,
        case
            when mappings.quantity is null then told.told_value
            else least(
                greatest(
                    mappings.to_values[1] + (told.told_value - mappings.from_values[1])
                    * (mappings.to_values[2] - mappings.to_values[1])
                    / (mappings.from_values[2] - mappings.from_values[1]),
                    case when told.quantity = 'loudness' then -60 else 0 end
                ),
                case told.quantity
                    when 'loudness' then 5 when 'tempo' then 300 else 1
                end
            )
        end as mapped_value
    from told
    left join mappings on told.quantity = mappings.quantity
),
on_our_scale as (
    -- one row a track
    pivot mapped on quantity in (
        'danceability', 'energy', 'loudness', 'speechiness', 'acousticness',
        'instrumentalness', 'liveness', 'valence', 'tempo'
    ) using any_value(mapped_value) group by track_id
),
answers as (
    select
        track_id,
        'spotify' as feature_source,
        danceability,
        energy,
        "key",
        loudness,
        "mode",
        speechiness,
        acousticness,
        instrumentalness,
        liveness,
        valence,
        tempo,
        duration_ms,
        time_signature,
        fetched_at,
        expires_at
    from spotify
    union all
    select
        reccobeats.track_id,
        'reccobeats',
        on_our_scale.danceability,
        on_our_scale.energy,
        reccobeats."key",
        on_our_scale.loudness,
        reccobeats."mode",
        on_our_scale.speechiness,
        on_our_scale.acousticness,
        on_our_scale.instrumentalness,
        on_our_scale.liveness,
        on_our_scale.valence,
        on_our_scale.tempo,
        null,
        null,
        reccobeats.fetched_at,
        reccobeats.expires_at
    from reccobeats
    inner join on_our_scale on reccobeats.track_id = on_our_scale.track_id
)
select *
from answers
where list_contains($source_order, feature_source)
qualify row_number() over (
    partition by track_id
    order by list_position($source_order, feature_source)
) = 1
