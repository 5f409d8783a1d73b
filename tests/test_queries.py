"""The queries of `sql/` run by their names: rows by column name, and only the parameters that a file names."""

from datetime import date, datetime

import duckdb
import pytest

from songpop import queries
from songpop.errors import WarehouseError

_BEGAN, _ENDED = datetime(2026, 11, 22, 3, 15), datetime(2026, 11, 22, 3, 17, 0, 500_000)


def _insert_runs(con: duckdb.DuckDBPyConnection) -> None:
    for run_id, ended in (("run-1", _ENDED), ("run-2", None)):
        con.execute(
            "insert into ledger.runs values (?, 'nightly', 'done', null, '0.1.0', ?, ?, ?)",
            [run_id, date(2026, 11, 22), _BEGAN, ended],
        )


def test_rows_come_by_column_name_in_the_order_of_the_query(con: duckdb.DuckDBPyConnection) -> None:
    _insert_runs(con)

    rows = queries.read_rows(con, "reports", "runs", limit=5)

    run = {"flow": "nightly", "status": "done", "as_of_date": date(2026, 11, 22), "started_at": _BEGAN}
    assert rows == [
        {"run_id": "run-2", **run, "seconds": None, "message": None},
        {"run_id": "run-1", **run, "seconds": 120.5, "message": None},
    ]


def test_a_frame_holds_the_same_rows(con: duckdb.DuckDBPyConnection) -> None:
    _insert_runs(con)

    frame = queries.read_frame(con, "reports", "runs", limit=1)

    assert frame.to_dicts() == queries.read_rows(con, "reports", "runs", limit=1)


def test_a_parameter_that_a_query_does_not_name_is_left_out(con: duckdb.DuckDBPyConnection) -> None:
    assert queries.read_rows(con, "reports", "runs", limit=5, genre="pop") == []


def test_a_parameter_is_not_taken_for_one_that_begins_with_it() -> None:
    assert queries.used_parameters("select $since_day", {"since": 1, "since_day": 2}) == {"since_day": 2}


def test_a_mart_that_is_not_built_yet_is_no_empty_one(con: duckdb.DuckDBPyConnection) -> None:
    assert queries.read_if_built(con, "lookups", "newest_scored_runs", limit=5) is None
    assert queries.read_if_built(con, "reports", "runs", limit=5) == []


def test_a_file_that_is_missing_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(WarehouseError, match=r"^sql/reports/nothing\.sql must exist, however it does not\.$"):
        queries.read_rows(con, "reports", "nothing")
