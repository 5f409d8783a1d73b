-- One row per line of a tracks file and snapshot. Key: snapshot_id, line. Reads: raw.files__tracks.
-- Unit: popularity 0-100 as the file says; duration_ms in milliseconds; loudness in dBFS; tempo in bpm;
-- release_date is the first day of its year or month where its precision is not day; isrc without hyphens.
select
    snapshot_id,
    line,
    track_id,
    artist_name,
    track_name,
    album_id,
    album_name,
    genre,
    case
        when regexp_full_match(replace(isrc, '-', ''), '[0-9A-Za-z]{12}')
            then upper(replace(isrc, '-', ''))
    end as isrc,
    popularity,
    "year",
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
    try_cast(
        case length(release_date)
            when 4 then release_date || '-01-01'
            when 7 then release_date || '-01'
            else release_date
        end as date
    ) as release_date,
    case length(release_date)
        when 4 then 'year'
        when 7 then 'month'
        when 10 then 'day'
    end as release_date_precision
from raw.files__tracks
