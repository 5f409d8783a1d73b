"""How a SQL check is read and run, and which suites are wanted."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from checked_warehouse import AS_OF, NOW, RUN, fill

from songpop.checking import sql_checks
from songpop.checking.sql_checks import Check
from songpop.checking.suites import Phase, Suite
from songpop.findings import Finding

_LOUD = Check("tracks_are_not_too_loud", "A track must be quiet", "warning", "inputs", "marts.tracks", "")


def _suite(table: str, **meta: object) -> Suite:
    values = {
        "path": Path(f"{table}.json"),
        "table": table,
        "phase": "inputs",
        "required": False,
        "may_be_empty": False,
        "entity": None,
        "rows": None,
        "keys": ("track_id",),
        "expectations": (),
    }
    return Suite(**(values | meta))  # type: ignore[arg-type]


def test_a_check_is_read_from_the_comment_that_its_file_opens_with(tmp_path: Path) -> None:
    path = tmp_path / "tracks_are_short.sql"
    query = (
        "-- A track must be\n-- short.\n-- Severity: warning\n-- Phase: inputs\n-- Table: marts.tracks\n-- Why: so.\n"
        "select 1\n"
    )
    path.write_text(query)

    assert sql_checks.load_checks("all", [path]) == [
        Check("tracks_are_short", "A track must be short", "warning", "inputs", "marts.tracks", query.rstrip("\n"))
    ]
    assert sql_checks.load_checks("scores", [path]) == []


def test_a_finding_counts_all_rows_and_shows_five_keys(con: duckdb.DuckDBPyConnection) -> None:
    check = Check(**{**vars(_LOUD), "query": "select 't' || i as track_id, i / 3 as loudness from range(7) as t(i)"})

    outcome = sql_checks.run_check(con, check, RUN, AS_OF)

    assert outcome.finding == Finding(
        "tracks_are_not_too_loud",
        "warning",
        "A track must be quiet, however 7 rows break this in marts.tracks (first: track_id 't0', loudness 0).",
        "marts.tracks",
        n_rows=7,
        example_keys=("t0", "t1", "t2", "t3", "t4"),
    )


def test_a_check_that_can_not_run_is_a_critical_finding_about_the_check(con: duckdb.DuckDBPyConnection) -> None:
    check = Check(**{**vars(_LOUD), "query": "select track_id from marts.no_such_table"})

    finding = sql_checks.run_check(con, check, RUN, AS_OF).finding

    assert finding is not None
    assert (finding.check_name, finding.severity) == ("every_check_runs", "critical")
    assert "sql/checks/tracks_are_not_too_loud.sql must run, however it did not" in finding.message
    assert "The check is broken" in finding.message


def test_a_row_is_described_by_its_first_columns() -> None:
    row = {"track_id": "7qiZ", "popularity": 412, "energy": None, "tempo": 0.1 + 0.2, "a": 1, "b": 2}

    assert sql_checks.describe_row(row) == "track_id '7qiZ', popularity 412, energy unknown, tempo 0.3, a 1"


def test_scores_are_of_the_run_itself_or_else_of_the_newest_that_scored(con: duckdb.DuckDBPyConnection) -> None:
    assert sql_checks.find_scored_run(con, "check-1", "all") == "check-1"
    fill(con)

    assert sql_checks.find_scored_run(con, "check-1", "all") == RUN
    assert sql_checks.find_scored_run(con, "nightly-2", "scores") == "nightly-2"


@pytest.mark.parametrize(
    ("meta", "phase", "place"),
    [
        ({"required": True}, "all", "wanted"),
        ({}, "all", "skipped"),
        ({"entity": "releases"}, "inputs", "wanted"),
        ({"entity": "albums"}, "inputs", "skipped"),
        ({"phase": "scores"}, "scores", "wanted"),
        ({"phase": "scores"}, "all", "skipped"),
        ({"phase": "scores", "may_be_empty": True}, "scores", "skipped"),
    ],
)
def test_an_empty_table_is_looked_at_if_it_should_hold_rows(
    con: duckdb.DuckDBPyConnection, meta: dict[str, object], phase: Phase, place: str
) -> None:
    con.execute("insert into ledger.loads values ('r', 's', 'releases', true, ?)", [NOW + timedelta(days=1)])
    suite = _suite("raw.files__releases", **meta)

    wanted, skipped, findings = sql_checks.choose_suites(con, [suite], RUN, phase)

    assert ([suite], []) == ((wanted, skipped) if place == "wanted" else (skipped, wanted))
    assert findings == []
