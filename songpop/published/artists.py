"""Look up artists of the readers' file by the names that a person writes."""

from collections.abc import Sequence

import duckdb
import polars as pl

from songpop import resources


def find_artists(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pl.DataFrame:
    """Find artists by name, in any case and without accents.

    Args:
        con: the readers' file.
        names: as written.

    Returns:
        `asked_name, artist_name, artist_id, artist_popularity`, one row a name that is known: the artist's name as the
        tracks have it, and the popularity that models may read, 0-100.
    """
    return con.execute(resources.sql_path("lookups", "artists_by_name").read_text(), {"names": list(names)}).pl()
