"""What the report of a night holds, before it is written as Markdown or HTML."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table of a report.

    Attributes:
        rows: None where the warehouse can't tell it yet; `nothing` stands for no rows.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]] | None
    nothing: str = "None."

    @property
    def placeholder(self) -> str:
        """Return what stands in the place of rows, where there are none."""
        return "Not built yet." if self.rows is None else self.nothing


@dataclass(frozen=True)
class Report:
    """What a night has to tell.

    Attributes:
        outcome: done, degraded or failed.
        failure: why it failed.
        facts: name and text, the most sought-after first.
        is_synthetic: whether its tracks are made up.
    """

    title: str
    run_id: str
    outcome: str
    failure: str | None
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    is_synthetic: bool = False
