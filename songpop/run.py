"""One run: its lock, its row in the ledger, its clock and its findings."""

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO

import duckdb

from songpop import console, last_run, ledger, warehouse
from songpop.clock import Clock, utc_now
from songpop.errors import WarehouseError
from songpop.findings import Finding, is_degrading
from songpop.ids import make_run_id
from songpop.settings import Settings

# how long a run waits for the lock: longer than somebody who only looks into the warehouse holds it
_LOCK_WAITS = (0.1, 0.2, 0.4, 0.8, 1.5)


@dataclass
class Run:
    """One execution of a flow or command: what every step needs to know, and what it found.

    Attributes:
        settings: of this process.
        run_id: as in ledger.runs.
        flow: the command's name.
        as_of_date: the day that the run speaks for.
        clock: gives the present moment in UTC.
        findings: everything found so far, in order.
    """

    settings: Settings
    run_id: str
    flow: str
    as_of_date: date
    clock: Clock = utc_now
    findings: list[Finding] = field(default_factory=list)

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the writer's warehouse for one step.

        Raises:
            WarehouseError: it can't be opened, or DuckDB could not do what the step asked of it.
        """
        con = warehouse.connect(self.settings)
        try:
            yield con
        except duckdb.Error as error:
            raise warehouse.unwritten(error) from error
        finally:
            con.close()

    def build(self, con: duckdb.DuckDBPyConnection) -> None:
        """Build staging and marts anew for this run's day."""
        warehouse.build_marts(con, self.settings, self.as_of_date)

    def save_findings(self, findings: Sequence[Finding]) -> None:
        """Keep findings in the ledger and show them."""
        if findings:
            with self.warehouse() as con:
                ledger.save_findings(con, self.run_id, findings, now=self.clock())
        self.note_findings(findings)

    def note_findings(self, findings: Sequence[Finding]) -> None:
        """Show findings that are in the ledger already, and count them to this run."""
        self.findings.extend(findings)
        for finding in findings:
            console.say(f"  {finding.severity}: {finding.message}")


@contextmanager
def open_run(
    settings: Settings,
    flow: str,
    *,
    as_of_date: date,
    clock: Clock = utc_now,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[Run]:
    """Hold the warehouse's run lock, and open and close the run's row in the ledger.

    The row ends as `done`, as `degraded` where warnings were found, or as `failed` with the reason. A row that
    can't be closed is closed by the next run.

    Args:
        settings: of this process.
        flow: the command's name.
        as_of_date: the day that the run speaks for.
        clock: gives the present moment in UTC.
        wait: told how many seconds to wait before the lock is tried again.

    Raises:
        WarehouseError: another run holds the lock.
    """
    started_at = clock()
    run = Run(settings, make_run_id(flow, started_at), flow, as_of_date, clock)
    with _run_lock(settings, wait):
        with run.warehouse() as con:
            _close_killed_runs(con, started_at)
            ledger.open_run(con, run.run_id, flow, as_of_date=as_of_date, now=started_at)
        try:
            yield run
        except BaseException as error:
            try:
                _close(run, "failed", str(error) or type(error).__name__)
            except WarehouseError as second:
                console.say(f"The run's row in the ledger stays open until the next run: {second}")
            raise
        _close(run, "degraded" if is_degrading(run.findings) else "done", None)


@contextmanager
def looking(settings: Settings) -> Iterator[bool]:
    """Take the run lock to look into the writer's file, without a run, a wait or a trace on the disk.

    Yields:
        Whether no run is going on; one that starts meanwhile waits. Many can look at once.
    """
    path = _lock_path(settings)
    if not path.is_file():
        yield True
        return
    with path.open("rb") as file:
        yield _try_lock(file, fcntl.LOCK_SH)


def _close(run: Run, status: str, message: str | None) -> None:
    with run.warehouse() as con:
        ledger.close_run(con, run.run_id, status, now=run.clock(), message=message)
        state = last_run.read_last_run(con)
    try:
        last_run.write_state(run.settings, state)
    except OSError as error:
        console.say(f"The web page will not know how this run ended: {error}")


def _close_killed_runs(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Close what a killed run left open; no run can be going on while we hold the lock."""
    for (run_id,) in con.execute("select run_id from ledger.runs where status = 'running'").fetchall():
        ledger.close_run(con, run_id, "failed", now=now, message="the process ended before the run did")


@contextmanager
def _run_lock(settings: Settings, wait: Callable[[float], object]) -> Iterator[None]:
    path = _lock_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise WarehouseError(f"{path} must be a file that can be written, however: {error}") from error
    with file:
        for seconds in _LOCK_WAITS:
            if _try_lock(file, fcntl.LOCK_EX):
                break
            wait(seconds)
        else:
            raise WarehouseError(
                f"Only one run may write {settings.warehouse} at a time, however another is going on. "
                "Wait for it to end, or give this one its own SONGPOP_HOME."
            )
        yield


def _lock_path(settings: Settings) -> Path:
    return settings.warehouse.with_name(f".{settings.warehouse.name}.run-lock")


def _try_lock(file: IO[str] | IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
