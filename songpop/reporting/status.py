"""What the operator asks first: did the last nights run, how fresh is what readers see, who is the champion."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import duckdb

from songpop import adjustments, last_run, ledger, queries, run, synthetic, warehouse
from songpop.errors import WarehouseError
from songpop.published.list_table import round_half_up
from songpop.settings import Settings

_PUBLISHED = "published file"
_SHOWN_RUNS = 5
_SHOWN_FINDINGS = 10
_SHOWN_MOVERS = 3
_OF_MOVERS = ("rank_change", "rank", "track_id", "track_name", "artist_name", "score_change")


def read_status(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Read the state of the nights.

    The writer's file tells it; while a run is going on, that file is left alone and the readers' file does.

    Returns:
        `trouble` (that the last run failed, was degraded or is long ago, with what readers see and what to do; None
        where all is well), `published_problem` (why readers can't open their file), `read_from`, `is_run_going_on`,
        `is_synthetic` (its tracks are made up), `published_at`, `published_age_hours`, `champion`, `runs`, `findings`,
        `scoreboard`, `drift`, `trust` (whether the newest list's scores can be trusted, and by what they are
        recalibrated), `coverage` (of the new releases), `loaded` (the newest file of each kind), `movers` (in the list
        that readers see), `backtest` (past scores against the popularity seen since), `matches` (how artists' names
        were matched) and `budgets` (calls of the last 24 hours); the lists are of mappings, runs and findings newest
        first. What is not built yet, or not by this version, is None or empty.

    Raises:
        WarehouseError: there is no warehouse yet, or a run is going on and nothing was published yet.
    """
    with run.looking(settings) as is_free:
        con, source = _open(settings, is_free)
        with con:
            published, problem = _published_at(settings, con, source)
            return {
                "trouble": _read_trouble(con, now, problem, is_free=is_free),
                "published_problem": problem,
                "read_from": source,
                "is_run_going_on": not is_free,
                "is_synthetic": synthetic.is_synthetic(con),
                "published_at": published,
                "published_age_hours": None if published is None else (now - published).total_seconds() / 3600,
                **_read_state(con, now),
            }


def _read_state(con: duckdb.DuckDBPyConnection, now: datetime) -> dict[str, Any]:
    def read(name: str, *columns: str, **parameters: Any) -> list[dict[str, Any]]:
        rows = queries.read_if_built(con, "reports", name, **parameters) or []
        return queries.pick(rows, *columns) if columns else rows

    return {
        "champion": _read_champion(con),
        "runs": read_runs(con, _SHOWN_RUNS),
        "findings": _read_findings(con, _SHOWN_FINDINGS),
        "scoreboard": read(
            "scoreboard", "split", "family", "role", "n", "mae", "r2", "spearman", "accuracy_4bin",
            "accuracy_majority", "coverage_90",
        ),
        "drift": queries.read_one(con, "reports", "drift_summary"),
        "trust": _read_trust(con),
        "coverage": queries.read_one(con, "reports", "release_counts"),
        "loaded": read("loaded_files"),
        "movers": read("movers", *_OF_MOVERS, limit=_SHOWN_MOVERS),
        "backtest": queries.read_one(con, "reports", "backtest_summary"),
        "matches": read("artist_matches"),
        "budgets": read("call_budgets", now=now),
    }  # fmt: skip


def _read_trust(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Read whether the newest list's scores can be trusted (None: nothing is scored yet), and what to say of them."""
    adjustment = adjustments.read_adjustment(con)
    taken, trust = adjustment.recalibration, adjustment.trust
    return {
        "is_trusted": trust.is_trusted if trust else None,
        "recalibration_id": taken.recalibration_id if taken else None,
        "remarks": adjustment.remarks,
    }


def _read_trouble(
    con: duckdb.DuckDBPyConnection, now: datetime, problem: str | None, *, is_free: bool
) -> dict[str, Any] | None:
    last = last_run.read_last_run(con)
    trouble = last_run.judge(last, now)
    newest = queries.read_rows(con, "reports", "runs", limit=1)
    if is_free and newest and newest[0]["status"] == "running":
        trouble = last_run.judge_killed(newest[0], last, now)
    if problem:
        trouble = last_run.Trouble("failed", "Readers can't open their file", problem, "Readers see nothing.", "")
    return asdict(trouble) if trouble else None


def _read_findings(con: duckdb.DuckDBPyConnection, limit: int) -> list[dict[str, Any]]:
    """Read the findings of the newest run, with since when they are found where the file can tell it."""
    rows = queries.read_rows(con, "reports", "findings", limit=limit)
    known = {row["finding_id"]: row for row in ledger.read_findings(con)}
    told = {"first_seen_date": None, "n_nights": None, "is_acknowledged": False, "note": None}
    names = ("finding_id", "severity", "check_name", "message", "n_rows", *told, "found_at")
    return queries.pick([told | row | known.get(row["finding_id"], {}) for row in rows], *names)


def _read_champion(con: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    # a file of an earlier version lacks the mart, but not the ledger that the mart's own query reads
    row = queries.read_one(con, "reports", "champion") or queries.read_one(con, "marts", "champion")
    return row and queries.pick([row], "model_version", "as_of_date", "n_tracks", "reason")[0]


def read_runs(con: duckdb.DuckDBPyConnection, limit: int) -> list[dict[str, Any]]:
    """Read the newest runs, newest first, with their seconds to the tenth."""
    rows = queries.read_rows(con, "reports", "runs", limit=limit)
    return [{**row, "seconds": None if row["seconds"] is None else round_half_up(row["seconds"], 1)} for row in rows]


def _open(settings: Settings, is_free: bool) -> tuple[duckdb.DuckDBPyConnection, str]:
    has_published = settings.published.is_file()
    if not is_free and not has_published:
        raise WarehouseError(
            "There must be a published file to read the status from while a run is going on, however there is none "
            "yet. Wait for that run to end."
        )
    if is_free and (settings.warehouse.is_file() or not has_published):
        try:
            return warehouse.open_file(settings.warehouse, settings, read_only=True), "warehouse"
        except WarehouseError:
            if not has_published:
                raise
    return warehouse.open_file(settings.published, settings, read_only=True), _PUBLISHED


def _published_at(
    settings: Settings, con: duckdb.DuckDBPyConnection, source: str
) -> tuple[datetime | None, str | None]:
    """Return when the run ended that published the readers' file, UTC, and why readers can't open it.

    A copy of the file says the same.
    """
    if not settings.published.is_file():
        return None, None
    row, problem = None, None
    try:
        if source == _PUBLISHED:
            row = queries.read_one(con, "reports", "published_at")
        else:
            with warehouse.open_file(settings.published, settings, read_only=True) as published:
                row = queries.read_one(published, "reports", "published_at")
    except (WarehouseError, duckdb.Error) as error:
        problem = str(error)
    if row:
        return row["published_at"], problem
    return datetime.fromtimestamp(settings.published.stat().st_mtime, UTC).replace(tzinfo=None), problem
