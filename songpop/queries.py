"""Run the queries of `sql/`: a folder, a file's name and its parameters in, rows or a frame out."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from songpop import resources

if TYPE_CHECKING:
    import polars as pl

_PARAMETER = re.compile(r"\$([a-z_]\w*)")


def used_parameters(query: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the parameters that a query names; DuckDB refuses any other."""
    named = set(_PARAMETER.findall(query))
    return {name: value for name, value in parameters.items() if name in named}


def read_rows(con: duckdb.DuckDBPyConnection, folder: str, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
    """Run `sql/<folder>/<name>.sql` and return its rows by column name, in its order.

    Args:
        con: a connection to the warehouse or the readers' file.
        folder: of `sql/`.
        name: of the file, without its ending.
        parameters: values of its `$parameters`; what it does not name is left out.
    """
    cursor = _execute(con, folder, name, parameters)
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def read_if_built(
    con: duckdb.DuckDBPyConnection, folder: str, name: str, /, **parameters: Any
) -> list[dict[str, Any]] | None:
    """Return what `read_rows` does, or None where a table or column is not built yet, or not by this version."""
    try:
        return read_rows(con, folder, name, **parameters)
    except (duckdb.CatalogException, duckdb.BinderException):
        return None


def read_one(con: duckdb.DuckDBPyConnection, folder: str, name: str, /, **parameters: Any) -> dict[str, Any] | None:
    """Return the first row of what `read_if_built` does, or None where there is none."""
    return next(iter(read_if_built(con, folder, name, **parameters) or ()), None)


def pick(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Keep these columns of rows, in this order."""
    return [{name: row[name] for name in names} for row in rows]


def read_frame(con: duckdb.DuckDBPyConnection, folder: str, name: str, /, **parameters: Any) -> "pl.DataFrame":
    """Return what `read_rows` does, as a frame with DuckDB's types."""
    return _execute(con, folder, name, parameters).pl()


def _execute(
    con: duckdb.DuckDBPyConnection, folder: str, name: str, parameters: Mapping[str, Any]
) -> duckdb.DuckDBPyConnection:
    query = resources.sql_path(folder, name).read_text()
    return con.execute(query, used_parameters(query, parameters) or None)
