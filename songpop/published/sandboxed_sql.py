"""Somebody's own SQL on the readers' file: one query, which can neither write nor look anywhere else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from songpop import warehouse
from songpop.errors import ExportError
from songpop.settings import Settings

_QUERIES = {"SELECT", "EXPLAIN"}
_SHOWN = 5
# types that a frame has not, or reads wrongly, or that no format can write
_NO_COLUMN = re.compile(r"INTERVAL|BLOB|\bBIT\b|UNION|UHUGEINT|BIGNUM|VARIANT|GEOMETRY|TIME WITH TIME ZONE")
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_NAME = re.compile(r'"?(\w+)')
# functions that switch something of the process, wait, read memory by its address, or run a text that nobody has seen
_BEYOND = re.compile(
    r"(enable|disable|verify)_\w+|\w*checkpoint|truncate_duckdb_logs|write_log|sleep_ms|setseed|copy_database|"
    r"import_database|add_parquet_key|arrow_scan\w*|pandas_scan|seq_scan|python_map_function|query|query_table|"
    r"json_execute_serialized_sql",
    re.IGNORECASE,
)


def run_query(
    settings: Settings, statement: str, parameters: Mapping[str, Any] | None = None, *, label: str = "The statement"
) -> pl.DataFrame:
    """Run one query on the readers' file.

    The file is opened read-only, DuckDB may reach no other file, no network and no extension, and its settings are
    locked before the query is read; beyond that only queries are let through, one at a time.

    Args:
        settings: say where the readers' file is.
        statement: a select, or what DuckDB treats as one (from, values, pivot, describe, summarize, explain).
        parameters: values of its `$parameters`.
        label: what to call it in messages.

    Raises:
        ExportError: it is no query, more than one, or can't be run.
        WarehouseError: nothing was published yet.
    """
    with open_locked(settings) as con:
        try:
            _refuse_all_but_one_query(con, statement, label)
            _refuse_reaching_beyond(statement, label)
            # the rows are computed here, so this fails too where a value is not as the statement has it
            return _fetch(con.sql(statement, params=dict(parameters or {}) or None))
        except duckdb.PermissionException as error:
            raise ExportError(
                f"{label} must read nothing but the published file, however it asked for something else: {error}"
            ) from error
        except duckdb.Error as error:
            raise ExportError(f"{label} must be a query on the published file, however: {error}") from error
        except BaseException as error:
            # a panic of Polars is no Exception, and its class has no name to import
            if not isinstance(error, pl.exceptions.PolarsError) and type(error).__name__ != "PanicException":
                raise
            raise ExportError(
                f"{label} must have columns that a list can hold, however: {error}. Cast them to varchar."
            ) from error


def _fetch(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """Fetch all rows; what a frame can't hold, or no format can write, comes as DuckDB writes it in text."""
    odd = [number for number, kind in enumerate(relation.types) if _NO_COLUMN.search(str(kind))]
    frame = _as_text(relation, odd).pl()
    beyond = [number for number, column in enumerate(frame.get_columns()) if _is_beyond_the_calendar(column)]
    return _as_text(relation, odd + beyond).pl() if beyond else frame


def _as_text(relation: duckdb.DuckDBPyRelation, numbers: list[int]) -> duckdb.DuckDBPyRelation:
    if not numbers:
        return relation
    quoted = ['"' + name.replace('"', '""') + '"' for name in relation.columns]
    return relation.project(
        ", ".join(
            f"cast(#{number + 1} as varchar) as {name}" if number in numbers else f"#{number + 1} as {name}"
            for number, name in enumerate(quoted)
        )
    )


def _is_beyond_the_calendar(column: pl.Series) -> bool:
    """Say whether a column holds a day outside the years 1 to 9999, or infinity, at any depth."""
    if isinstance(column.dtype, (pl.List, pl.Array)):
        return _is_beyond_the_calendar(column.explode(empty_as_null=True, keep_nulls=True))
    if isinstance(column.dtype, pl.Struct):
        return any(_is_beyond_the_calendar(column.struct.field(name)) for name in column.struct.fields)
    if column.dtype == pl.Date:
        day = 1
    elif isinstance(column.dtype, pl.Datetime):
        day = _A_DAY[column.dtype.time_unit]
    else:
        return False
    days = column.to_physical() // day
    return bool(((days < _FIRST_DAY) | (days > _LAST_DAY)).any())


@contextmanager
def open_locked(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the readers' file so that no statement can write, reach another file or change a setting."""
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def read_statement(path: Path) -> str:
    """Read the text of a `.sql` file, without the semicolon at its end.

    Raises:
        ExportError: it can't be read, or is not text in UTF-8.
    """
    try:
        return path.read_text("utf-8").rstrip().rstrip(";")
    except OSError as error:
        raise ExportError(f"{path} must be a file that can be read, however: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{path} must be text in UTF-8, however its byte {error.start} is not.") from error


def _refuse_all_but_one_query(con: duckdb.DuckDBPyConnection, statement: str, label: str) -> None:
    kinds = [
        str(part.type).rpartition(".")[2]
        for part in con.extract_statements(statement)
        # a pivot makes a type of its own first, which has no text
        if part.query or str(part.type) != "StatementType.CREATE"
    ]
    if statement.lstrip().lower().startswith("pragma"):
        kinds = ["PRAGMA"]
    if len(kinds) == 1 and kinds[0] in _QUERIES:
        return
    if not kinds:
        seen = "there is none in it"
    elif len(kinds) == 1:
        seen = f"it is {'an' if kinds[0][0] in 'AEIOU' else 'a'} {kinds[0]} statement"
    else:
        seen = f"there are {len(kinds)} ({', '.join(kinds[:_SHOWN])})"
    raise ExportError(f"{label} must be one query on the published file, which is read-only, however {seen}.")


def _refuse_reaching_beyond(statement: str, label: str) -> None:
    """Refuse calls that a query may hold and that yet do more than ask, whatever the settings are."""
    tokens = duckdb.tokenize(statement)
    ends = [start for start, _ in tokens[1:]] + [len(statement)]
    texts = [statement[start:end] for (start, _), end in zip(tokens, ends, strict=True)]
    for text, (_, kind), after in zip(texts, tokens, [*texts[1:], ""], strict=True):
        name = _NAME.match(text)
        if name and kind != duckdb.token_type.string_const and after.startswith("(") and _BEYOND.fullmatch(name[1]):
            raise ExportError(f"{label} must do nothing but read, however it calls {name[1]}.")
