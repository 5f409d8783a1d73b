"""Findings for whoever asks: of the newest run, of any run, or the newest of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from songpop import ledger, queries, run, warehouse
from songpop.errors import SettingsError, WarehouseError
from songpop.findings import Severity
from songpop.settings import Settings

_SHOWN_RUNS = 5
_ENDS = {"done": "is done", "degraded": "was degraded", "failed": "failed", "running": "is going on"}


@dataclass(frozen=True)
class FindingFilters:
    """Which findings are asked for.

    Attributes:
        run_id: of one run; `latest` is the newest that found something, None all of them.
        check_name: of one check.
        severities: of these alone, none for all.
        is_open: only what nobody acknowledged, and no notes.
        by_kind: the newest finding of each kind.
        limit: how many at most.
    """

    run_id: str | None = None
    check_name: str | None = None
    severities: Sequence[Severity] = ()
    is_open: bool = False
    by_kind: bool = False
    limit: int | None = None


def read_findings(settings: Settings, filters: FindingFilters) -> list[dict[str, Any]]:
    """Read findings from the writer's file, or from the readers' while a run is going on.

    Returns:
        Columns of marts.findings, the newest run first, in it the gravest first.

    Raises:
        WarehouseError: there is no warehouse yet, or it can't be read.
        SettingsError: there is no such run.
    """
    with run.looking(settings) as is_free:
        path = settings.warehouse if is_free and settings.warehouse.is_file() else settings.published
        with warehouse.open_file(path, settings, read_only=True) as con:
            rows = ledger.read_findings(con)
            if filters.run_id is not None and not any(row["run_id"] == filters.run_id for row in rows):
                _refuse_unknown(con, filters.run_id)
    return choose(rows, filters)


def describe_run(settings: Settings, filters: FindingFilters, rows: Sequence[dict[str, Any]]) -> str:
    """Say of which run the findings are, and which newer one found nothing; blank where they are of several runs."""
    if filters.by_kind or filters.run_id is None or not rows:
        return ""
    with run.looking(settings) as is_free:
        path = settings.warehouse if is_free and settings.warehouse.is_file() else settings.published
        with warehouse.open_file(path, settings, read_only=True) as con:
            newest = queries.read_one(con, "reports", "last_run")
            of_rows = next(
                row
                for row in queries.read_rows(con, "reports", "runs", limit=None)
                if row["run_id"] == rows[0]["run_id"]
            )
    ended = "was ended before it was done" if is_free and of_rows["status"] == "running" else _ENDS[of_rows["status"]]
    said = f"Of {of_rows['run_id']}, for {of_rows['as_of_date']}, which {ended}."
    if newest and filters.run_id == "latest" and newest["started_at"] > of_rows["started_at"]:
        said += f" {newest['run_id']}, for {newest['as_of_date']}, came after it, and found nothing."
    return said


def choose(rows: Sequence[dict[str, Any]], filters: FindingFilters) -> list[dict[str, Any]]:
    """Keep what is asked for, in the order of the rows."""
    run_id = rows[0]["run_id"] if filters.run_id == "latest" and rows else filters.run_id
    chosen, kinds = [], set()
    for row in rows:
        if run_id not in (None, "latest", row["run_id"]) or filters.check_name not in (None, row["check_name"]):
            continue
        if filters.severities and row["severity"] not in filters.severities:
            continue
        if filters.is_open and (row["is_acknowledged"] or row["severity"] == "note"):
            continue
        if filters.by_kind and row["kind"] in kinds:
            continue
        kinds.add(row["kind"])
        chosen.append(row)
    return chosen[: filters.limit]


def acknowledge(settings: Settings, finding_id: str, note: str, *, now: datetime) -> dict[str, Any]:
    """Say of a finding that it may be, in a run of its own; return the finding.

    Raises:
        SettingsError: there is no such finding, it is critical, or the note is blank.
        WarehouseError: another run is going on.
    """
    if not settings.warehouse.is_file():
        raise WarehouseError(f"{settings.warehouse} must exist to write down what may be, however it does not.")
    with (
        run.open_run(settings, "findings", as_of_date=now.date(), clock=lambda: now) as opened,
        opened.warehouse() as con,
    ):
        return ledger.save_acknowledgement(con, opened.run_id, finding_id, note, now=now)


def _refuse_unknown(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    if run_id == "latest":
        return
    known = [
        name
        for (name,) in con.execute("select run_id from ledger.runs order by started_at desc, run_id desc").fetchall()
    ]
    if run_id not in known:
        raise SettingsError(
            f"--run must name a run, however none is '{run_id}'. The newest are {', '.join(known[:_SHOWN_RUNS])}."
        )
