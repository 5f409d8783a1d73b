"""How it stands: which run speaks for it, what is wrong, and what the web page learns of it."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import duckdb
import pytest

from songpop import last_run, ledger, warehouse
from songpop.findings import Finding, Severity
from songpop.pipeline import night
from songpop.run import open_run
from songpop.settings import Settings

_DAY = date(2026, 11, 20)
_BEGAN = datetime(2026, 11, 20, 3, 15)
_NOW = _BEGAN + timedelta(days=3, hours=2)
_WARNING = Finding("a_rule", "warning", "It must hold, however it does not.", "marts.tracks", n_rows=4)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        warehouse.create_tables(con)
        yield con


def _save_runs(con: duckdb.DuckDBPyConnection, *runs: tuple[str, str, Sequence[Finding]]) -> None:
    """Write runs of a day each: flow, status and findings; the run_id is flow and number."""
    for number, (flow, status, findings) in enumerate(runs):
        run_id, began = f"{flow}-{number}", _BEGAN + timedelta(days=number)
        ledger.open_run(con, run_id, flow, as_of_date=_DAY + timedelta(days=number), now=began)
        ledger.save_findings(con, run_id, findings, now=began)
        if status != "running":
            message = "No file.\nLook there." if status == "failed" else None
            ledger.close_run(con, run_id, status, now=began + timedelta(minutes=10), message=message)


@pytest.mark.parametrize(
    ("runs", "speaks", "published"),
    [
        ("nightly done, nightly failed", "nightly-1", "nightly-0"),
        ("nightly failed, nightly done", "nightly-1", "nightly-1"),
        ("nightly failed, publish done", "publish-1", "publish-1"),
        ("nightly done, nightly failed, check done", "nightly-1", "nightly-0"),
        ("nightly done, load failed, load done", "nightly-0", "nightly-0"),
        ("nightly done, load failed", "load-1", "nightly-0"),
        ("nightly done, findings failed, doctor failed", "nightly-0", "nightly-0"),
        ("nightly degraded, nightly running", "nightly-0", "nightly-0"),
        ("load failed", "load-0", None),
    ],
)
def test_a_failure_speaks_until_it_was_made_good(
    con: duckdb.DuckDBPyConnection, runs: str, speaks: str, published: str | None
) -> None:
    _save_runs(con, *((flow, status, []) for flow, status in (run.split() for run in runs.split(", "))))

    facts = last_run.read_last_run(con).facts

    assert facts is not None
    assert (facts["run_id"], facts["published_run_id"]) == (speaks, published)


def test_before_the_first_run_there_is_nothing_to_say(con: duckdb.DuckDBPyConnection) -> None:
    assert last_run.judge(last_run.read_last_run(con), _NOW) is None


def test_a_night_that_failed_is_told_with_what_readers_see_and_since_when(con: duckdb.DuckDBPyConnection) -> None:
    _save_runs(con, ("nightly", "done", []), ("nightly", "failed", []), ("nightly", "failed", []))

    trouble = last_run.judge(last_run.read_last_run(con), _NOW)

    assert trouble == last_run.Trouble(
        "failed",
        "The night for 2026-11-22 failed, as did each of the last 2 since 2026-11-21",
        "No file. Look there.",
        "Readers see the list for 2026-11-20, published 2026-11-20 03:25 UTC (3 days ago).",
        "Look at `songpop findings` and reports/latest.html, mend what they name, and run it again.",
    )


def test_a_degraded_night_is_told_with_its_findings_and_a_note_is_none(con: duckdb.DuckDBPyConnection) -> None:
    note = Finding("read_otherwise", "note", "A date was read as one.")
    _save_runs(con, ("nightly", "degraded", [_WARNING]), ("nightly", "degraded", [note, _WARNING]))

    trouble = last_run.judge(last_run.read_last_run(con), _BEGAN + timedelta(days=1, hours=1))

    assert trouble is not None
    assert (trouble.kind, trouble.title) == ("degraded", "The night for 2026-11-21 was degraded, with 1 finding")
    assert trouble.reason == "It must hold, however it does not (2 times in a row since 2026-11-20)"


def test_a_list_that_no_night_renewed_is_told_after_a_day(con: duckdb.DuckDBPyConnection) -> None:
    _save_runs(con, ("nightly", "done", []))
    last = last_run.read_last_run(con)

    assert last_run.judge(last, _BEGAN + timedelta(hours=25)) is None
    trouble = last_run.judge(last, _BEGAN + timedelta(hours=60))
    assert trouble is not None
    assert (trouble.kind, trouble.title) == ("old", "The list is 2 days old")


def test_of_a_list_of_findings_the_findings_are_the_reason() -> None:
    message = "Every critical check must hold, however 2 do not. Readers keep it.\n  - One is bad.\n  - Two is worse."

    assert last_run.shorten(message) == "One is bad. Two is worse."
    assert len(last_run.shorten("x" * 999)) == 400
    assert last_run.shorten(None) == "It did not say why."


def test_every_run_writes_down_how_it_ended(settings: Settings) -> None:
    with (
        pytest.raises(ValueError, match="broken"),
        open_run(settings, "nightly", as_of_date=_DAY, clock=lambda: _BEGAN),
    ):
        raise ValueError("broken")

    written = last_run.read_state(settings, None)
    assert written is not None
    assert written.facts is not None
    assert (written.facts["status"], written.facts["message"]) == ("failed", "broken")
    assert (written.facts["started_at"], written.facts["as_of_date"]) == (_BEGAN, _DAY)


def test_what_was_written_of_another_readers_file_is_not_believed(settings: Settings) -> None:
    with open_run(settings, "nightly", as_of_date=_DAY, clock=lambda: _BEGAN) as run:
        pass

    assert last_run.read_state(settings, run.run_id) is not None
    assert last_run.read_state(settings, "another-run") is None
    last_run.state_path(settings).write_text("{")
    assert last_run.read_state(settings, run.run_id) is None


@pytest.mark.parametrize("odd", [{"n_failed": None}, {"message": 7}, {"published_at": 5}, {"status": None}])
def test_a_state_that_no_page_can_show_is_not_believed(settings: Settings, odd: dict[str, object]) -> None:
    with (
        pytest.raises(ValueError, match="broken"),
        open_run(settings, "nightly", as_of_date=_DAY, clock=lambda: _BEGAN) as run,
    ):
        run.save_findings([_WARNING])
        raise ValueError("broken")
    path = last_run.state_path(settings)
    document = json.loads(path.read_text())
    assert last_run.read_state(settings, None) is not None

    path.write_text(json.dumps(document | {"facts": document["facts"] | odd}))
    assert last_run.read_state(settings, None) is None
    path.write_text(json.dumps(document | {"findings": [{"severity": "warning"}]}))
    assert last_run.read_state(settings, None) is None


def test_a_finding_that_repeats_says_since_when(con: duckdb.DuckDBPyConnection) -> None:
    nights = [[_WARNING], [_WARNING], [], [_WARNING], [], [_WARNING], [_WARNING]]
    # a night that failed before it could look says nothing of whether it is gone
    statuses = ["degraded", "degraded", "done", "degraded", "failed", "degraded", "degraded"]
    _save_runs(con, *(("nightly", status, found) for status, found in zip(statuses, nights, strict=True)))

    rows = ledger.read_findings(con)

    assert [(row["run_id"], row["first_run_id"], row["n_nights"]) for row in rows] == [
        ("nightly-6", "nightly-3", 3),
        ("nightly-5", "nightly-3", 2),
        ("nightly-3", "nightly-3", 1),
        ("nightly-1", "nightly-0", 2),
        ("nightly-0", "nightly-0", 1),
    ]
    assert rows[0]["first_seen_date"] == _DAY + timedelta(days=3)
    assert rows[0]["kind"] == "a_rule marts.tracks"


def test_what_was_acknowledged_stays_so_until_it_goes_away(con: duckdb.DuckDBPyConnection) -> None:
    runs = [("nightly", "degraded", [_WARNING]), ("check", "degraded", [_WARNING]), ("nightly", "degraded", [_WARNING])]
    _save_runs(con, *runs, ("nightly", "done", []), ("nightly", "degraded", [_WARNING]))
    ledger.save_acknowledgement(con, "findings-1", "nightly-0-1", " the source is known for it ", now=_NOW)

    rows = {row["run_id"]: (row["is_acknowledged"], row["note"]) for row in ledger.read_findings(con)}

    known = (True, "the source is known for it")
    assert rows == {"nightly-0": known, "check-1": known, "nightly-2": known, "nightly-4": (False, None)}


def test_what_grew_worse_is_told_again(con: duckdb.DuckDBPyConnection) -> None:
    grades: list[tuple[Severity, int]] = [("warning", 4), ("warning", 8), ("warning", 9), ("critical", 4)]
    found = [
        Finding("a_rule", severity, "It must hold, however.", "marts.tracks", n_rows=n_rows)
        for severity, n_rows in grades
    ]
    _save_runs(con, *(("nightly", "degraded", [finding]) for finding in found))
    ledger.save_acknowledgement(con, "findings-1", "nightly-0-1", "known", now=_NOW)

    told = [row["is_acknowledged"] for row in reversed(ledger.read_findings(con))]
    assert told == [True, True, False, False]


def test_what_is_acknowledged_pages_nobody(settings: Settings) -> None:
    other = Finding("another_rule", "warning", "That must hold, however it does not.")
    for number in range(2):
        began = _BEGAN + timedelta(days=number)
        with open_run(settings, "nightly", as_of_date=_DAY, clock=lambda began=began: began) as run:  # type: ignore[misc]
            run.save_findings([_WARNING, other])
            with run.warehouse() as con:
                if number == 0:
                    ledger.save_acknowledgement(con, "findings-1", "a_rule", "known", now=_NOW)
            told = night.find_unacknowledged(run)

    assert told == [other]
