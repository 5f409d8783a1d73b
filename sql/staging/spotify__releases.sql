-- One row per track of an album that Spotify called new to a run. Key: run_id, track_id. Reads: raw.spotify__releases.
-- Unit: release_date is the first day of its year or month where its precision is not day; duration_ms milliseconds.
select
    run_id,
    track_id,
    artist_id,
    album_id,
    track_name,
    artist_name,
    album_name,
    album_type,
    market,
    found_by,
    coalesce(
        release_date_precision,
        case length(release_date)
            when 4 then 'year'
            when 7 then 'month'
            when 10 then 'day'
        end
    ) as release_date_precision,
    total_tracks as n_album_tracks,
    disc_number,
    track_number,
    duration_ms,
    explicit as is_explicit,
    -- Spotify writes the year 0000 where it knows none
    try_cast(
        case
            when release_date like '0000%' then null
            when length(release_date) = 4 then release_date || '-01-01'
            when length(release_date) = 7 then release_date || '-01'
            else release_date
        end as date
    ) as release_date,
    fetched_at,
    expires_at
from raw.spotify__releases
