"""Expectation suites as files: read them, and notice one that lost something."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from songpop.findings import Finding

Phase = Literal["inputs", "scores", "all"]

# the check names of a broken check, as distinct from bad data
EVERY_SUITE_LOADS = "every_suite_loads"
EVERY_EXPECTATION_IS_LISTED = "every_expectation_is_listed"
EVERY_EXPECTATION_RUNS = "every_expectation_runs"


@dataclass(frozen=True)
class Suite:
    """One file of `expectations/`.

    Attributes:
        table: the table it is about, which names the file as well.
        phase: `inputs` before scoring, `scores` after it.
        required: whether an empty table is a finding even though nothing was ever loaded into it.
        may_be_empty: whether an empty table is never a finding.
        entity: the kind of source file that fills the table, if one does.
        rows: an SQL condition for the rows that are looked at (`$run_id` is the scoring run); None is all.
        keys: the columns that name a row in a finding.
        expectations: type, severity, description and kwargs of each.
    """

    path: Path
    table: str
    phase: str
    required: bool
    may_be_empty: bool
    entity: str | None
    rows: str | None
    keys: tuple[str, ...]
    expectations: tuple[dict[str, Any], ...]

    def batch_query(self, run_id: str) -> str:
        """Return the query of the rows that are looked at."""
        if self.rows is None:
            return f"select * from {self.table}"
        rows = self.rows.replace("$run_id", _literal(run_id))
        return f"select * from {self.table} where {rows}"


def load_suites(paths: Sequence[Path], phase: Phase) -> tuple[list[Suite], list[Finding]]:
    """Read the suites of a phase; a file that can't be used, or that lost an expectation, is a critical finding."""
    suites, findings = [], []
    for path in paths:
        table = path.name.removesuffix(".json")
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            suite = _read_suite(path, table, document)
        except (ValueError, KeyError, TypeError) as error:
            findings.append(broken_suite(path, table, f"{type(error).__name__}: {error}"))
            continue
        if phase not in ("all", suite.phase):
            continue
        n_promised = document["meta"]["n_expectations"]
        if n_promised != len(suite.expectations):
            findings.append(
                Finding(
                    EVERY_EXPECTATION_IS_LISTED,
                    "critical",
                    f"expectations/{path.name} must list the {n_promised} expectations that its meta promises, "
                    f"however it lists {len(suite.expectations)}. Bring the lost one back, or correct "
                    "n_expectations if it was meant to go.",
                    table,
                    n_rows=abs(n_promised - len(suite.expectations)),
                )
            )
        suites.append(suite)
    return suites, findings


def slug(description: str) -> str:
    """Name an expectation by its sentence: `popularity must lie in 0-100` is `popularity_must_lie_in_0_100`."""
    return re.sub(r"[^a-z0-9]+", "_", description.lower()).strip("_")


def _read_suite(path: Path, table: str, document: Mapping[str, Any]) -> Suite:
    meta = document["meta"]
    if document["name"] != table:
        raise ValueError(f"its name is {document['name']!r}")
    if meta["phase"] not in ("inputs", "scores"):
        raise ValueError(f"its phase is {meta['phase']!r}")
    for place, expectation in enumerate(document["expectations"], start=1):
        missing = {"type", "severity", "description", "kwargs"} - set(expectation)
        if missing:
            raise ValueError(f"expectation {place} has no {', '.join(sorted(missing))}")
        if expectation["severity"] not in ("critical", "warning"):
            raise ValueError(f"expectation {place} has the severity {expectation['severity']!r}")
    int(meta["n_expectations"])
    return Suite(
        path=path,
        table=table,
        phase=meta["phase"],
        required=bool(meta["required"]),
        may_be_empty=bool(meta.get("may_be_empty", False)),
        entity=meta.get("entity"),
        rows=meta.get("rows"),
        keys=tuple(meta["keys"]),
        expectations=tuple(document["expectations"]),
    )


def broken_suite(path: Path, table: str, why: str) -> Finding:
    """Say that a suite can't be used, and why."""
    return Finding(
        EVERY_SUITE_LOADS,
        "critical",
        f"expectations/{path.name} must be a suite named for its table, with meta and expectations, however it "
        f"can't be used as one ({why}). The check is broken; nothing is known about the data.",
        table,
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
