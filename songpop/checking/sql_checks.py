"""SQL checks: one query an invariant; a row that it returns is a finding."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import duckdb

from songpop import resources
from songpop.checking.suites import Phase, Suite
from songpop.findings import MAX_EXAMPLES, SEVERITIES, Finding, Severity
from songpop.settings import Settings

# the check names of a broken check, as distinct from bad data
EVERY_CHECK_RUNS = "every_check_runs"
EVERY_SUITE_HAS_ITS_TABLE = "every_suite_has_its_table"

_FIELD = re.compile(r"^(Severity|Phase|Table): (\S+?)\.?$")
_ADVICE = "What to do: "
# checks of how a file lies beside the one before it, and of dates that it lacks, which whoever loads one by hand sees
# at once
OF_NEW_FILES = ("known_ids_stay", "no_column_went_blank", "releases_have_a_date", "snapshot_did_not_shrink")
_MAX_SHOWN_COLUMNS = 5


@dataclass(frozen=True)
class Check:
    """One file of `sql/checks/`: its rule is the sentence that the file opens with.

    Rows may name a `severity` of their own, no graver than the file's, and say what was `seen` in words.
    """

    name: str
    rule: str
    severity: Severity
    phase: str
    table: str
    query: str
    advice: str = ""


@dataclass(frozen=True)
class CheckOutcome:
    """A check that ran, with what it found, if anything."""

    check: Check
    finding: Finding | None


def load_checks(phase: Phase, paths: Sequence[Path] | None = None) -> list[Check]:
    """Read the checks of a phase, sorted by name."""
    found = [_read_check(path) for path in (resources.sql_paths("checks") if paths is None else paths)]
    return [check for check in found if phase in ("all", check.phase)]


def _read_check(path: Path) -> Check:
    fields: dict[str, str] = {}
    rule: list[str] = []
    advice: list[str] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("--"):
            break
        text = line.removeprefix("--").strip()
        field = _FIELD.match(text)
        if field:
            fields[field[1]] = field[2]
        elif not fields:
            rule.append(text)
        elif text.startswith(_ADVICE) or (advice and not advice[-1].endswith(".")):
            advice.append(text.removeprefix(_ADVICE))
    return Check(
        path.stem,
        " ".join(rule).rstrip("."),
        cast(Severity, fields["Severity"]),
        fields["Phase"],
        fields["Table"],
        "\n".join(lines),
        " ".join(advice),
    )


def run_check(
    con: duckdb.DuckDBPyConnection,
    check: Check,
    run_id: str,
    as_of_date: date,
    *,
    max_shrink_share: float = Settings.max_shrink_share,
) -> CheckOutcome:
    """Run one check; it gives a finding if it returns a row, or if it can't run.

    Args:
        con: the warehouse.
        check: what to run.
        run_id: the run whose scores are looked at, for `$run_id`.
        as_of_date: for `$as_of_date`.
        max_shrink_share: for `$max_shrink_share`.
    """
    parameters = {"run_id": run_id, "as_of_date": as_of_date, "max_shrink_share": max_shrink_share}
    used = {name: value for name, value in parameters.items() if f"${name}" in check.query}
    limited = (
        f"with offending as materialized ({check.query}\n) "
        f"select (select count(*) from offending), * from offending limit {MAX_EXAMPLES}"
    )
    try:
        cursor = con.execute(limited, used or None)
        columns = [entry[0] for entry in cursor.description or ()][1:]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        message = (
            f"sql/checks/{check.name}.sql must run, however it did not: {why}. The check is broken; nothing "
            "is known about the data."
        )
        return CheckOutcome(check, Finding(EVERY_CHECK_RUNS, "critical", message, check.table))
    if not rows:
        return CheckOutcome(check, None)
    n_rows = rows[0][0]
    found = [dict(zip(columns, row[1:], strict=True)) for row in rows]
    severities = {row.pop("severity", check.severity) for row in found}
    message = f"{check.rule}, however {_say(check, found, n_rows)}."
    if check.advice:
        message += f" {check.advice[0].upper()}{check.advice[1:]}"
    keys = tuple(str(row[1]) for row in rows)
    severity = min(severities, key=SEVERITIES.index)
    return CheckOutcome(check, Finding(check.name, severity, message, check.table, n_rows=n_rows, example_keys=keys))


def _say(check: Check, found: Sequence[dict[str, Any]], n_rows: int) -> str:
    """Say what was seen: in the rows' own words where they have some, else how many they are and what the first is."""
    if "seen" in found[0]:
        more = f"; and {n_rows - len(found):,} more" if n_rows > len(found) else ""
        return "; ".join(row["seen"] for row in found) + more
    where = "" if check.table in check.rule else f" in {check.table}"
    breaks = "row breaks" if n_rows == 1 else "rows break"
    return f"{n_rows:,} {breaks} this{where} (first: {describe_row(found[0])})"


def check_new_files(con: duckdb.DuckDBPyConnection, settings: Settings, run_id: str, as_of_date: date) -> list[Finding]:
    """Return what is odd about files that no check has passed yet, beside those before them."""
    checks = [check for check in load_checks("inputs") if check.name in OF_NEW_FILES]
    outcomes = [
        run_check(con, check, run_id, as_of_date, max_shrink_share=settings.max_shrink_share) for check in checks
    ]
    return [outcome.finding for outcome in outcomes if outcome.finding]


def find_scored_run(con: duckdb.DuckDBPyConnection, run_id: str, phase: Phase) -> str:
    """Return the run whose scores are looked at: this one after scoring, else the newest that scored."""
    if phase == "scores":
        return run_id
    rows = con.execute("select run_id from ledger.scores order by scored_at desc, run_id desc limit 1").fetchall()
    return str(rows[0][0]) if rows else run_id


def choose_suites(
    con: duckdb.DuckDBPyConnection, suites: Sequence[Suite], run_id: str, phase: Phase
) -> tuple[list[Suite], list[Suite], list[Finding]]:
    """Part the suites into those to run, those to skip, and findings about tables that do not exist.

    An optional suite is skipped if its table holds no row because no file of its kind was ever loaded, or no
    run has scored yet; right after scoring there must be scores.
    """
    tables = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
        ).fetchall()
    }
    entities = {entity for (entity,) in con.execute("select distinct entity from ledger.loads").fetchall()}
    wanted, skipped, findings = [], [], []
    for suite in suites:
        if suite.table not in tables:
            findings.append(_missing_table(suite))
        elif _is_wanted(suite, entities, phase) or _has_rows(con, suite.batch_query(run_id)):
            wanted.append(suite)
        else:
            skipped.append(suite)
    return wanted, skipped, findings


def _is_wanted(suite: Suite, entities: set[str], phase: Phase) -> bool:
    """Say whether the table must hold rows, so that its being empty is a finding."""
    if suite.may_be_empty:
        return False
    return suite.required or suite.entity in entities or suite.phase == phase == "scores"


def describe_row(row: Mapping[str, Any]) -> str:
    """Show the first columns of a row: `track_id '7qiZ', popularity 412`."""
    shown = list(row.items())[:_MAX_SHOWN_COLUMNS]
    return ", ".join(f"{name} {_shown(value)}" for name, value in shown)


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _has_rows(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    try:
        return bool(con.execute(f"select 1 from ({query}) limit 1").fetchall())
    except duckdb.Error:
        return True  # the suite's own condition is broken, which running it will tell


def _missing_table(suite: Suite) -> Finding:
    return Finding(
        EVERY_SUITE_HAS_ITS_TABLE,
        "critical",
        f"{suite.table} must exist, for expectations/{suite.path.name} is about it, however it does not. Build "
        "the warehouse with `songpop load`, or rename the suite with its table.",
        suite.table,
    )
