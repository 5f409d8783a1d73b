"""Keep the spellings of artists and genres in the warehouse: what each written name may mean, as `names` says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from songpop import names, queries

ARTISTS, GENRES = "artist_spellings", "genre_spellings"
_COMMENTS = {
    ARTISTS: "One row per artist name as written and artist that it may mean. Key: artist_name, place.",
    GENRES: "One row per genre as written and genre that it may mean. Key: written_genre, place.",
}

_ARTIST_COLUMNS = pa.schema(
    [
        ("artist_name", pa.string()),
        ("place", pa.int64()),
        ("spelling", pa.string()),
        ("artist_key", pa.string()),
        ("loose_key", pa.string()),
        ("part", pa.string()),
        ("lead_key", pa.string()),
        ("rules", pa.int64()),
    ]
)
_GENRE_COLUMNS = pa.schema(
    [("written_genre", pa.string()), ("place", pa.int64()), ("genre_key", pa.string()), ("rules", pa.int64())]
)


def bring_up_to_date(con: duckdb.DuckDBPyConnection) -> None:
    """Bring marts.artist_spellings and marts.genre_spellings up to date with every name that a source has written.

    What a name may mean depends on the name alone, so only new names are spelled out, and all of them where `names`
    has other rules than when the table was made. Names that no source has any more go.
    """
    for table, written, spell, columns in (
        (ARTISTS, "written_artists", spell_artists, _ARTIST_COLUMNS),
        (GENRES, "written_genres", spell_genres, _GENRE_COLUMNS),
    ):
        if not _is_kept(con, table, columns):
            with registered(con, "spelled", spell([])):
                con.execute(f"create or replace table marts.{table} as from spelled")
            con.execute(f"comment on table marts.{table} is '{_COMMENTS[table]}'")
        changed = queries.read_rows(con, "spellings", written)
        gone = [row["gone_name"] for row in changed if row["gone_name"] is not None]
        new = [row["new_name"] for row in changed if row["new_name"] is not None]
        if gone:
            con.execute(f"delete from marts.{table} where list_contains(?, {columns.names[0]})", [gone])
        if new:
            with registered(con, "spelled", spell(new)):
                con.execute(f"insert into marts.{table} from spelled")


def spell_artists(written: Sequence[str]) -> pa.Table:
    """Return the artists that names may mean.

    Returns:
        `artist_name, place, spelling, artist_key, loose_key, part, lead_key, rules`, one row a written name and place.
    """
    rows = [
        (name, *spelling, names.lead_key(name), names.RULES) for name in written for spelling in names.spellings(name)
    ]
    return _table(rows, _ARTIST_COLUMNS)


def spell_genres(written: Sequence[str]) -> pa.Table:
    """Return the genres that written ones may mean: `written_genre, place, genre_key, rules`, a row for each."""
    rows = [
        (genre, place, key, names.RULES)
        for genre in written
        for place, key in enumerate(names.genre_keys(genre), start=1)
    ]
    return _table(rows, _GENRE_COLUMNS)


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    """Let queries of a connection read an Arrow table under a name."""
    con.register(name, table)
    try:
        yield
    finally:
        con.unregister(name)


def _is_kept(con: duckdb.DuckDBPyConnection, table: str, columns: pa.Schema) -> bool:
    """Say whether the table is there, with these columns and of these rules."""
    try:
        query = f"select {', '.join(columns.names)} from marts.{table} where rules <> ? limit 1"
        return not con.execute(query, [names.RULES]).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
