"""Data Docs: pages about what was checked and found; they need no network and name no path of the machine."""

import os
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from songpop import __version__, html_pages
from songpop.checking import docs_state
from songpop.checking.docs_state import CheckRow, FindingRow, PhaseState, RunState, SuiteRow
from songpop.checking.sql_checks import CheckOutcome
from songpop.checking.suite_results import Outcome, SuiteResult
from songpop.findings import SEVERITIES, Finding

# runs that keep their pages
_KEPT_RUNS = 7


def write_docs(
    folder: Path,
    *,
    run_id: str,
    now: datetime,
    as_of_date: date,
    phase: str,
    findings: Sequence[Finding],
    suites: Sequence[SuiteResult],
    skipped: Sequence[str],
    checks: Sequence[CheckOutcome],
) -> Path:
    """Write the pages of a run, and a first page about it; return the first page's path.

    A run's phases share its pages. The newest seven runs are kept. Each file is replaced whole, the first
    page last, so a reader never meets half of one.
    """
    home = folder / run_id
    home.mkdir(parents=True, exist_ok=True)
    earlier = docs_state.read(home)
    state = RunState(
        run_id=run_id,
        now=f"{now:%Y-%m-%d %H:%M} UTC",
        order=now.isoformat(),
        as_of_date=as_of_date.isoformat(),
        phases={**(earlier.phases if earlier else {}), phase: _phase(findings, suites, skipped, checks)},
    )
    for suite in suites:
        if not suite.unusable:
            _replace(home / f"{suite.table}.html", _suite_page(suite, state, findings))
    _replace(home / docs_state.NAME, docs_state.to_json(state))
    _replace(home / "index.html", _run_page(state))
    kept = _prune(folder, run_id)
    first_page = folder / "index.html"
    _replace(first_page, _run_page(state, f"{run_id}/", kept))
    return first_page


def _phase(
    findings: Sequence[Finding],
    suites: Sequence[SuiteResult],
    skipped: Sequence[str],
    checks: Sequence[CheckOutcome],
) -> PhaseState:
    return PhaseState(
        findings=[_finding_row(finding) for finding in findings],
        suites=[
            SuiteRow(suite.table, suite.n_expectations, suite.n_held, not suite.unusable, suite.n_rows, suite.n_not_run)
            for suite in suites
        ],
        skipped=list(skipped),
        checks=[_check_row(outcome) for outcome in checks],
        gx_version=next((suite.gx_version for suite in suites if suite.gx_version), None),
    )


def _finding_row(finding: Finding) -> FindingRow:
    return FindingRow(finding.severity, finding.check_name, finding.table_name or "", finding.message)


def _check_row(outcome: CheckOutcome) -> CheckRow:
    finding, check = outcome.finding, outcome.check
    return CheckRow(
        check.name, check.rule, check.severity, check.table, finding is None, finding.n_rows if finding else None
    )


def _prune(folder: Path, run_id: str) -> list[RunState]:
    """Remove the pages of old runs; return the states of the earlier ones that are kept, newest first."""
    found = [(path.parent, docs_state.read(path.parent)) for path in folder.glob(f"*/{docs_state.NAME}")]
    earlier = [(home, state) for home, state in found if state and state.run_id != run_id]
    earlier.sort(key=lambda entry: entry[1].order, reverse=True)
    for home, _ in earlier[_KEPT_RUNS - 1 :]:
        shutil.rmtree(home)
    return [state for _, state in earlier[: _KEPT_RUNS - 1]]


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _run_page(state: RunState, prefix: str = "", earlier: Sequence[RunState] = ()) -> str:
    """Draw the page of one run: findings first, then suites, then SQL checks, then earlier runs.

    Args:
        state: the run's.
        prefix: the folder of the run's pages, seen from this one; empty on the run's own page.
        earlier: other runs that have pages, newest first.
    """
    return html_pages.render(
        "checking/templates/run.html",
        run=state,
        findings=state.findings,
        prefix=prefix,
        pages={suite.table for suite in state.suites if suite.has_page},
        earlier=earlier,
        gx_version=state.gx_version,
        version=__version__,
    )


def _suite_page(suite: SuiteResult, state: RunState, findings: Sequence[Finding]) -> str:
    """Draw the page of one suite: what failed first, then every expectation by column, the whole table's last."""
    own = suite.findings
    others = [finding for finding in findings if finding.table_name == suite.table and finding not in own]
    columns: dict[str | None, list[Outcome]] = {}
    for outcome in sorted(suite.outcomes, key=lambda outcome: outcome.column is None):
        columns.setdefault(outcome.column, []).append(outcome)
    failed = [
        outcome
        for severity in SEVERITIES
        for outcome in suite.outcomes
        if outcome.finding and outcome.finding.severity == severity
    ]
    return html_pages.render(
        "checking/templates/suite.html",
        run=state,
        suite=suite,
        findings=[_finding_row(finding) for finding in [*own, *others]],
        failed=failed,
        others=[_finding_row(finding) for finding in others],
        columns=columns,
        gx_version=suite.gx_version,
        version=__version__,
    )
