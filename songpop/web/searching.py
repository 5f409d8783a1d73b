"""Find tracks and albums by what a person types: every word must be in title, artist or album."""

from typing import Any

from songpop.web.published_reader import PublishedReader

SHOWN = 8
_MOST_WORDS = 8


def find_tracks(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find tracks whose title and artist hold every word, new releases first, the highest scores before others."""
    return _find(reader, "found_tracks", text, limit)


def find_albums(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find albums of two or more songs whose name and artist hold every word, new ones first."""
    return _find(reader, "found_albums", text, limit)


def find_artists(reader: PublishedReader, text: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """Find artists whose name holds every word, the best known first."""
    return _find(reader, "found_artists", text, limit)


def _find(reader: PublishedReader, lookup: str, text: str, limit: int) -> list[dict[str, Any]]:
    from songpop import queries

    words = text.split()
    # without a word nothing is looked for, but a file that is missing is said all the same
    with reader.reading() as con:
        if not words:
            return []
        return queries.read_rows(con, "lookups", lookup, words=words[:_MOST_WORDS], text=" ".join(words), limit=limit)
