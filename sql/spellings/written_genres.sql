-- Every genre that a file has written and that is not spelled out yet, or that none has written any more.
-- Key: new_name, gone_name, of which one is NULL.
-- Reads: raw.files__tracks, files__releases, marts.genre_spellings.
with
written as (
    select genre from raw.files__tracks where genre is not null
    union
    select genre from raw.files__releases where genre is not null
)
select written.genre as new_name, spelled.written_genre as gone_name
from written
full join (select distinct written_genre from marts.genre_spellings) as spelled
    on written.genre = spelled.written_genre
where written.genre is null or spelled.written_genre is null
