-- One row per artist: the popularity, where that comes from, and the track record in this warehouse.
-- Key: artist_key; artist_name is unique too. Reads: marts.artist_sources, marts.tracks.
-- Unit: artist_popularity and the track record 0-100. Homonyms share a row: the tracks files
-- name artists, no more. All spellings of a name share one too: artist_name is that of most tracks.
with
track_records as (
    select
        artist_key,
        count(*) as n_tracks,
        avg(popularity) as mean_popularity,
        max(popularity) as max_popularity,
        min("year") as first_year,
        max("year") as last_year,
        max(release_date) as last_release_date
    from marts.tracks
    group by artist_key
)
select
    artist_sources.artist_name,
    artist_sources.artist_id,
    artist_sources.popularity_source,
    artist_sources.match_method,
    artist_sources.artist_popularity,
    coalesce(track_records.n_tracks, 0) as n_tracks,
    track_records.mean_popularity,
    track_records.max_popularity,
    track_records.first_year,
    track_records.last_year,
    track_records.last_release_date,
    artist_sources.fetched_at,
    artist_sources.artist_key
from marts.artist_sources as artist_sources
left join track_records on artist_sources.artist_key = track_records.artist_key
