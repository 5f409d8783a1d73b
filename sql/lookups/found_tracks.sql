-- One row per track whose title and artist hold every word, or whose id is the text:
-- that one first, then titles that begin with the text, new releases, high scores.
-- Key: track_id. Reads: marts.releases, tracks, scores.
-- Unit: words are found in any case and without accents.
with
known as (
    select
        track_id,
        track_name,
        artist_name,
        genre,
        release_date,
        is_date_assumed,
        true as is_release,
        null as popularity
    from marts.releases
    union all
    select
        track_id,
        track_name,
        artist_name,
        genre,
        release_date,
        false as is_date_assumed,
        false as is_release,
        popularity
    from marts.tracks
),
folded as (
    select
        *,
        lower(strip_accents(track_name)) as title,
        lower(strip_accents(concat_ws(' ', track_name, artist_name))) as names
    from known
)
select
    folded.track_id,
    folded.track_name,
    folded.artist_name,
    folded.genre,
    folded.release_date,
    folded.is_date_assumed,
    folded.is_release
from folded
left join marts.scores as scores on folded.track_id = scores.track_id
where
    folded.track_id = $text
    or list_bool_and(
        list_transform($words, lambda word: contains(names, lower(strip_accents(word))))
    )
qualify
    row_number() over (partition by folded.track_id order by folded.is_release desc) = 1
order by
    folded.track_id = $text desc,
    starts_with(folded.title, lower(strip_accents($text))) desc,
    folded.is_release desc,
    coalesce(folded.popularity, scores.score) desc nulls last,
    folded.track_id
limit $limit
