"""The check step: expectation suites and SQL checks on the warehouse's own tables, findings, Data Docs."""

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from songpop import resources, warehouse
from songpop.checking import data_docs, sql_checks, suite_results
from songpop.checking.data_docs import SuiteReport
from songpop.checking.suites import EVERY_EXPECTATION_RUNS, Phase, Suite, broken_suite, load_suites
from songpop.errors import ExpectationFailed
from songpop.findings import Finding
from songpop.settings import Settings

Progress = Callable[..., contextlib.AbstractContextManager[Callable[..., None]]]


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
        n_warnings = len(self.findings) - n_critical
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
    with (progress or _silent)("check", len(suites) + len(queries), unit="checks") as advance:
        con = warehouse.open_file(settings.warehouse, settings, read_only=True)
        with con:
            scored_run_id = sql_checks.find_scored_run(con, run_id, phase)
            wanted, skipped, missing = sql_checks.choose_suites(con, suites, scored_run_id, phase)
            outcomes = []
            for query in queries:
                outcomes.append(sql_checks.run_check(con, query, scored_run_id, as_of_date))
                advance(1, note=query.name)
        reports = _run_suites(settings, wanted, run_id, scored_run_id, now, advance)
    findings += missing
    findings += [finding for report in reports for finding in report.findings]
    findings += [outcome.finding for outcome in outcomes if outcome.finding]
    findings.sort(key=lambda finding: finding.severity != "critical")
    docs = data_docs.write_docs(
        settings.reports_dir / "data_docs",
        run_id=run_id,
        now=now,
        as_of_date=as_of_date,
        phase=phase,
        findings=findings,
        suites=reports,
        skipped=[suite.table for suite in skipped],
        checks=outcomes,
    )
    n_expectations = sum(report.n_expectations for report in reports)
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
    settings: Settings,
    suites: Sequence[Suite],
    run_id: str,
    scored_run_id: str,
    now: datetime,
    advance: Callable[..., None],
) -> list[SuiteReport]:
    """Evaluate suites with Great Expectations inside DuckDB; the file is free again afterwards."""
    if not suites:
        return []
    with _quiet():
        from great_expectations.render.view import DefaultJinjaPageView

        source = _open_source(settings)
        session = _Session(source, DefaultJinjaPageView(), run_id, scored_run_id, now)
        engine = source.get_engine()
        try:
            reports = []
            for suite in suites:
                reports.append(_run_suite_safely(session, suite))
                advance(1, note=suite.table)
            return reports
        finally:
            source.get_execution_engine().close()
            engine.dispose()


@dataclass(frozen=True)
class _Session:
    """What the suites of one check share."""

    source: Any
    view: Any
    run_id: str
    scored_run_id: str
    now: datetime


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


def _run_suite_safely(session: _Session, suite: Suite) -> SuiteReport:
    """Evaluate one suite; if it can't be, say so in a finding and go on with the others."""
    try:
        return _run_suite(session, suite)
    except Exception as error:
        finding = broken_suite(suite.path, suite.table, f"{type(error).__name__}: {error}")
        return SuiteReport(suite.table, n_expectations=0, n_held=0, findings=[finding], page="")


def _run_suite(session: _Session, suite: Suite) -> SuiteReport:
    import great_expectations as gx
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    source, query = session.source, suite.batch_query(session.scored_run_id)
    built, findings = _build_expectations(suite)
    gx_suite = gx.ExpectationSuite(name=suite.table, expectations=list(built.values()))
    batch = source.add_query_asset(suite.table, query=query).add_batch_definition_whole_table("rows")
    definition = gx.ValidationDefinition(name=suite.table, data=batch, suite=gx_suite)
    source.data_context.suites.add(gx_suite)
    definition = source.data_context.validation_definitions.add(definition)
    result = definition.run(
        result_format={"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.keys)},
        run_id=gx.RunIdentifier(run_name=session.run_id, run_time=session.now),
    )
    by_place = {entry.expectation_config.meta.get("place"): entry for entry in result.results}
    with source.get_engine().connect() as connection:
        for place, listed in enumerate(suite.expectations):
            if place in built:
                findings += suite_results.judge(suite, listed, by_place.get(place), query, connection)
    n_broken = sum(finding.check_name == EVERY_EXPECTATION_RUNS for finding in findings)
    n_listed = len(suite.expectations)
    return SuiteReport(
        suite.table,
        n_expectations=n_listed - n_broken,
        n_held=n_listed - len(findings),
        findings=findings,
        page=str(session.view.render(ValidationResultsPageRenderer().render(result))),
    )


def _build_expectations(suite: Suite) -> tuple[dict[int, Any], list[Finding]]:
    """Make each expectation by itself: a suite would leave one that it can't make out, without an error."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    built, findings = {}, []
    for place, listed in enumerate(suite.expectations):
        try:
            built[place] = ExpectationConfiguration(**{**listed, "meta": {"place": place}}).to_domain_obj()
        except Exception as error:
            findings.append(suite_results.broken(suite, listed, f"{listed['type']} can't be made: {error}"))
    return built, findings


@contextmanager
def _silent(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Callable[..., None]]:
    yield lambda n=1, note=None: None
