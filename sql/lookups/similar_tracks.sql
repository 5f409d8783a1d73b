-- Tracks whose id or title, with or without the artist, is nearest to what was asked for, nearest first.
-- Key: track_id. Reads: marts.releases, tracks.
-- Unit: likeness 0-1, by Jaro and Winkler, without case and accents; a new release comes before an old track.
with
tracks as (
    select track_id, track_name, artist_name, 1 as preference from marts.releases
    union all
    select track_id, track_name, artist_name, 2 from marts.tracks
),
folded as (
    select
        *,
        lower(strip_accents($wanted)) as wanted,
        lower(strip_accents(coalesce(track_name, ''))) as title,
        lower(strip_accents(artist_name)) as artist
    from tracks
),
judged as (
    select
        track_id,
        track_name,
        artist_name,
        preference,
        greatest(
            jaro_winkler_similarity(title, wanted),
            jaro_winkler_similarity(lower(track_id), wanted),
            jaro_winkler_similarity(title || ' ' || artist, wanted),
            jaro_winkler_similarity(artist || ' ' || title, wanted)
        ) as likeness
    from folded
)
select track_id, track_name, artist_name
from judged
where likeness >= 0.8
qualify row_number() over (partition by track_id order by preference) = 1
order by likeness desc, preference, track_id
limit $limit
