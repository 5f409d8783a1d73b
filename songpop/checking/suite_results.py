"""Turn the result of an expectation into a finding: about the data, or about a check that broke."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from songpop.checking import sql_checks
from songpop.checking.suites import EVERY_EXPECTATION_RUNS, Suite, slug
from songpop.findings import MAX_EXAMPLES, Finding

_COLUMN = "column_name"  # what a query returns that finds columns
# characters of another library's words that a message takes over
_MAX_WHY = 200


def judge(suite: Suite, listed: Mapping[str, Any], entry: Any, query: str, connection: Any) -> list[Finding]:
    """Turn one result into no finding, a finding about the data, or a finding about a broken check."""
    if entry is None:
        return [broken(suite, listed, "no result came back for it")]
    why = _exception(entry.exception_info)
    if why is not None:
        return [broken(suite, listed, why)]
    if entry.success:
        return []
    result = entry.result
    examples: list[dict[str, Any]] = []
    if "unexpected_count" in result:
        n_rows, n_all = result["unexpected_count"], result["element_count"]
        share = f" ({100 * n_rows / n_all:.3g} %)" if n_all else ""
        seen = f"{n_rows:,} of {n_all:,} rows{share} break this"
        found = result.get("partial_unexpected_index_list") or result.get("partial_unexpected_list") or []
        examples = [row if isinstance(row, dict) else {"value": row} for row in found[:MAX_EXAMPLES]]
    elif listed["type"] == "unexpected_rows_expectation":
        n_rows = result["observed_value"]
        seen = f"{n_rows:,} {'row breaks' if n_rows == 1 else 'rows break'} this"
        bad_rows = listed["kwargs"]["unexpected_rows_query"].format(batch=f"({query}) as batch")
        rows = connection.exec_driver_sql(f"select * from ({bad_rows}) limit {MAX_EXAMPLES}")
        examples = [dict(row._mapping) for row in rows]
        if list(examples[0]) == [_COLUMN]:
            return [_of_columns(suite, listed, n_rows, [row[_COLUMN] for row in examples])]
    else:
        n_rows = None
        seen = f"it is {result.get('observed_value')}"
    return [_finding(suite, listed, seen, n_rows, examples)]


def _of_columns(suite: Suite, listed: Mapping[str, Any], n_columns: int, names: list[str]) -> Finding:
    """Tell of columns, which a query may count in place of rows."""
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
    """Return the words of an exception that an expectation raised, wherever the result keeps it."""
    for entry in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if entry.get("raised_exception"):
            return str(entry.get("exception_message"))
    return None


def broken(suite: Suite, listed: Mapping[str, Any], why: str) -> Finding:
    """Say that an expectation did not run, and why."""
    why = " ".join(why.split())
    why = why if len(why) <= _MAX_WHY else f"{why[:_MAX_WHY]}…"
    return Finding(
        EVERY_EXPECTATION_RUNS,
        "critical",
        f"The expectation '{listed['description']}' of expectations/{suite.path.name} must run, however it did "
        f"not: {why}. The check is broken; nothing is known about the data.",
        suite.table,
        listed["kwargs"].get("column"),
    )
