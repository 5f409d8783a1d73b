-- One row per genre as written: which genre of the tracks it is. Key: written_genre.
-- Reads: $genre_spellings (marts.genre_spellings), staging.files__tracks, marts.snapshots.
-- Unit: genre is the spelling of most tracks, of a list the first that tracks have; the text itself where none is known.
-- Case, blanks, hyphens and stores' names for the same sort of music are folded.
with
spellings as (
    select written_genre, place, genre_key from query_table($genre_spellings)
),
written as (
    select tracks.genre, count(*) as n_tracks
    from staging.files__tracks as tracks
    inner join marts.snapshots as snapshots
        on tracks.snapshot_id = snapshots.snapshot_id
    where tracks.genre is not null
    group by tracks.genre
),
known as (
    -- one row a key: how most tracks spell it
    select spellings.genre_key, written.genre
    from written
    inner join marts.genre_spellings as spellings
        on written.genre = spellings.written_genre
    where spellings.place = 1
    qualify row_number() over (
        partition by spellings.genre_key
        order by written.n_tracks desc, written.genre
    ) = 1
),
best as (
    select spellings.written_genre, known.genre
    from spellings
    inner join known on spellings.genre_key = known.genre_key
    qualify row_number() over (
        partition by spellings.written_genre
        order by spellings.place
    ) = 1
)
select distinct
    spellings.written_genre,
    coalesce(best.genre, spellings.written_genre) as genre,
    best.genre is not null as is_known
from spellings
left join best on spellings.written_genre = best.written_genre
