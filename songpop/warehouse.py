"""The writer's DuckDB file: open it, run its SQL files, build what is derived, publish what readers open."""

import re
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from songpop import queries, resources, spellings, swapped_files
from songpop.declared_sources import DEFAULT_NAMES
from songpop.errors import WarehouseError
from songpop.settings import Settings
from songpop.swapped_files import first_line

SCHEMAS = ("raw", "staging", "marts", "ledger")

# marts read staging, the ledger and the marts before them in this list
BUILD_ORDER = (
    "snapshots",
    "unchecked_files",
    "artist_audiences",
    "known_artists",
    "artist_keys",
    "genre_keys",
    "album_ids",
    "album_sizes",
    "artist_popularities",
    "artist_sources",
    "tracks",
    "artists",
    "release_features",
    "release_candidates",
    "releases",
    "release_titles",
    "recordings",
    "champion",
    "release_evidence",
    "scores",
    "release_versions",
    "rank_history",
    "ranked_releases",
    "single_records",
    "album_singles",
    "scored_lists",
    "recalibration",
    "score_backtest",
    "model_scoreboard",
    "model_measures",
    "drift",
    "findings",
)

# raw and ledger are appended to; their files hold DDL, a column a line
_WITH_DDL = ("raw", "ledger")
_DECLARED_COLUMN = re.compile(r'^ {4}"?(\w+)"? (\w+(?:\[\])?)(?: not null)?(?: primary key)?,?$', re.MULTILINE)
# what there is: a schema has no table, a table no column; comments are those of tables
_CATALOG = """
    select schema_name, null as table_name, null as column_name, null as comment
    from duckdb_schemas() where database_name = current_database()
    union all
    select schema_name, table_name, null, comment from duckdb_tables() where database_name = current_database()
    union all
    select schema_name, table_name, column_name, null from duckdb_columns() where database_name = current_database()
"""

# DuckDB 1.4 and later can read it, whichever version wrote it
_STORAGE_VERSION = "v1.4.0"
# seconds between tries to open a locked file, 10 s in all
_LOCK_WAITS = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.5, 2.5)
_LOCK_HOLDER = re.compile(r"PID (\d+)")


def connect(settings: Settings, *, wait: Callable[[float], object] = time.sleep) -> duckdb.DuckDBPyConnection:
    """Open the writer's warehouse, making file, schemas and tables where they are missing.

    Somebody who only looks into the file locks it too, so a locked file is tried again for about ten seconds.

    Args:
        settings: say where it is.
        wait: told how many seconds to wait before the next try.

    Raises:
        WarehouseError: another process holds the file, it is not a DuckDB file, or it can't be made.
    """
    try:
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{settings.warehouse} must be a file that can be made, however: {error}") from error
    for seconds in _LOCK_WAITS:
        try:
            con = _open(settings.warehouse, settings, read_only=False)
            break
        except duckdb.IOException as error:
            if not _LOCK_HOLDER.search(str(error)):
                raise unreadable(settings.warehouse, settings, error) from error
            wait(seconds)
    else:
        con = open_file(settings.warehouse, settings, read_only=False)
    try:
        create_tables(con)
    except BaseException:
        con.close()
        raise
    return con


def open_file(path: Path, settings: Settings, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open one DuckDB file with the settings' limits, and no look at any network.

    Raises:
        WarehouseError: the file is missing (read_only), locked or not of DuckDB.
    """
    if read_only and not path.is_file():
        raise WarehouseError(f"{path} must exist to be read, however it does not. `songpop nightly` makes it.")
    try:
        return _open(path, settings, read_only=read_only)
    except duckdb.Error as error:
        raise unreadable(path, settings, error) from error


def _open(path: Path, settings: Settings, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=read_only, config=connection_config(settings))


def unreadable(path: Path, settings: Settings, error: duckdb.Error) -> WarehouseError:
    """Put into words why DuckDB can't open a file; of the readers' file, who is in the way is no run."""
    is_published = path == settings.published
    holder = _LOCK_HOLDER.search(str(error))
    if holder and is_published:
        return WarehouseError(
            f"{path} must be opened for reading alone, however process {holder[1]} has it open for writing, "
            "which shuts readers out. Close it there and open it read-only; the next publish swaps in a new one."
        )
    if holder:
        return WarehouseError(
            f"{path} must be free to be opened, however process {holder[1]} has it open. Wait for that run "
            "to end; readers should open the published file instead."
        )
    wal = swapped_files.wal_of(path)
    if is_published and wal.exists():
        return WarehouseError(
            f"{path} must stand alone, however {wal.name} lies beside it: somebody opened the readers' file for "
            f"writing, and was ended before it was closed. Delete {wal.name}, or run `songpop publish`, which does; "
            f"nothing of the warehouse is in it. (DuckDB said: {first_line(error)})"
        )
    return WarehouseError(
        f"{path} must be a DuckDB file that this DuckDB ({duckdb.__version__}) can read, however it said: "
        f"{first_line(error)}"
    )


def unwritten(error: duckdb.Error) -> WarehouseError:
    """Put into words why DuckDB could not do what a step asked of it."""
    advice = ""
    if isinstance(error, duckdb.OutOfMemoryException):
        advice = " Raise SONGPOP_MEMORY_LIMIT."
    elif "could not write" in str(error).lower():
        advice = " Is the disk full?"
    return WarehouseError(
        f"The warehouse must do what a step asks, however it said ({type(error).__name__}): "
        f"{first_line(error).rstrip('.')}.{advice}"
    )


def connection_config(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """Return DuckDB's settings for every connection of one process; it allows only one set a file."""
    return {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.warehouse.parent / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside as one, or roll all of it back.

    Raises:
        WarehouseError: DuckDB could not do it, as on a full disk.
    """
    try:
        con.execute("begin transaction")
        try:
            yield
        except BaseException:
            # a connection that a full disk has broken can't roll back; its file does when it is opened next
            with suppress(duckdb.Error):
                con.execute("rollback")
            raise
        con.execute("commit")
    except duckdb.Error as error:
        raise unwritten(error) from error


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas, and the raw and ledger tables, columns and comments that are missing, in one transaction.

    A warehouse that lacks nothing is not written to. A column that a later version declares is added at the end of a
    warehouse's table; it is NULL in older rows.

    Raises:
        WarehouseError: DuckDB could not do it, as on a full disk.
    """
    with transaction(con):
        if statements := _missing_statements(con):
            con.execute("".join(statements))


def _missing_statements(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the statements that bring a warehouse to what this version declares, none where it is there."""
    comments = {(schema, table, column): text for schema, table, column, text in con.execute(_CATALOG).fetchall()}
    statements = [
        f"create schema if not exists {schema};" for schema in SCHEMAS if (schema, None, None) not in comments
    ]
    for schema, table, ddl, comment in _declared_tables():
        if (schema, table, None) not in comments:
            statements.append(ddl)
        else:
            statements += [
                f'alter table {schema}.{table} add column if not exists "{column}" {data_type};'
                for column, data_type in _DECLARED_COLUMN.findall(ddl)
                if (schema, table, column) not in comments
            ]
        if comments.get((schema, table, None)) != comment:
            statements.append(_comment("table", f"{schema}.{table}", comment))
    return statements


@cache
def _declared_tables() -> tuple[tuple[str, str, str, str], ...]:
    """Return schema, name, DDL and comment of every raw and ledger table."""
    return tuple(
        (schema, path.stem, path.read_text(), _header(path))
        for schema in _WITH_DDL
        for path in resources.sql_paths(schema)
    )


def build(
    con: duckdb.DuckDBPyConnection,
    *,
    as_of_date: date,
    new_release_days: int,
    source_order: Sequence[str] = DEFAULT_NAMES,
    model_sources: Sequence[str] = DEFAULT_NAMES,
) -> None:
    """Build staging and marts anew from raw and ledger, in one transaction, with their comments.

    Args:
        con: the writer's connection.
        as_of_date: the day that the marts speak for.
        new_release_days: how long after its release a track found by a service counts as new.
        source_order: where artist popularity and audio features come from, the most preferred source first.
        model_sources: those of them that models may read.
    """
    parameters = {
        "as_of_date": as_of_date,
        "new_release_days": new_release_days,
        "source_order": list(source_order),
        "model_sources": list(model_sources),
        "spellings": f"marts.{spellings.ARTISTS}",
        "genre_spellings": f"marts.{spellings.GENRES}",
    }
    glossary = tomllib.loads(resources.glossary_path().read_text())
    comments = []
    with transaction(con):
        for path in resources.sql_paths("staging"):
            con.execute(f"create or replace view staging.{path.stem} as {path.read_text()}")
            comments.append(_comment("view", f"staging.{path.stem}", _header(path)))
        spellings.bring_up_to_date(con)
        for name in BUILD_ORDER:
            path = resources.sql_path("marts", name)
            query = path.read_text()
            used = queries.used_parameters(query, parameters)
            con.execute(f"create or replace table marts.{name} as {query}", used or None)
            comments.append(_comment("table", f"marts.{name}", _header(path)))
        con.execute("".join([*comments, *_column_comments(con, glossary)]))


def build_marts(con: duckdb.DuckDBPyConnection, settings: Settings, as_of_date: date) -> None:
    """Build staging and marts anew for a day, as the settings rank the sources."""
    build(
        con,
        as_of_date=as_of_date,
        new_release_days=settings.new_release_days,
        source_order=settings.sources,
        model_sources=settings.model_sources,
    )


def _column_comments(con: duckdb.DuckDBPyConnection, glossary: dict[str, str]) -> list[str]:
    """Return the statements that say what each column of marts and ledger means, where it does not say so yet."""
    columns = con.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where schema_name in ('marts', 'ledger') and database_name = current_database()"
    ).fetchall()
    statements = []
    for schema, table, column, comment in columns:
        meaning = glossary.get(f"{schema}.{table}.{column}", glossary.get(column))
        if meaning is None and table in BUILD_ORDER and schema == "marts":
            raise WarehouseError(
                f"Every mart column must be described in sql/columns.toml, however marts.{table}.{column} is not."
            )
        if meaning and meaning != comment:
            statements.append(_comment("column", f'{schema}.{table}."{column}"', meaning))
    return statements


def has_tables(con: duckdb.DuckDBPyConnection, schema: str, *tables: str) -> bool:
    """Say whether a file has all these tables; an older or a new one need not."""
    query = (
        "select count(*) from duckdb_tables() where database_name = current_database() and schema_name = ? "
        "and list_contains(?, table_name)"
    )
    return bool(con.execute(query, [schema, list(tables)]).fetchall()[0][0] == len(tables))


def publish(
    con: duckdb.DuckDBPyConnection, target: Path, *, close_run: tuple[str, str, datetime] | None = None
) -> None:
    """Copy the warehouse into a new file and swap it in: readers see the old one or the new one whole.

    A reader that has the old file open keeps it undisturbed until it closes it. A log of writing that lies beside the
    old file goes with it, and where readers could not open the new file the old one stays.

    Args:
        con: the writer's connection.
        target: the readers' file.
        close_run: run_id, status and moment with which the copy shows the run that publishes as finished.

    Raises:
        WarehouseError: the new file can't be read.
    """
    fresh = swapped_files.copy_beside(con, target, storage_version=_STORAGE_VERSION, close_run=close_run)
    swapped_files.swap_for_readers(fresh, target)


def rewrite(settings: Settings) -> None:
    """Write the writer's file whole again, so that it holds no trace of rows that were deleted.

    Raises:
        WarehouseError: it can't be opened, or the disk has no room for a copy.
    """
    con = open_file(settings.warehouse, settings, read_only=False)
    try:
        fresh = swapped_files.copy_beside(con, settings.warehouse, storage_version=_STORAGE_VERSION)
        swapped_files.swap(fresh, settings.warehouse)
    except duckdb.Error as error:
        raise unwritten(error) from error
    finally:
        con.close()


def read_frame(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """Read one of `sql/frames/`: what models learn from (training) or score (releases)."""
    return con.sql(resources.sql_path("frames", name).read_text()).pl()


def _comment(kind: str, name: str, text: str) -> str:
    """Return the statement of a comment; hundreds of them are quicker in one."""
    return f"comment on {kind} {name} is '{text.replace(chr(39), chr(39) * 2)}';"


def _header(path: Path) -> str:
    """Return the comment that a SQL file opens with, as one paragraph."""
    lines = []
    for line in path.read_text().splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)
