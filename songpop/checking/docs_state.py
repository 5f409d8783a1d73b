"""What the pages of a run are drawn from: kept as JSON between its phases, and for the list of earlier runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from songpop.findings import SEVERITIES, Severity

NAME = "results.json"


class FindingRow(NamedTuple):
    """A finding as it is listed; `table` is empty where it is about none."""

    severity: Severity
    check_name: str
    table: str
    message: str


class SuiteRow(NamedTuple):
    """A suite as it is listed; what states of earlier versions do not hold comes last."""

    table: str
    n_expectations: int
    n_held: int
    has_page: bool
    n_rows: int | None = None
    n_not_run: int = 0

    @property
    def holds(self) -> bool:
        """Say whether it was used, and all that it expects held."""
        return self.has_page and self.n_held == self.n_expectations and not self.n_not_run


class CheckRow(NamedTuple):
    """A SQL check as it is listed."""

    name: str
    rule: str
    severity: str
    table: str
    holds: bool
    n_rows: int | None


@dataclass(frozen=True)
class PhaseState:
    """What one phase of a run looked at and found."""

    findings: Sequence[FindingRow]
    suites: Sequence[SuiteRow]
    skipped: Sequence[str]
    checks: Sequence[CheckRow]
    gx_version: str | None = None


@dataclass(frozen=True)
class RunState:
    """What the phases of a run looked at and found.

    Attributes:
        now: when its latest phase ran, for people.
        order: the same, to sort by.
    """

    run_id: str
    now: str
    order: str
    as_of_date: str
    phases: dict[str, PhaseState]

    @property
    def findings(self) -> list[FindingRow]:
        """Return the findings of every phase, the critical ones first."""
        rows = [row for phase in self.phases.values() for row in phase.findings]
        return sorted(rows, key=lambda row: SEVERITIES.index(row.severity))

    @property
    def suites(self) -> list[SuiteRow]:
        """Return the suites of every phase, those that do not hold first."""
        return sorted((row for phase in self.phases.values() for row in phase.suites), key=lambda row: row.holds)

    @property
    def skipped(self) -> list[str]:
        """Return the tables whose suites were skipped."""
        return [table for phase in self.phases.values() for table in phase.skipped]

    @property
    def checks(self) -> list[CheckRow]:
        """Return the SQL checks of every phase, those that do not hold first."""
        return sorted((row for phase in self.phases.values() for row in phase.checks), key=lambda row: row.holds)

    @property
    def gx_version(self) -> str | None:
        """Return the version of Great Expectations that ran last, None where no suite ran."""
        return next((phase.gx_version for phase in reversed(self.phases.values()) if phase.gx_version), None)


def read(folder: Path) -> RunState | None:
    """Read the state of a run's folder, None where there is none that can be read."""
    try:
        document = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return RunState(**{**document, "phases": {name: _phase(held) for name, held in document["phases"].items()}})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _phase(document: Mapping[str, Any]) -> PhaseState:
    return PhaseState(
        findings=[FindingRow(*row) for row in document["findings"]],
        suites=[SuiteRow(*row) for row in document["suites"]],
        skipped=document["skipped"],
        checks=[CheckRow(*row) for row in document["checks"]],
        gx_version=document.get("gx_version"),
    )


def to_json(state: RunState) -> str:
    """Write a state as `read` takes it."""
    return json.dumps(asdict(state), ensure_ascii=False)
