"""The morning report of a night: what ran, was found and moved, and how good the model is; Markdown and HTML."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from songpop import __version__, synthetic
from songpop.reporting import night_report_html
from songpop.reporting.report import SYNTHETIC, Report, Table
from songpop.run import Run

_SHOWN_RELEASES = 10
_SHOWN_MOVERS = 4
_SHOWN_FINDINGS = 12


def write_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> Path:
    """Write `reports/<run_id>.md` and `.html`, and the same as `reports/latest`; return the first."""
    folder = run.settings.reports_dir
    folder.mkdir(parents=True, exist_ok=True)
    report = read_report(run, lines, failure=failure)
    for ending, text in (("html", night_report_html.render(report)), ("md", render_markdown(report))):
        (folder / f"{run.run_id}.{ending}").write_text(text, "utf-8")
        (folder / f"latest.{ending}").write_text(text, "utf-8")
    return folder / f"{run.run_id}.md"


def render_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> str:
    """Write the night in Markdown, as `write_report` does."""
    return render_markdown(read_report(run, lines, failure=failure))


def read_report(run: Run, lines: Sequence[tuple[str, float, str]], *, failure: str | None) -> Report:
    """Read what a night has to tell.

    Args:
        run: the night's run.
        lines: name, seconds and outcome of every step done.
        failure: why it failed, None where it did not.
    """
    took = sum(seconds for _, seconds, _ in lines)
    with run.warehouse() as con:
        is_synthetic = synthetic.is_synthetic(con)
        facts = [("Took", _duration(took)), *(() if failure else _facts(con))]
        tables = [
            Table("Findings", ["severity", "check", "what was seen"], _findings(run)),
            Table(
                "Steps", ["step", "seconds", "outcome"],
                [[name, round(seconds, 1), words] for name, seconds, words in lines],
            ),
            _read(con, "Model scoreboard, on the latest tracks", _SCOREBOARD, nothing="None yet."),
            _read(con, "Drift", _DRIFTED),
        ]  # fmt: skip
        if not failure:
            tables += [
                _read(con, "Where the releases' features come from", _COVERAGE),
                _read(con, "Top movers", _MOVERS, nothing="No earlier list to compare with, or nothing moved."),
                _read(con, f"Best {_SHOWN_RELEASES} new releases", _HEAD_OF_THE_LIST),
            ]
    outcome = "failed" if failure else "degraded" if run.findings else "done"
    return Report(f"songpop night of {run.as_of_date}", run.run_id, outcome, failure, facts, tables, is_synthetic)


def render_markdown(report: Report) -> str:
    """Write a report in Markdown."""
    outcome = f"{report.outcome}: {report.failure}" if report.failure else report.outcome
    parts = [
        f"# {report.title}",
        f"Run `{report.run_id}`, songpop {__version__}: **{outcome}**",
        *((f"**{SYNTHETIC}**",) if report.is_synthetic else ()),
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


def _findings(run: Run) -> list[list[object]]:
    ordered = sorted(run.findings, key=lambda finding: finding.severity != "critical")
    rows: list[list[object]] = [[one.severity, one.check_name, one.message] for one in ordered[:_SHOWN_FINDINGS]]
    if len(ordered) > _SHOWN_FINDINGS:
        rows.append(["", "", f"and {len(ordered) - _SHOWN_FINDINGS} more, in ledger.findings"])
    return rows


def _facts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Say how much was scored and how good that is; what the marts can't tell is left out."""
    return [
        (str(row[0]), str(row[1]))
        for query in (_RELEASES, _CHAMPION, _SEEN, _DRIFT)
        for row in _rows(con, query)[1] or ()
        if row[1] is not None
    ]


def _read(con: duckdb.DuckDBPyConnection, title: str, query: str, nothing: str = "None.") -> Table:
    return Table(title, *_rows(con, query), nothing)


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], list[tuple[object, ...]] | None]:
    """Return columns and rows, or None where a mart is missing or of an earlier version."""
    try:
        cursor = con.execute(query)
    except (duckdb.CatalogException, duckdb.BinderException):
        return [], None
    return [column[0] for column in cursor.description or []], cursor.fetchall()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


_RELEASES = """
    select 'New releases', format('{:,} scored; {:,} with an artist popularity, {:,} with an audio analysis',
        count(ranked.track_id), count(ranked.artist_popularity), count(releases.danceability))
    from marts.releases as releases
    left join marts.ranked_releases as ranked on releases.track_id = ranked.track_id
"""
_CHAMPION = """
    with champion as (
        select champion, decided_at from ledger.promotions order by decided_at desc, promotion_id desc limit 1
    ),
    judged as (
        select champion.champion, champion.decided_at::date as since, board.*
        from champion
        inner join marts.model_scoreboard as board on champion.champion = board.model_version
        where board.split = 'temporal'
    )
    select 'Champion', any_value(champion) || ', since ' || any_value(since) from judged having count(*) > 0
    union all
    select 'Against LightGBM',
        format('mean error {:.2f} against {:.2f} points on the latest {:,} tracks; 90 % intervals held {:.1f} %',
            max(mae) filter (where family = 'keras'), max(mae) filter (where family = 'lightgbm'),
            max(n), 100 * max(coverage_90) filter (where family = 'keras'))
    from judged having count(*) > 0
"""
_SEEN = """
    select 'Scores against popularity seen since',
        format('mean error {:.1f} points on {:,} scores, intervals held {:.0f} %',
            avg(abs(error)), count(*), 100 * avg(covered::integer))
    from marts.score_backtest having count(*) > 0
"""
_DRIFT = """
    select 'Drift', case when count(*) filter (where is_drifted) = 0 then 'none in ' || count(*) || ' features'
        else count(*) filter (where is_drifted) || ' of ' || count(*) || ' features' end
    from marts.drift having count(*) > 0
"""
_SCOREBOARD = """
    select family, n, round(mae, 2) as mae, round(r2, 3) as r2, round(spearman, 3) as spearman,
        round(accuracy_4bin, 3) as accuracy_4bin, round(coverage_90, 3) as coverage_90
    from marts.model_scoreboard
    where split = 'temporal' and model_version = (select max_by(champion, decided_at) from ledger.promotions)
    order by mae, family
"""
_DRIFTED = """
    select feature, moved, round(psi, 2) as psi, round(psi_threshold, 2) as psi_threshold, n_releases
    from marts.drift where is_drifted order by psi desc, feature
"""
_COVERAGE = """
    select coalesce(ranked.popularity_source, 'unknown') as artist_popularity, releases.feature_source as audio,
        count(*) as n_releases, round(100 * count(*) / sum(count(*)) over (), 1) as percent
    from marts.ranked_releases as ranked
    inner join marts.releases as releases on ranked.track_id = releases.track_id
    group by all order by n_releases desc, artist_popularity, audio
"""
_MOVERS = f"""
    with movers as (
        select *, row_number() over (order by rank_change desc, track_id) as place_up,
            row_number() over (order by rank_change, track_id) as place_down
        from marts.ranked_releases where rank_change <> 0
    )
    select printf('%+d', rank_change) as change, "rank", previous_rank, round(score, 1) as score, track_name,
        artist_name
    from movers
    where (place_up <= {_SHOWN_MOVERS} and rank_change > 0) or (place_down <= {_SHOWN_MOVERS} and rank_change < 0)
    order by rank_change desc, "rank"
"""
_HEAD_OF_THE_LIST = f"""
    select "rank", round(score, 1) as score,
        round(score_low)::integer || '–' || round(score_high)::integer as "90 % interval",
        track_name, artist_name, genre, release_date
    from marts.ranked_releases order by "rank" limit {_SHOWN_RELEASES}
"""
