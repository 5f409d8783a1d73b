"""The check step: expectation suites and SQL checks on the warehouse's own tables, findings, Data Docs."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from songpop import resources, warehouse
from songpop.checking import data_docs, sql_checks, suite_results
from songpop.checking.suite_results import Outcome, SuiteResult
from songpop.checking.suites import Phase, Suite, broken_suite, load_suites
from songpop.console import Progress, no_progress
from songpop.errors import ExpectationFailed
from songpop.findings import SEVERITIES, Finding
from songpop.settings import Settings


@dataclass(frozen=True)
class CheckResult:
    """What the check step found.

    Attributes:
        findings: what did not hold, critical ones first.
        n_expectations: how many expectations were evaluated.
        n_checks: how many SQL checks ran.
        n_skipped: how many suites were skipped, for nothing was ever loaded into their table.
        docs: the Data Docs' first page.
    """

    findings: list[Finding]
    n_expectations: int
    n_checks: int
    n_skipped: int
    docs: Path

    @property
    def summary(self) -> str:
        """Say in one line what ran and what was found."""
        n_critical = sum(finding.severity == "critical" for finding in self.findings)
        n_warnings = sum(finding.severity == "warning" for finding in self.findings)
        suites = "suite" if self.n_skipped == 1 else "suites"
        skipped = f"; {self.n_skipped} {suites} skipped for want of rows" if self.n_skipped else ""
        return (
            f"{self.n_expectations} expectations and {self.n_checks} SQL checks: {n_critical} critical, "
            f"{n_warnings} {'warning' if n_warnings == 1 else 'warnings'}{skipped}"
        )


def check(
    settings: Settings,
    *,
    run_id: str,
    now: datetime,
    as_of_date: date,
    phase: Phase = "all",
    progress: Progress | None = None,
    suite_paths: Sequence[Path] | None = None,
) -> CheckResult:
    """Run suites and SQL checks on the warehouse file, and write Data Docs; no connection may be open.

    Args:
        settings: where warehouse and reports are.
        run_id: the run that checks; in the phase `scores` also the run whose scores are looked at.
        now: UTC, shown in Data Docs.
        as_of_date: the day that the run speaks for.
        phase: `inputs` before scoring, `scores` after it, `all` for both.
        progress: as `console.progress`.
        suite_paths: other suites than songpop's own.

    Raises:
        WarehouseError: the warehouse is missing or another process holds it.
    """
    paths = resources.suite_paths() if suite_paths is None else suite_paths
    suites, findings = load_suites(paths, phase)
    queries = sql_checks.load_checks(phase)
    with (progress or no_progress)("check", len(suites) + len(queries), unit="checks") as advance:
        con = warehouse.open_file(settings.warehouse, settings, read_only=True)
        with con:
            scored_run_id = sql_checks.find_scored_run(con, run_id, phase)
            wanted, skipped, missing = sql_checks.choose_suites(con, suites, scored_run_id, phase)
            outcomes = []
            for query in queries:
                outcome = sql_checks.run_check(
                    con, query, scored_run_id, as_of_date, max_shrink_share=settings.max_shrink_share
                )
                outcomes.append(outcome)
                advance(1, note=query.name)
        results = _run_suites(settings, wanted, scored_run_id, advance)
    findings += missing
    findings += [finding for result in results for finding in result.findings]
    findings += [outcome.finding for outcome in outcomes if outcome.finding]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    docs = data_docs.write_docs(
        settings.reports_dir / "data_docs",
        run_id=run_id,
        now=now,
        as_of_date=as_of_date,
        phase=phase,
        findings=findings,
        suites=results,
        skipped=[suite.table for suite in skipped],
        checks=outcomes,
    )
    n_expectations = sum(result.n_expectations for result in results)
    return CheckResult(findings, n_expectations, len(outcomes), len(skipped), docs)


def raise_if_critical(findings: Sequence[Finding]) -> None:
    """Stop a run that has a critical finding.

    Raises:
        ExpectationFailed: there is one; the message lists all.
    """
    critical = [finding for finding in findings if finding.severity == "critical"]
    if critical:
        lines = "\n".join(f"  - {finding.message}" for finding in critical)
        n = f"{len(critical)} does" if len(critical) == 1 else f"{len(critical)} do"
        raise ExpectationFailed(
            f"Every critical check must hold, however {n} not. Readers keep what was published before.\n{lines}"
        )


def _run_suites(
    settings: Settings, suites: Sequence[Suite], scored_run_id: str, advance: Callable[..., None]
) -> list[SuiteResult]:
    """Evaluate suites with Great Expectations inside DuckDB; the file is free again afterwards."""
    if not suites:
        return []
    with _quiet():
        source = _open_source(settings)
        engine = source.get_engine()
        try:
            results = []
            for suite in suites:
                results.append(_run_suite_safely(source, suite, scored_run_id))
                advance(1, note=suite.table)
            return results
        finally:
            source.get_execution_engine().close()
            engine.dispose()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' own log lines and warnings off stderr: every failure becomes a finding."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _open_source(settings: Settings) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # without autocommit, and without skipping its rollback, DuckDB's results are empty before they are fetched
    # (Great Expectations issue 10738)
    return context.data_sources.add_sql(
        "warehouse",
        connection_string=f"duckdb:///{settings.warehouse}",
        create_temp_table=False,
        kwargs={
            "connect_args": {"read_only": True, "config": warehouse.connection_config(settings)},
            "isolation_level": "AUTOCOMMIT",
            "skip_autocommit_rollback": True,
        },
    )


def _run_suite_safely(source: Any, suite: Suite, scored_run_id: str) -> SuiteResult:
    """Evaluate one suite; if it can't be, say so in a finding and go on with the others."""
    try:
        return _run_suite(source, suite, scored_run_id)
    except Exception as error:
        return SuiteResult(
            suite.table, unusable=broken_suite(suite.path, suite.table, f"{type(error).__name__}: {error}")
        )


def _run_suite(source: Any, suite: Suite, scored_run_id: str) -> SuiteResult:
    from great_expectations import __version__ as gx_version

    query = suite.batch_query(scored_run_id)
    built, unbuilt = _build_expectations(suite)
    batch = source.add_query_asset(suite.table, query=query).add_batch_definition_whole_table("rows").get_batch()
    entries = _validate(batch, suite, built)
    with source.get_engine().connect() as connection:
        outcomes = [
            unbuilt.get(place) or suite_results.judge(suite, listed, entries.get(place), query, connection)
            for place, listed in enumerate(suite.expectations)
        ]
    n_rows = suite_results.count_rows(entries.values())
    return SuiteResult(suite.table, suite.rows, n_rows, gx_version, outcomes)


def _build_expectations(suite: Suite) -> tuple[dict[int, Any], dict[int, Outcome]]:
    """Make each expectation by itself: a suite would leave one that it can't make out, without an error.

    Returns:
        The expectations by their place in the suite, and what came of those that can't be made.
    """
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    built, unbuilt = {}, {}
    for place, listed in enumerate(suite.expectations):
        try:
            built[place] = ExpectationConfiguration(**{**listed, "meta": {"place": place}}).to_domain_obj()
        except Exception as error:
            unbuilt[place] = suite_results.not_run(suite, listed, f"{listed['type']} can't be made: {error}")
    return built, unbuilt


def _validate(batch: Any, suite: Suite, built: Mapping[int, Any]) -> dict[int, Any]:
    """Return the result of each expectation by its place.

    Which rows break one costs a query more an expectation, so only those that some row breaks are asked for it.
    """
    entries = _validate_in_format(batch, suite, built, {"result_format": "BASIC"})
    broken = {place: built[place] for place, entry in entries.items() if suite_results.breaks_rows(entry)}
    with_keys = {"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.keys)}
    return entries | (_validate_in_format(batch, suite, broken, with_keys) if broken else {})


def _validate_in_format(
    batch: Any, suite: Suite, built: Mapping[int, Any], result_format: Mapping[str, Any]
) -> dict[int, Any]:
    import great_expectations as gx

    gx_suite = gx.ExpectationSuite(name=suite.table, expectations=list(built.values()))
    result = batch.validate(gx_suite, result_format=result_format)
    return {entry.expectation_config.meta["place"]: entry for entry in result.results}
