"""The morning report of a night: what ran, was found and moved, and how good the model is; Markdown and HTML."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path

import duckdb

from songpop import __version__, adjustments, last_run, ledger, queries, synthetic
from songpop.findings import SEVERITIES, is_degrading
from songpop.published import list_table
from songpop.published.left_out import LeftOut
from songpop.published.list_definition import Filters
from songpop.published.list_table import Columns, Row, as_they_are, round_half_up, rounded
from songpop.reporting import night_report_html
from songpop.reporting.report import Report, Table
from songpop.run import Run
from songpop.synthetic import BANNER

_SHOWN_RELEASES = 10
_SHOWN_MOVERS = 4
_SHOWN_FINDINGS = 12


def write_report(
    run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None, failed_step: str = ""
) -> Path:
    """Write `reports/<run_id>.md` and `.html`, and the same as `reports/latest`; return the first."""
    folder = run.settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)
    report = read_report(run, lines, failure=failure, failed_step=failed_step)
    for ending, text in (("html", night_report_html.render(report)), ("md", render_markdown(report))):
        (folder / f"{run.run_id}.{ending}").write_text(text, "utf-8")
        (folder / f"latest.{ending}").write_text(text, "utf-8")
    return folder / f"{run.run_id}.md"


def render_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> str:
    """Write the night in Markdown, as `write_report` does."""
    return render_markdown(read_report(run, lines, failure=failure))


def read_report(
    run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None, failed_step: str = ""
) -> Report:
    """Read what a night has to tell.

    Args:
        run: the night's run.
        lines: name, seconds and outcome of every step done.
        failure: why it failed, None where it did not.
        failed_step: the step that failed, where one did.
    """
    took = sum(seconds for _, seconds, _ in lines)
    with run.warehouse() as con:
        is_synthetic = synthetic.is_synthetic(con)
        board = queries.read_if_built(con, "reports", "scoreboard")
        facts = [
            ("Took", _duration(took)),
            *(_facts(con, board or []) if failure is None else _what_is_left(con, run, failed_step)),
        ]
        tables = [
            Table("Findings", ["severity", "check", "what was seen", "since"], _findings(con, run)),
            Table(
                "Steps",
                ["step", "seconds", "outcome"],
                [[name, round(seconds, 1), outcome] for name, seconds, outcome in lines],
            ),
            _scoreboard(board),
            _drifted(queries.read_if_built(con, "reports", "drift")),
        ]
        if not failure:
            tables += [
                _feature_sources(queries.read_if_built(con, "reports", "feature_sources")),
                _movers(queries.read_if_built(con, "reports", "movers", limit=_SHOWN_MOVERS)),
                _best(queries.read_if_built(con, "exports", "releases", **vars(Filters(limit=_SHOWN_RELEASES)))),
            ]
    outcome = "failed" if failure else "degraded" if is_degrading(run.findings) else "done"
    return Report(f"songpop night of {run.as_of_date}", run.run_id, outcome, failure, facts, tables, is_synthetic)


def render_markdown(report: Report) -> str:
    """Write a report in Markdown."""
    outcome = f"{report.outcome}: {report.failure}" if report.failure else report.outcome
    parts = [
        f"# {report.title}",
        f"Run `{report.run_id}`, songpop {__version__}: **{outcome}**",
        *((f"**{BANNER}**",) if report.is_synthetic else ()),
        "\n".join(f"- **{name}**: {words}" for name, words in report.facts),
    ]
    for table in report.tables:
        parts += [
            f"## {table.title}",
            markdown_table(table.columns, table.rows) if table.rows else table.placeholder,
        ]
    return "\n\n".join(parts) + "\n"


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as a Markdown table; bars and line breaks in values are made harmless."""

    def cell(value: object) -> str:
        return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")

    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _findings(con: duckdb.DuckDBPyConnection, run: Run) -> list[list[object]]:
    ordered = sorted(run.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    known = {(row["check_name"], row["message"]): row for row in ledger.read_findings(con, run.run_id)}
    rows: list[list[object]] = [
        [one.severity, one.check_name, one.message, _since(known.get((one.check_name, one.message)))]
        for one in ordered[:_SHOWN_FINDINGS]
    ]
    if len(ordered) > _SHOWN_FINDINGS:
        rows.append(["", "", f"and {len(ordered) - _SHOWN_FINDINGS} more: `songpop findings`", ""])
    return rows


def _since(row: Row | None) -> str:
    if row is None:
        return ""
    since = f"{row['first_seen_date']}, {row['n_nights']} nights" if row["n_nights"] > 1 else "new"
    return f"{since}; acknowledged: {row['note']}" if row["is_acknowledged"] else since


def _what_is_left(con: duckdb.DuckDBPyConnection, run: Run, failed_step: str) -> list[tuple[str, str]]:
    """Say of a night that failed where, what readers have all the same, and what to do."""
    now = run.clock()
    facts = [
        ("Failed in", failed_step or "its beginning"),
        ("Readers", last_run.describe_published(queries.read_one(con, "reports", "last_run"), now)),
    ]
    withdrawn = con.execute("select snapshot_id from ledger.withdrawals where run_id = ?", [run.run_id]).fetchall()
    if withdrawn:
        facts.append(("Withdrawn", ", ".join(snapshot_id for (snapshot_id,) in withdrawn)))
    advice = "Mend what is said above, and run the night again; the next one begins anew in any case."
    return [*facts, ("What to do", advice)]


def _facts(con: duckdb.DuckDBPyConnection, board: Sequence[Row]) -> list[tuple[str, str]]:
    """Say how much was scored and how good that is; what the marts can't tell is left out."""
    facts = []
    if counts := queries.read_one(con, "reports", "release_counts"):
        facts.append(
            (
                "New releases",
                f"{counts['n_scored']:,} scored; {counts['n_with_artist_popularity']:,} with an artist popularity, "
                f"{counts['n_with_audio_features']:,} with an audio analysis",
            )
        )
    facts += [("Trust", remark) for remark in adjustments.read_adjustment(con).remarks]
    if listed := queries.read_one(con, "reports", "list_counts"):
        missing = LeftOut(n_rows=listed["n_little"], n_versions=listed["n_other_versions"])
        facts.append(("In the list", " ".join([f"{listed['n_listed']:,} recordings.", *missing.describe("releases")])))
    if champion := queries.read_one(con, "reports", "champion"):
        facts.append(("Champion", f"{champion['model_version']}, since {champion['decided_at'].date()}"))
    latest = {row["role"]: row for row in board if row["split"] == "temporal"}
    network, benchmark = latest.get("network"), latest.get("benchmark")
    if network and benchmark and None not in (network["mae"], benchmark["mae"], network["coverage_90"]):
        facts.append(
            (
                "Against LightGBM",
                f"mean error {network['mae']:.2f} against {benchmark['mae']:.2f} points on the latest "
                f"{network['n']:,} tracks; 90 % intervals held {100 * network['coverage_90']:.1f} %",
            )
        )
    if seen := queries.read_one(con, "reports", "backtest_summary"):
        facts.append(
            (
                "Scores against popularity seen since",
                f"mean error {seen['mae']:.1f} points on {seen['n_scores']:,} scores, "
                f"intervals held {100 * seen['covered_share']:.0f} %",
            )
        )
    if drift := queries.read_one(con, "reports", "drift_summary"):
        n, of = drift["n_drifted"], f"{drift['n_features']} features"
        facts.append(("Drift", f"{n} of {of}" if n else f"none in {of}"))
    return facts


def _table(title: str, columns: Columns, rows: Iterable[Row] | None, nothing: str = "None.") -> Table:
    return Table(title, list(columns), None if rows is None else list_table.cells(rows, columns), nothing)


def _scoreboard(board: Sequence[Row] | None) -> Table:
    columns = as_they_are("family", "n") | rounded("mae", places=2)
    columns |= rounded("r2", "spearman", "accuracy_4bin", "coverage_90", places=3)
    rows = None if board is None else [row for row in board if row["split"] == "temporal"]
    return _table("Model scoreboard, on the latest tracks", columns, rows, "None yet.")


def _drifted(drift: Sequence[Row] | None) -> Table:
    columns = as_they_are("feature", "moved") | rounded("psi", "psi_threshold", places=2) | as_they_are("n_releases")
    return _table("Drift", columns, None if drift is None else [row for row in drift if row["is_drifted"]])


def _feature_sources(sources: Sequence[Row] | None) -> Table:
    total = sum(row["n_releases"] for row in sources or ())
    columns: Columns = {
        "artist_popularity": lambda row: row["popularity_source"] or "unknown",
        "audio": itemgetter("feature_source"),
        "n_releases": itemgetter("n_releases"),
        "percent": lambda row: round_half_up(100 * row["n_releases"] / total, 1),
    }
    return _table("Where the releases' features come from", columns, sources)


def _movers(movers: Sequence[Row] | None) -> Table:
    names = ("change", "rank", "previous_rank", "score", "points", "track_name", "artist_name")
    columns = {name: list_table.TABLES["movers"][name] for name in names}
    return _table("Top movers", columns, movers, "No earlier list to compare with, or nothing moved.")


def _best(releases: Sequence[Row] | None) -> Table:
    names = ("place", "score", "90 % interval", "track_name", "artist_name", "genre", "released")
    columns = {name: list_table.TABLES["releases"][name] for name in names}
    return _table(f"Best {_SHOWN_RELEASES} new releases", columns, releases)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
