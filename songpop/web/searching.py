"""Find tracks and albums by what a person types: every word must be in title, artist or album."""

from typing import TYPE_CHECKING, Any

from songpop.web.published_reader import PublishedReader

if TYPE_CHECKING:
    import duckdb

SHOWN = 8
# every word is in one of the columns, in any case and without accents
HOLDS = """
    list_bool_and(list_transform($words, lambda word:
        contains(lower(strip_accents(concat_ws(' ', {columns}))), lower(strip_accents(word)))))
"""


def find_tracks(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find tracks whose title and artist hold every word, new releases first, the highest scores before others."""
    with reader.reading() as con:
        return _found(con, _TRACKS, text, limit)


def find_albums(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find albums of two or more songs whose name and artist hold every word, new ones first."""
    with reader.reading() as con:
        return _found(con, _ALBUMS, text, limit)


def find_artists(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find artists whose name holds every word, the best known first."""
    with reader.reading() as con:
        return _found(con, _ARTISTS, text, limit)


def _found(con: "duckdb.DuckDBPyConnection", query: str, text: str, limit: int) -> list[dict[str, Any]]:
    words = text.split()
    if not words:
        return []
    cursor = con.execute(query, {"words": words[:8], "text": " ".join(words), "limit": limit})
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_TRACKS = f"""
    with tracks as (
        select track_id, track_name, artist_name, genre, release_date, true as is_release, null as popularity
        from marts.releases
        union all
        select track_id, track_name, artist_name, genre, release_date, false, popularity from marts.tracks
    )
    select track_id, track_name, artist_name, genre, release_date, is_release
    from tracks
    left join marts.scores using (track_id)
    where track_id = $text or {HOLDS.format(columns="track_name, artist_name")}
    qualify row_number() over (partition by track_id order by is_release desc) = 1
    order by track_id = $text desc, starts_with(lower(strip_accents(track_name)), lower(strip_accents($text))) desc,
        is_release desc, coalesce(popularity, score) desc nulls last, track_id
    limit $limit
"""
_ALBUMS = f"""
    with songs as (
        select album_id, album_name, artist_name, release_date, true as is_release from marts.releases
        union all
        select album_id, album_name, artist_name, release_date, false from marts.tracks
    ),
    albums as (
        select album_id, is_release, any_value(album_name) as album_name, mode(artist_name) as artist_name,
            max(release_date) as release_date, count(*) as n_songs
        from songs
        where album_id is not null
        group by album_id, is_release
        having count(*) >= 2
    )
    select album_id, album_name, artist_name, release_date, is_release, n_songs
    from albums
    where album_id = $text or {HOLDS.format(columns="album_name, artist_name")}
    qualify row_number() over (partition by album_id order by is_release desc) = 1
    order by album_id = $text desc, starts_with(lower(strip_accents(album_name)), lower(strip_accents($text))) desc,
        is_release desc, n_songs desc, album_name, album_id
    limit $limit
"""
_ARTISTS = f"""
    select artist_name, artist_popularity::double as artist_popularity, popularity_source, n_tracks
    from marts.artists
    where {HOLDS.format(columns="artist_name")}
    order by lower(strip_accents(artist_name)) = lower(strip_accents($text)) desc,
        artist_popularity desc nulls last, n_tracks desc, artist_name
    limit $limit
"""
