"""The report of a night: one Markdown page that says what ran, what was found and who leads the list."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from songpop import __version__
from songpop.runs import Run

_SHOWN_RELEASES = 10


def write_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> Path:
    """Write `reports/<run_id>.md`, and the same as `reports/latest.md`; return the first."""
    folder = run.settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)
    text = render_report(run, lines, failure=failure)
    path = folder / f"{run.run_id}.md"
    path.write_text(text)
    (folder / "latest.md").write_text(text)
    return path


def render_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> str:
    """Write the night in Markdown: outcome, steps, findings, scoreboard, and the head of the list."""
    outcome = f"failed: {failure}" if failure else "degraded" if run.findings else "done"
    parts = [
        f"# songpop night of {run.as_of_date}",
        f"Run `{run.run_id}`, songpop {__version__}: **{outcome}**",
        "## Steps",
        markdown_table(
            ["step", "seconds", "outcome"],
            [[name, f"{seconds:.1f}", words] for name, seconds, words in lines],
        ),
        "## Findings",
        markdown_table(
            ["severity", "check", "what was seen"],
            [[finding.severity, finding.check_name, finding.message] for finding in run.findings],
        )
        if run.findings
        else "None.",
    ]
    with run.warehouse() as con:
        parts += ["## Model scoreboard", _query_table(con, _SCOREBOARD)]
        parts += ["## Drift", _query_table(con, _DRIFTED, nothing="None.")]
        if not failure:
            parts += [f"## Best {_SHOWN_RELEASES} new releases", _query_table(con, _HEAD_OF_THE_LIST)]
    return "\n\n".join(parts) + "\n"


_SCOREBOARD = """
    select split, family, n, round(mae, 2) as mae, round(rmse, 2) as rmse, round(r2, 3) as r2,
        round(spearman, 3) as spearman, round(accuracy_4bin, 3) as accuracy_4bin,
        round(accuracy_majority, 3) as accuracy_majority, round(coverage_90, 3) as coverage_90
    from marts.model_scoreboard
    where model_version = (select max_by(champion, decided_at) from ledger.promotions)
    order by split, mae
"""
_DRIFTED = """
    select feature, moved, round(psi, 2) as psi, round(psi_threshold, 2) as psi_threshold, n_releases
    from marts.drift where is_drifted order by psi desc, feature
"""
_HEAD_OF_THE_LIST = f"""
    select "rank", round(score, 1) as score, round(score_low) || '–' || round(score_high) as "90 % interval",
        track_name, artist_name, genre, release_date
    from marts.ranked_releases order by "rank" limit {_SHOWN_RELEASES}
"""


def _query_table(con: duckdb.DuckDBPyConnection, query: str, nothing: str = "None yet.") -> str:
    n_built = con.execute(
        "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name in "
        "('model_scoreboard', 'drift')"
    ).fetchall()[0][0]
    if n_built < 2:
        return "Not built yet."
    cursor = con.execute(query)
    columns = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    return markdown_table(columns, rows) if rows else nothing


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as a Markdown table; bars and line breaks in values are made harmless."""

    def cell(value: object) -> str:
        return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")

    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)
