-- Every genre that a file has written and that is not spelled out yet. Key: genre.
-- Reads: raw.files__tracks, files__releases, marts.genre_spellings.
with
written as (
    select genre from raw.files__tracks where genre is not null
    union
    select genre from raw.files__releases where genre is not null
)
select written.genre
from written
anti join marts.genre_spellings as spelled on written.genre = spelled.written_genre
