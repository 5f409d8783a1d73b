"""Findings: what did not hold, and how grave it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "note")
# the gravest first
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One expectation or check that did not hold.

    Attributes:
        check_name: the truth that was not kept, as in `every_score_has_a_run`.
        severity: `critical` stops a run before readers see anything; `warning` is kept and shown, and the run counts as
            degraded; `note` says what was read otherwise than it was written, and leaves the run done.
        message: rule, what was seen, where, and what to do; a sentence for a person.
        table_name, column_name: where, if it is about one.
        n_rows: how many rows break the rule, if it counts rows.
        example_keys: up to five keys of such rows.
    """

    check_name: str
    severity: Severity
    message: str
    table_name: str | None = None
    column_name: str | None = None
    n_rows: int | None = None
    example_keys: Sequence[str] = field(default_factory=tuple)


def is_degrading(findings: Sequence[Finding]) -> bool:
    """Say whether a run with these findings is more than done: notes alone do not degrade it."""
    return any(finding.severity != "note" for finding in findings)
