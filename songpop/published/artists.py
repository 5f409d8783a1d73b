"""Look up artists and genres of the readers' file by the names that a person or a file writes."""

from collections.abc import Sequence

import duckdb
import polars as pl

from songpop import queries, spellings


def find_artists(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pl.DataFrame:
    """Find artists by name, as the nightly job does: in any spelling, and of several the first who is known.

    Args:
        con: the readers' file.
        names: as written.

    Returns:
        `asked_name, artist_name, artist_key, artist_id, artist_popularity, artist_names, match_method`, one row a name
        that is known: the artist's name as the tracks have it, and the popularity that models may read, 0-100.
    """
    written = list(dict.fromkeys(names))
    with spellings.registered(con, "asked_spellings", spellings.spell_artists(written)):
        found = queries.read_frame(con, "marts", "artist_keys", spellings="asked_spellings")
    with spellings.registered(con, "asked_keys", found.to_arrow()):
        return queries.read_frame(con, "lookups", "artists_by_name", keys="asked_keys")


def find_genres(con: duckdb.DuckDBPyConnection, genres: Sequence[str]) -> pl.DataFrame:
    """Find genres of the tracks, as the nightly job does: in any spelling, and of a list the first that is known.

    Args:
        con: the readers' file.
        genres: as written.

    Returns:
        `written_genre, genre, is_known`, one row a genre: the text itself where no track has it.
    """
    with spellings.registered(con, "asked_genres", spellings.spell_genres(list(dict.fromkeys(genres)))):
        return queries.read_frame(con, "marts", "genre_keys", genre_spellings="asked_genres")
