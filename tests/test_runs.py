from datetime import date, datetime

import pytest

from songpop import ledger
from songpop.errors import WarehouseError
from songpop.ledger import Finding
from songpop.runs import open_run
from songpop.settings import Settings

_DAY = date(2026, 11, 23)


def _statuses(settings: Settings) -> list[tuple[str, str | None]]:
    from songpop import warehouse

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
        open_run(settings, "load", as_of_date=_DAY),
    ):
        pass


def test_a_run_whose_process_was_killed_is_closed_by_the_next(settings: Settings) -> None:
    with open_run(settings, "load", as_of_date=_DAY) as run, run.warehouse() as con:
        ledger.open_run(con, "killed", "nightly", as_of_date=_DAY, now=datetime(2026, 11, 20))
    with open_run(settings, "load", as_of_date=_DAY):
        pass

    assert ("failed", "the process ended before the run did") in _statuses(settings)
