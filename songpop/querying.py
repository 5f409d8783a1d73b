"""Somebody's own SQL on the readers' file: one query, which can neither write nor look anywhere else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from songpop import warehouse
from songpop.errors import ExportError
from songpop.settings import Settings

_ASKS = {"SELECT", "EXPLAIN"}
_SHOWN = 5
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
            return con.execute(statement, dict(parameters or {}) or None).pl()
        except duckdb.PermissionException as error:
            raise ExportError(
                f"{label} must read nothing but the published file, however it asked for something else: {error}"
            ) from error
        except duckdb.Error as error:
            raise ExportError(f"{label} must be a query on the published file, however: {error}") from error


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
    if len(kinds) == 1 and kinds[0] in _ASKS:
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
