"""How it stands: did the last run fail, was it degraded, is it long ago; kept beside the readers' file for the web."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from songpop import ledger, queries
from songpop.settings import Settings

# a day, and as long as a night may take
OLD_HOURS = 26.0
_MOST_FINDINGS = 50
_SHOWN_FINDINGS = 3
_LONGEST_REASON = 400
_MOMENTS = ("started_at", "finished_at", "failed_since", "published_at")
_ENDS = ("done", "degraded", "failed")
_OF_FINDINGS = {
    "finding_id", "run_id", "kind", "check_name", "severity", "table_name", "message", "note", "n_nights",
    "is_acknowledged", "first_seen_date",
}  # fmt: skip
_DAYS = ("as_of_date", "published_as_of_date")


@dataclass(frozen=True)
class Trouble:
    """What a person should know before anything else.

    Attributes:
        kind: failed, degraded or old.
        title: what happened, and since when.
        reason: why, in the run's own words; empty where there is nothing to say.
        readers: what readers see.
        advice: what to do.
    """

    kind: str
    title: str
    reason: str
    readers: str
    advice: str


@dataclass(frozen=True)
class LastRun:
    """The run that speaks for how it stands, as `sql/reports/last_run.sql` finds it, and what it found.

    Attributes:
        facts: columns of that query, None before the first run.
        findings: columns of marts.findings, what nobody acknowledged first.
    """

    facts: dict[str, Any] | None
    findings: Sequence[Mapping[str, Any]] = ()

    @property
    def open_findings(self) -> list[Mapping[str, Any]]:
        """Return the findings that a person should look at: no notes, and none that was acknowledged."""
        return [row for row in self.findings if row["severity"] != "note" and not row["is_acknowledged"]]


def read_last_run(con: duckdb.DuckDBPyConnection) -> LastRun:
    """Read from a ledger how it stands."""
    facts = queries.read_one(con, "reports", "last_run")
    if facts is None:
        return LastRun(None)
    rows = ledger.read_findings(con, facts["run_id"])
    rows.sort(key=lambda row: (row["severity"] == "note", row["is_acknowledged"]))
    return LastRun(facts, rows[:_MOST_FINDINGS])


def judge(last: LastRun, now: datetime) -> Trouble | None:
    """Say what is wrong, None where nothing is.

    Args:
        last: as `read_last_run` or `read_state` gives it.
        now: UTC, without a zone.
    """
    facts = last.facts
    if facts is None:
        return None
    readers = describe_published(facts, now)
    what = "The night" if facts["flow"] == "nightly" else f"The last `songpop {facts['flow']}`"
    if facts["status"] == "failed":
        again = f", as did each of the last {facts['n_failed']} since {facts['failed_since']:%Y-%m-%d}"
        return Trouble(
            "failed",
            f"{what} for {facts['as_of_date']} failed{again if facts['n_failed'] > 1 else ''}",
            shorten(facts["message"]),
            readers,
            "Look at `songpop findings` and reports/latest.html, mend what they name, and run it again.",
        )
    if facts["status"] == "degraded" and (found := last.open_findings):
        n = len(found)
        return Trouble(
            "degraded",
            f"{what} for {facts['as_of_date']} was degraded, with {n} finding{'' if n == 1 else 's'}",
            "; ".join(_since(row) for row in found[:_SHOWN_FINDINGS])
            + (f"; and {n - _SHOWN_FINDINGS} more" if n > _SHOWN_FINDINGS else ""),
            readers,
            "Look at `songpop findings`; what may be as it is can be acknowledged there.",
        )
    hours = published_hours(facts, now)
    if hours is not None and hours > OLD_HOURS:
        return Trouble(
            "old",
            f"The list is {_age(hours)} old",
            "No night has published since.",
            readers,
            "Look whether the schedule still runs, at `songpop status`, and run `songpop nightly`.",
        )
    return None


def judge_killed(row: Mapping[str, Any], last: LastRun, now: datetime) -> Trouble:
    """Say that a run was ended before it could close its row, as `sql/reports/runs.sql` shows it."""
    return Trouble(
        "failed",
        f"The run {row['run_id']} was ended before it was done",
        "Nothing is going on, and its row in the ledger is open.",
        describe_published(last.facts, now),
        "Run it again; the next run closes the row.",
    )


def published_hours(facts: Mapping[str, Any], now: datetime) -> float | None:
    """Return how long ago the readers' file was published, None where nothing was."""
    moment = facts["published_at"]
    return None if moment is None else (now - moment).total_seconds() / 3600


def describe_published(facts: Mapping[str, Any] | None, now: datetime) -> str:
    """Say what readers see, and how old it is."""
    hours = published_hours(facts, now) if facts else None
    if facts is None or hours is None:
        return "Nothing was published yet."
    return (
        f"Readers see the list for {facts['published_as_of_date']}, published "
        f"{facts['published_at']:%Y-%m-%d %H:%M} UTC ({_age(hours)} ago)."
    )


def shorten(message: str | None) -> str:
    """Return why a run failed without the lines around it: of a list of findings the findings."""
    text = message or "It did not say why."
    points = [line.strip().removeprefix("- ") for line in text.splitlines() if line.startswith("  - ")]
    text = " ".join(" ".join(points or [text]).split())
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _since(row: Mapping[str, Any]) -> str:
    again = f" ({row['n_nights']} times in a row since {row['first_seen_date']})" if row["n_nights"] > 1 else ""
    return f"{row['message'].rstrip('.')}{again}"


def _age(hours: float) -> str:
    if hours < 1:
        return "less than an hour"
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def state_path(settings: Settings) -> Path:
    """Return the file beside the readers' file that says how the last run ended, which that file can't know."""
    return settings.published.with_name(f"{settings.published.stem}.state.json")


def write_state(settings: Settings, last: LastRun) -> None:
    """Write how it stands, whole or not at all."""
    path = state_path(settings)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(asdict(last), default=_plain, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def read_state(settings: Settings, published_run_id: str | None) -> LastRun | None:
    """Read how it stands, None where nobody wrote it, or of another readers' file than the one that lies there now.

    Args:
        settings: say where it is.
        published_run_id: the run that published the file, as the file itself says.
    """
    try:
        document = json.loads(state_path(settings).read_text(encoding="utf-8"))
        facts = document["facts"]
        if facts is None or facts["published_run_id"] != published_run_id:
            return None
        facts |= {name: facts[name] and datetime.fromisoformat(facts[name]) for name in _MOMENTS}
        facts |= {name: facts[name] and date.fromisoformat(facts[name]) for name in _DAYS}
        last = LastRun(facts, document["findings"])
        # of another version, or written by hand, it may lack what a page shows
        judge(last, facts["finished_at"])
        return last if facts["status"] in _ENDS and all(row.keys() >= _OF_FINDINGS for row in last.findings) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
