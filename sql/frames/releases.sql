-- The model frame of every new release. Key: track_id. Reads: marts.releases, marts.artist_sources.
-- Audio features of a source that models may not read are NULL.
select
    releases.track_id,
    releases.artist_name,
    releases.artist_key,
    releases.artist_id,
    releases.track_name,
    releases.album_id,
    releases.album_name,
    releases.genre,
    releases."year"::integer as "year",
    releases.release_date,
    releases.release_date_precision,
    releases.is_date_assumed,
    releases.danceability,
    releases.energy,
    releases."key",
    releases.loudness,
    releases."mode",
    releases.speechiness,
    releases.acousticness,
    releases.instrumentalness,
    releases.liveness,
    releases.valence,
    releases.tempo,
    releases.duration_ms,
    releases.time_signature,
    artist_sources.popularity_for_models as artist_popularity,
    releases.n_album_tracks::integer as n_album_tracks
from (
    select
        * replace (
            case when is_for_models then danceability end as danceability,
            case when is_for_models then energy end as energy,
            case when is_for_models then "key" end as "key",
            case when is_for_models then loudness end as loudness,
            case when is_for_models then "mode" end as "mode",
            case when is_for_models then speechiness end as speechiness,
            case when is_for_models then acousticness end as acousticness,
            case when is_for_models then instrumentalness end as instrumentalness,
            case when is_for_models then liveness end as liveness,
            case when is_for_models then valence end as valence,
            case when is_for_models then tempo end as tempo,
            case when is_for_models then time_signature end as time_signature,
            case when is_for_models then duration_ms end as duration_ms
        )
    from marts.releases
) as releases
left join marts.artist_sources as artist_sources
    on releases.artist_key = artist_sources.artist_key
order by releases.track_id
