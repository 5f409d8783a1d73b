import subprocess
import sys
import time
from datetime import date, datetime

import pytest

from songpop import ledger, warehouse
from songpop.clock import local_today
from songpop.errors import WarehouseError
from songpop.findings import Finding
from songpop.reporting import doctor
from songpop.reporting.status import read_status
from songpop.run import looking, open_run
from songpop.settings import Settings

_DAY = date(2026, 11, 23)


def _statuses(settings: Settings) -> list[tuple[str, str | None]]:
    with warehouse.connect(settings) as con:
        return con.execute("select status, message from ledger.runs order by started_at").fetchall()


def test_a_run_ends_as_done_degraded_or_failed(settings: Settings) -> None:
    with open_run(settings, "load", as_of_date=_DAY):
        pass
    with open_run(settings, "check", as_of_date=_DAY) as run:
        run.save_findings([Finding("a_rule", "warning", "must, however")])
    with pytest.raises(ZeroDivisionError), open_run(settings, "train", as_of_date=_DAY):
        1 / 0  # noqa: B018

    assert _statuses(settings) == [("done", None), ("degraded", None), ("failed", "division by zero")]


def test_two_runs_at_once_are_refused(settings: Settings) -> None:
    with (
        open_run(settings, "nightly", as_of_date=_DAY),
        pytest.raises(WarehouseError, match="Only one run may write"),
        open_run(settings, "load", as_of_date=_DAY, wait=lambda _: None),
    ):
        pass


def test_a_run_whose_process_was_killed_is_closed_by_the_next(settings: Settings) -> None:
    with open_run(settings, "load", as_of_date=_DAY) as run, run.warehouse() as con:
        ledger.open_run(con, "killed", "nightly", as_of_date=_DAY, now=datetime(2026, 11, 20))
    with open_run(settings, "load", as_of_date=_DAY):
        pass

    assert ("failed", "the process ended before the run did") in _statuses(settings)


def test_who_looks_keeps_a_run_waiting_and_several_may(settings: Settings) -> None:
    with open_run(settings, "load", as_of_date=_DAY), looking(settings) as is_free:
        assert not is_free
    with looking(settings) as first, looking(settings) as second:
        assert (first, second) == (True, True)
        with (
            pytest.raises(WarehouseError, match="Only one run may write"),
            open_run(settings, "load", as_of_date=_DAY, wait=lambda _: None),
        ):
            pass


def test_status_and_doctor_leave_the_warehouse_of_a_running_night_alone(settings: Settings) -> None:
    with open_run(settings, "nightly", as_of_date=_DAY) as run:
        with pytest.raises(WarehouseError, match="must be a published file to read the status from while a run"):
            read_status(settings, now=datetime(2026, 11, 23))
        with run.warehouse() as con:
            warehouse.publish(con, settings.published)
        # a DuckDB file that this process has open for writing can't be opened read-only
        with run.warehouse():
            state = read_status(settings, now=datetime(2026, 11, 23))
            seen = {row["what"]: row["seen"] for row in doctor.examine(settings, now=datetime(2026, 11, 22))}
    after = read_status(settings, now=datetime(2026, 11, 23))

    assert (state["read_from"], state["is_run_going_on"]) == ("published file", True)
    assert "not opened: a run is going on" in seen["warehouse"]
    assert (after["read_from"], after["is_run_going_on"]) == ("warehouse", False)


_LOOK = (
    "import duckdb, sys, time; con = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); time.sleep(1)"
)


def test_a_run_whose_warehouse_somebody_looks_into_is_closed_all_the_same(settings: Settings) -> None:
    with open_run(settings, "nightly", as_of_date=_DAY):
        command = [sys.executable, "-c", _LOOK, str(settings.warehouse)]
        reader = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert reader.stdout is not None
        reader.stdout.readline()
    reader.communicate()

    assert _statuses(settings) == [("done", None)]


def test_what_duckdb_cannot_do_in_a_step_ends_the_run_in_words(settings: Settings) -> None:
    with (
        pytest.raises(WarehouseError, match=r"must do what a step asks, however it said \(CatalogException\)"),
        open_run(settings, "nightly", as_of_date=_DAY) as run,
        run.warehouse() as con,
    ):
        con.execute("select * from marts.nothing")

    assert _statuses(settings)[0][0] == "failed"


def test_a_row_that_cannot_be_closed_does_not_hide_what_went_wrong(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError), open_run(settings, "nightly", as_of_date=_DAY):
        settings.warehouse.write_text("not a database, however long it may be" * 200)
        1 / 0  # noqa: B018

    assert "stays open until the next run" in capsys.readouterr().err


def test_a_lock_that_cannot_be_made_is_named(settings: Settings) -> None:
    settings.warehouse.parent.write_text("not a folder")

    with (
        pytest.raises(WarehouseError, match="run-lock must be a file that can be written"),
        open_run(settings, "load", as_of_date=_DAY),
    ):
        pass


def test_today_is_the_day_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        for zone, day in (("Pacific/Kiritimati", 23), ("UTC", 23), ("America/Adak", 22)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert local_today(lambda: datetime(2026, 11, 23, 5)) == date(2026, 11, day)
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        assert local_today(lambda: datetime(2026, 11, 23, 11)) == date(2026, 11, 24)
    finally:
        monkeypatch.undo()
        time.tzset()
