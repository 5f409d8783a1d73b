-- Every artist name that a source has written and that is not spelled out yet, or that none has written any more.
-- Key: new_name, gone_name, of which one is NULL.
-- Reads: raw.files__tracks, files__releases, files__artists, files__watchlist, files__pins, spotify__releases,
-- spotify__artists, deezer__artists, listenbrainz__artists, marts.artist_spellings.
with
written as (
    select artist_name from raw.files__tracks
    union
    select artist_name from raw.files__releases
    union
    select artist_name from raw.files__artists
    union
    select artist_name from raw.files__watchlist
    union
    select artist_name from raw.files__pins
    union
    select artist_name from raw.spotify__releases where artist_name is not null
    union
    select artist_name from raw.spotify__artists
    union
    select artist_name from raw.deezer__artists
    union
    select artist_name from raw.listenbrainz__artists
)
select written.artist_name as new_name, spelled.artist_name as gone_name
from written
full join (select distinct artist_name from marts.artist_spellings) as spelled
    on written.artist_name = spelled.artist_name
where written.artist_name is null or spelled.artist_name is null
