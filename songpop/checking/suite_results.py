"""Judge what Great Expectations gave for a suite: what held, what did not, and what is wrong with a check itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from songpop.checking import sql_checks
from songpop.checking.suites import EVERY_EXPECTATION_RUNS, Suite, slug
from songpop.findings import MAX_EXAMPLES, Finding, Severity

_COLUMN = "column_name"  # what a query returns that finds columns
# characters of another library's message that ours takes over
_MAX_WHY = 200
_ROW_COUNT = "expect_table_row_count_to_be_between"
_UNITS = {_ROW_COUNT: "rows", "expect_column_unique_value_count_to_be_between": "different values"}


@dataclass(frozen=True)
class Outcome:
    """What one expectation came to.

    Attributes:
        description: its sentence.
        column: the column that it is about, None where that is the whole table.
        observed: what was seen, as `1 of 120 rows (0.833 %) break it`.
        share: the share of rows that break it, 0-1, None where no rows are counted.
        examples: up to five rows that break it: their keys and the value that does, as text.
        finding: None where it held.
    """

    description: str
    severity: Severity
    column: str | None
    observed: str
    share: float | None = None
    examples: Sequence[Mapping[str, str]] = ()
    finding: Finding | None = None

    @property
    def has_run(self) -> bool:
        """Say whether anything is known about the data."""
        return self.finding is None or self.finding.check_name != EVERY_EXPECTATION_RUNS


@dataclass(frozen=True)
class SuiteResult:
    """What one suite gave.

    Attributes:
        rows: the condition for the rows that were looked at, None where that is all.
        n_rows: how many rows were looked at, None where that was not counted.
        outcomes: one an expectation, in the order of the suite; none where the suite could not be used.
        unusable: why it could not be used.
    """

    table: str
    rows: str | None = None
    n_rows: int | None = None
    gx_version: str | None = None
    outcomes: Sequence[Outcome] = field(default=(), repr=False)
    unusable: Finding | None = None

    @property
    def findings(self) -> list[Finding]:
        """Return what did not hold or run, in the order of the suite."""
        unusable = [self.unusable] if self.unusable else []
        return unusable + [outcome.finding for outcome in self.outcomes if outcome.finding]

    @property
    def n_expectations(self) -> int:
        """Count the expectations that ran."""
        return sum(outcome.has_run for outcome in self.outcomes)

    @property
    def n_held(self) -> int:
        """Count the expectations that held."""
        return sum(outcome.finding is None for outcome in self.outcomes)

    @property
    def n_not_run(self) -> int:
        """Count the expectations that could not run."""
        return len(self.outcomes) - self.n_expectations


def breaks_rows(entry: Any) -> bool:
    """Say whether Great Expectations counted rows that break an expectation, whether or not it holds."""
    return bool(entry.result.get("unexpected_count"))


def count_rows(entries: Iterable[Any]) -> int | None:
    """Return how many rows a suite's results speak of, None where none of them counts all."""
    for entry in entries:
        name = "observed_value" if entry.expectation_config.type == _ROW_COUNT else "element_count"
        if entry.result.get(name) is not None:
            return int(entry.result[name])
    return None


def judge(suite: Suite, listed: Mapping[str, Any], entry: Any, query: str, connection: Any) -> Outcome:
    """Judge one expectation by its result.

    Args:
        suite: the suite that lists it.
        listed: the expectation, as the suite lists it.
        entry: Great Expectations' result, None where there is none.
        query: the rows that were looked at.
        connection: asked for rows that break an expectation which is a query.
    """
    if entry is None:
        return not_run(suite, listed, "no result came back for it")
    why = _exception(entry.exception_info)
    if why is not None:
        return not_run(suite, listed, why)
    if "unexpected_count" in entry.result:
        return _judge_rows(suite, listed, entry)
    if listed["type"] == "unexpected_rows_expectation":
        return _judge_query(suite, listed, entry, query, connection)
    value = entry.result.get("observed_value")
    number = f"{value:,}" if isinstance(value, int) else _text(value)
    observed = f"{number} {_UNITS.get(listed['type'], '')}".rstrip()
    finding = None if entry.success else _finding(suite, listed, f"it is {value}", None, [])
    return _outcome(listed, observed, None, [], finding)


def _judge_rows(suite: Suite, listed: Mapping[str, Any], entry: Any) -> Outcome:
    """Judge an expectation about every row by how many break it."""
    result = entry.result
    n_rows, n_all = result["unexpected_count"] or 0, result["element_count"]
    of_all = f"{n_rows:,} of {n_all:,} rows"
    percent = f" ({100 * n_rows / n_all:.3g} %)" if n_all else ""
    found = result.get("partial_unexpected_index_list") or result.get("partial_unexpected_list") or []
    examples = [row if isinstance(row, dict) else {"value": row} for row in found[:MAX_EXAMPLES]]
    finding = None
    if not entry.success:
        finding = _finding(suite, listed, f"{of_all}{percent} break this", n_rows, examples)
    n_unknown = result.get("missing_count")
    observed = f"{of_all}{percent if n_rows else ''} break it{f'; {n_unknown:,} are unknown' if n_unknown else ''}"
    return _outcome(listed, observed, n_rows / n_all if n_all else None, examples, finding)


def _judge_query(suite: Suite, listed: Mapping[str, Any], entry: Any, query: str, connection: Any) -> Outcome:
    """Judge an expectation that is a query by what it returns, which should be nothing."""
    if entry.success:
        return _outcome(listed, "nothing breaks it", None, [], None)
    n_rows = entry.result["observed_value"]
    bad_rows = listed["kwargs"]["unexpected_rows_query"].format(batch=f"({query}) as batch")
    rows = connection.exec_driver_sql(f"select * from ({bad_rows}) limit {MAX_EXAMPLES}")
    examples = [dict(row._mapping) for row in rows]
    if list(examples[0]) == [_COLUMN]:
        names = [row[_COLUMN] for row in examples]
        observed = f"{n_rows:,} {'column holds' if n_rows == 1 else 'columns hold'} none"
        return _outcome(listed, observed, None, examples, _of_columns(suite, listed, n_rows, names))
    seen = f"{n_rows:,} {'row breaks' if n_rows == 1 else 'rows break'} this"
    observed = f"{n_rows:,} {'row breaks' if n_rows == 1 else 'rows break'} it"
    return _outcome(listed, observed, None, examples, _finding(suite, listed, seen, n_rows, examples))


def _outcome(
    listed: Mapping[str, Any],
    observed: str,
    share: float | None,
    examples: Sequence[Mapping[str, Any]],
    finding: Finding | None,
) -> Outcome:
    shown = [{name: _text(value) for name, value in row.items()} for row in examples]
    column = listed["kwargs"].get("column")
    return Outcome(listed["description"], listed["severity"], column, observed, share, shown, finding)


def _text(value: Any) -> str:
    """Show a value; a blank text stands in quotation marks, or nobody would see it."""
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if str(value).strip() else f"'{value}'"


def _of_columns(suite: Suite, listed: Mapping[str, Any], n_columns: int, names: list[str]) -> Finding:
    """Make the finding of a query that counts columns in place of rows."""
    more = ", ..." if n_columns > len(names) else ""
    seen = f"{n_columns} {'column holds' if n_columns == 1 else 'columns hold'} none ({', '.join(names)}{more})"
    return replace(_finding(suite, listed, seen, None, []), example_keys=tuple(names))


def _finding(
    suite: Suite, listed: Mapping[str, Any], seen: str, n_rows: int | None, examples: list[dict[str, Any]]
) -> Finding:
    first = f" (first: {sql_checks.describe_row(examples[0])})" if examples else ""
    return Finding(
        slug(listed["description"]),
        listed["severity"],
        f"In {suite.table} {listed['description']}, however {seen}{first}.",
        suite.table,
        listed["kwargs"].get("column"),
        n_rows,
        tuple(str(next(iter(row.values()))) for row in examples),
    )


def _exception(info: Mapping[str, Any]) -> str | None:
    """Return the message of an exception that an expectation raised, wherever the result keeps it."""
    for entry in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if entry.get("raised_exception"):
            return str(entry.get("exception_message"))
    return None


def not_run(suite: Suite, listed: Mapping[str, Any], why: str) -> Outcome:
    """Say that an expectation did not run, and why."""
    why = " ".join(why.split())
    why = why if len(why) <= _MAX_WHY else f"{why[:_MAX_WHY]}…"
    finding = Finding(
        EVERY_EXPECTATION_RUNS,
        "critical",
        f"The expectation '{listed['description']}' of expectations/{suite.path.name} must run, however it did "
        f"not: {why}. The check is broken; nothing is known about the data.",
        suite.table,
        listed["kwargs"].get("column"),
    )
    return _outcome(listed, "did not run", None, [], finding)
