"""The night's report as one HTML page that needs nothing else, in light and dark, on a screen and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from songpop import __version__, html_pages
from songpop.reporting.report import Report, Table
from songpop.synthetic import BANNER

# texts up to this length stay on one line
_SHORT = 16
_EMPTY_OR_NUMBER = (int, float, type(None))


@dataclass(frozen=True)
class _Column:
    """A column's heading, and whether its values are numbers and stand to the right."""

    heading: str
    is_number: bool


@dataclass(frozen=True)
class _Cell:
    """A value as it is shown; a bar is a percentage of the column's greatest value."""

    text: str
    kind: str
    bar: int | None


@dataclass(frozen=True)
class _Section:
    """A table as it is shown; `nothing` stands where it has no rows."""

    title: str
    nothing: str
    columns: Sequence[_Column]
    rows: Sequence[Sequence[_Cell]]


def render(report: Report) -> str:
    """Write a report as an HTML page; every value is escaped."""
    return html_pages.render(
        "reporting/templates/night_report.html",
        report=report,
        sections=[_section(table) for table in report.tables],
        synthetic=BANNER,
        version=__version__,
    )


def _section(table: Table) -> _Section:
    rows = table.rows or []
    columns, longest = [], []
    for number, name in enumerate(table.columns):
        values = [row[number] for row in rows]
        columns.append(_Column(name.replace("_", " "), all(isinstance(value, _EMPTY_OR_NUMBER) for value in values)))
        seconds = [value for value in values if isinstance(value, float)] if name == "seconds" else []
        longest.append(max(seconds, default=0.0))
    cells = [
        [
            _Cell(_text(value), _kind(value, name, column.is_number), _bar(value, most))
            for value, name, column, most in zip(row, table.columns, columns, longest, strict=True)
        ]
        for row in rows
    ]
    return _Section(table.title, table.placeholder, columns, cells)


def _text(value: object) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _kind(value: object, name: str, is_number: bool) -> str:
    """Return the style class of a cell: a severity's own, `n` for a number, `s` for a short text."""
    if name == "severity":
        return str(value)
    return "n" if is_number else "s" if len(_text(value)) <= _SHORT else ""


def _bar(value: object, longest: float) -> int | None:
    return round(max(100 * value / longest, 1)) if longest and isinstance(value, float) else None
