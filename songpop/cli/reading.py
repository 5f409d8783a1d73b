"""Commands that only read: lists, SQL, status, doctor."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from songpop import console
from songpop.cli.options import json_option, print_json, settings_options
from songpop.runs import utc_now
from songpop.settings import Settings

# what a person reads first; every column is in the other formats
_TABLES = {
    "releases": """"rank", coalesce(printf('%+d', rank_change), 'new') as change, round(score, 1) as score,
        {interval}, track_name, artist_name, genre, release_date as released, drivers""",
    "movers": """printf('%+d', rank_change) as change, "rank", previous_rank, round(score, 1) as score, {interval},
        track_name, artist_name, genre""",
    "singles": """round(single_score, 1) as score, round(100 * p_best)::integer || ' %' as chance_of_best, verdict,
        single_track_name as single, artist_name, album_name, n_tracks, runner_up_track_name as runner_up""",
    "artists": """"rank", round(best_score, 1) as best_score, artist_name, best_track_name as best_track, n_releases,
        artist_popularity, n_tracks, round(mean_popularity, 1) as mean_popularity""",
}
_INTERVAL = "round(score_low)::integer || '–' || round(score_high)::integer as \"90 % interval\""
_date = click.DateTime(["%Y-%m-%d"])


@click.command("export")
@click.argument("name", metavar="LIST")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet", "xlsx", "json", "table"]),
    help="[from --out; else a table on a terminal, CSV in a pipe]",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="[stdout]")
@click.option("--limit", type=click.IntRange(min=1), help="Number of rows")
@click.option("--genre", help="Only this genre")
@click.option("--artist", help="Only artists whose name holds this")
@click.option("--since", type=_date, metavar="YYYY-MM-DD", help="Released on or after")
@click.option("--until", type=_date, metavar="YYYY-MM-DD", help="Released on or before")
@click.option("--min-score", type=float, help="Lowest score")
@settings_options
def export_command(
    settings: Settings,
    name: str,
    file_format: str | None,
    out: Path | None,
    since: datetime | None,
    until: datetime | None,
    **chosen: Any,
) -> None:
    """Write a ranked list from the published file.

    LIST is releases, singles, artists, movers or a .sql file. Without --out and --format a terminal shows a
    table, and a pipe gets CSV; XLSX and Parquet, which no terminal can show, go to exports/ under home.
    """
    from songpop import exports

    filters = exports.Filters(since=_day(since), until=_day(until), **chosen)
    frame = exports.read_list(settings, name, filters)
    if file_format == "table" or (out is None and file_format is None and sys.stdout.isatty()):
        _print_list(name, frame)
        return
    chosen_format = file_format or _format_of(out)
    notes = exports.list_notes(settings, name, filters)
    if out is None and chosen_format in ("xlsx", "parquet") and sys.stdout.isatty():
        out = settings.exports_dir / f"{Path(name).stem}.{chosen_format}"
    if out is None:
        exports.write_list(frame, sys.stdout.buffer, chosen_format, notes=notes)
        return
    exports.write_list(frame, out.resolve(), chosen_format, notes=notes)
    console.say(f"{frame.height:,} rows written to {out}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _format_of(out: Path | None) -> str:
    suffix = out.suffix.lstrip(".").lower() if out else "csv"
    return suffix if suffix in ("csv", "parquet", "xlsx", "json") else "csv"


def _print_list(name: str, frame: Any) -> None:
    if name in _TABLES:
        import duckdb

        columns = _TABLES[name].format(interval=_INTERVAL)
        frame = duckdb.execute(f"select {columns} from frame").pl()
    console.table("", frame.columns, frame.rows(), to_stderr=False, decimals=1)


@click.command("sql")
@click.argument("statement")
@click.option(
    "--format", "file_format", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@settings_options
def sql_command(settings: Settings, statement: str, file_format: str) -> None:
    """Run one query on the published file and print its rows."""
    from songpop import exports, warehouse
    from songpop.errors import ExportError

    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        import duckdb

        try:
            relation = con.sql(statement)
            # the rows are computed here, so this fails too where a value is not as the statement has it
            frame = None if relation is None else relation.pl()
        except duckdb.Error as error:
            raise ExportError(f"The statement must be a query on the published file, however: {error}") from error
    if frame is None:
        return
    if file_format == "table":
        console.table("", frame.columns, frame.rows(), to_stderr=False)
    else:
        exports.write_list(frame, sys.stdout.buffer, file_format, notes={})


@click.command("status")
@settings_options
@json_option
def status_command(settings: Settings, as_json: bool) -> None:
    """Show the last runs, freshness, champion and benchmark, and the newest findings."""
    from songpop import status

    state = status.read_status(settings, now=utc_now())
    if as_json:
        print_json(state)
        return
    if state["is_run_going_on"]:
        click.echo("A run is going on; this is what the published file tells.")
    age = state["published_age_hours"]
    click.echo(f"Published  {'never' if age is None else f'{age:.1f} hours ago ({settings.published})'}")
    champion = state["champion"]
    click.echo(f"Champion   {champion['model_version'] if champion else 'none yet'}")
    if drift := state["drift"]:
        most = f", most of all {drift['most_drifted']} ({drift['moved']})" if drift["n_drifted"] else ""
        click.echo(f"Drift      {drift['n_drifted']} of {drift['n_features']} features{most}")
    if coverage := state["coverage"]:
        click.echo(
            f"Releases   {coverage['n_releases']:,}: {coverage['n_scored']:,} scored, "
            f"{coverage['n_with_artist_popularity']:,} with an artist popularity, "
            f"{coverage['n_with_audio_features']:,} with audio features"
        )
    for title, name in (
        ("Runs", "runs"),
        ("Findings of the newest run", "findings"),
        ("Scoreboard", "scoreboard"),
    ):
        rows = state[name]
        if rows:
            click.echo()
            columns = [column for column in rows[0] if column not in ("found_at", "read_from")]
            console.table(title, columns, [[_cell(row[column]) for column in columns] for row in rows], to_stderr=False)


def _cell(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


@click.command("doctor")
@settings_options
@json_option
def doctor_command(settings: Settings, as_json: bool) -> None:
    """Check the set-up: versions, folders, files, and whether keys are set (they are never shown)."""
    from songpop import doctor

    findings = doctor.examine(settings)
    if as_json:
        print_json(findings)
    else:
        console.table(
            "", ["", "what", "seen"], [["ok" if row["ok"] else "!!", row["what"], row["seen"]] for row in findings],
            to_stderr=False,
        )  # fmt: skip
    if not all(row["ok"] for row in findings):
        raise click.exceptions.Exit(1)
