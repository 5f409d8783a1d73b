"""Commands that only read: lists, SQL, status, doctor."""

import math
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from songpop import console
from songpop.cli.options import every_setting, json_option, print_json, settings_options
from songpop.clock import utc_now
from songpop.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from songpop.published.list_definition import Filters, ListDefinition

_FORMATS = ("csv", "parquet", "xlsx", "json")
_SHOWN_NAMES = 5
# columns of status that a screen has no room for
_OF_PROGRAMS = ("found_at", "role", "finding_id", "is_acknowledged", "note")
_date = click.DateTime(["%Y-%m-%d"])
_path = click.Path(path_type=Path)


@click.command("export")
@click.argument("name", metavar="[LIST]", required=False)
@click.option("--list", "definition", type=_path, metavar="FILE", help="A saved list (TOML); other options win over it")
@click.option(
    "--format",
    "file_format",
    type=click.Choice([*_FORMATS, "table"]),
    help="[from --out; else a table on a terminal, CSV in a pipe]",
)
@click.option("--out", type=_path, metavar="FILE", help="[stdout]")
@click.option("--columns", metavar="A,B,C", help="Only these columns, in this order")
@click.option("--sort", multiple=True, metavar="COLUMN", help="Order by it, -COLUMN turned round; may be given again")
@click.option("--limit", type=click.IntRange(min=1), help="Number of rows")
@click.option("--genre", help="Only this genre")
@click.option("--artist", help="Only artists whose name holds this")
@click.option("--since", type=_date, metavar="YYYY-MM-DD", help="Released on or after")
@click.option("--until", type=_date, metavar="YYYY-MM-DD", help="Released on or before")
@click.option("--min-score", type=float, help="Lowest score")
@click.option("--watchlist", type=_path, metavar="FILE", help="Only the artists that it names, one a line")
@click.option("--blocklist", type=_path, metavar="FILE", help="None of the artists that it names")
@click.option("--versions", is_flag=True, help="Every version of a recording, not the one that stands for it alone")
@click.option(
    "--evidence",
    type=click.Choice(["full", "some", "little"]),
    help="Only releases of which so much is known or more [some]",
)
@click.option(
    "--changed-since", metavar="RUN|DATE", help="Only what changed since that run, or the last one of that day"
)
@settings_options
def export_command(
    settings: Settings,
    name: str | None,
    definition: Path | None,
    file_format: str | None,
    out: Path | None,
    **options: Any,
) -> None:
    """Write a ranked list from the published file.

    LIST is releases, singles, artists, movers or a .sql file. Without --out and --format a terminal shows a
    table, and a pipe gets CSV; XLSX and Parquet, which no terminal can show, go to exports/ under home.

    \b
    As in
      songpop export releases --genre pop --min-score 40 --out pop.xlsx
      songpop export releases --columns rank,rank_change,track_name,artist_name,score --sort -rank_change
      songpop export releases --watchlist roster.txt --changed-since 2026-11-18
      songpop export releases --versions --evidence little
      songpop export --list monday.toml
    """
    from songpop.published import exports

    wanted = _wanted(name, definition, options)
    # a file's name says more than what was saved, and an option more than both
    chosen_format = file_format or (_format_of(out, wanted.file_format) if out else wanted.file_format)
    _refuse_contradiction(out, chosen_format)
    with _ended_by_a_signal():
        result = exports.read_defined(settings, wanted)
    if result.unmatched:
        shown = ", ".join(f"'{artist}'" for artist in result.unmatched[:_SHOWN_NAMES])
        more = f" and {len(result.unmatched) - _SHOWN_NAMES} more" if len(result.unmatched) > _SHOWN_NAMES else ""
        console.say(f"Not in this list: {shown}{more}.")
    if result.left_out:
        show_rows = "--evidence some or little" if result.left_out.evidence == "full" else "--evidence little"
        for sentence in result.left_out.describe(wanted.name, show_rows, "--versions"):
            console.say(sentence)
    for remark in result.remarks:
        console.say(remark)
    if result.changed_since:
        console.say(f"Compared with {result.changed_since}")
    if result.frame.is_empty():
        console.say(exports.explain_empty(settings, wanted))
    if chosen_format == "table" or (chosen_format is None and sys.stdout.isatty()):
        _print_list(wanted, result.frame)
        return
    chosen_format = chosen_format or "csv"
    notes = exports.notes_of(settings, wanted, result.left_out)
    if out is None and chosen_format in ("xlsx", "parquet") and sys.stdout.isatty():
        out = settings.exports_dir / f"{(definition or Path(wanted.name)).stem}.{chosen_format}"
    if out is None:
        exports.write_list(result.frame, sys.stdout.buffer, chosen_format, notes=notes)
        return
    exports.write_list(result.frame, out.resolve(), chosen_format, notes=notes)
    console.say(f"{result.frame.height:,} rows written to {out}")


def _wanted(name: str | None, definition: Path | None, options: dict[str, Any]) -> "ListDefinition":
    """Return the list that is asked for: the saved one, with what the options say instead."""
    from songpop.published import list_definition

    if (name is None) == (definition is None):
        raise click.UsageError("Name one list, as in `songpop export releases` or `songpop export --list FILE`.")
    saved = list_definition.read_definition(definition) if definition else list_definition.ListDefinition(name or "")
    changes: dict[str, Any] = {}
    if options["columns"]:
        changes["columns"] = list_definition.split_names(options["columns"])
    if options["sort"]:
        changes["sort"] = options["sort"]
    if options["changed_since"]:
        changes["changed_since"] = options["changed_since"]
    changes |= {key: list_definition.read_names(options[key]) for key in ("watchlist", "blocklist") if options[key]}
    named = ("genre", "artist", "min_score", "limit", "evidence")
    filters = {key: options[key] for key in named if options[key] is not None}
    filters |= {"versions": True} if options["versions"] else {}
    filters |= {key: options[key].date() for key in ("since", "until") if options[key]}
    wanted = replace(saved, filters=replace(saved.filters, **filters), **changes)
    _refuse_impossible(wanted.filters)
    return wanted


def _refuse_impossible(filters: "Filters") -> None:
    if filters.since and filters.until and filters.since > filters.until:
        raise click.UsageError(f"--since must not be after --until, however {filters.since} is after {filters.until}.")
    if filters.min_score is not None and not math.isfinite(filters.min_score):
        raise click.UsageError(f"--min-score must be a number, however it is {filters.min_score}.")


def _format_of(out: Path, saved: str | None) -> str | None:
    """Return the format that a file's name asks for, or what was saved where the name has no ending."""
    suffix = out.suffix.lstrip(".").lower()
    if suffix and suffix not in _FORMATS:
        raise click.UsageError(
            f"The name after --out must end in one of {', '.join(f'.{name}' for name in _FORMATS)}, or --format be "
            f"said, however it is {out.name}."
        )
    return suffix or saved or "csv"


def _refuse_contradiction(out: Path | None, chosen: str | None) -> None:
    suffix = out.suffix.lstrip(".").lower() if out else ""
    if out and (chosen == "table" or (suffix in _FORMATS and suffix != chosen)):
        seen = "a table is for the terminal" if chosen == "table" else f"{out.name} is to be {chosen}"
        raise click.UsageError(f"A file's name and its format must agree, however {seen}.")


def _print_list(wanted: "ListDefinition", frame: "pl.DataFrame") -> None:
    from songpop.published import list_table

    columns: list_table.Columns = list_table.as_they_are(*frame.columns)
    if not wanted.columns and wanted.name in list_table.TABLES:
        columns = list_table.CHANGES if wanted.changed_since else list_table.TABLES[wanted.name]
    rows = list_table.cells(frame.iter_rows(named=True), columns)
    console.table("", list(columns), rows, to_stderr=False, decimals=1)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:
        # a query may be too long for a file's name
        return False


@contextmanager
def _ended_by_a_signal() -> Iterator[None]:
    """End at once when told to: DuckDB's rows are awaited in one call, and a reader has nothing to save."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in kept.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


# a query may begin with a comment, which looks like an option
@click.command("sql", context_settings={"ignore_unknown_options": True})
@click.argument("statement")
@click.option(
    "--format", "file_format", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@settings_options
def sql_command(settings: Settings, statement: str, file_format: str) -> None:
    """Run one query on the published file and print its rows.

    STATEMENT is the query itself, a .sql file, or - for standard input. It can read the published file and nothing
    else, and can write nothing.
    """
    from songpop.published import exports, sandboxed_sql

    if statement == "-":
        statement = sys.stdin.read()
    elif _is_file(statement) or (statement.endswith(".sql") and " " not in statement.strip()):
        statement = sandboxed_sql.read_statement(Path(statement))
    with _ended_by_a_signal():
        frame = sandboxed_sql.run_query(settings, statement)
    if file_format == "table" and frame.columns == ["explain_key", "explain_value"]:
        # a drawing, of many lines
        for key, value in frame.rows():
            click.echo(f"{key}\n{value}")
    elif file_format == "table":
        frame = exports.plain_numbers(frame)
        decimals = [console.decimals_of(column.to_list()) for column in frame.get_columns()]
        console.table("", frame.columns, frame.rows(), to_stderr=False, decimals=decimals)
    else:
        exports.write_list(frame, sys.stdout.buffer, file_format, notes={})


@click.command("status")
@settings_options
@json_option
def status_command(settings: Settings, as_json: bool) -> None:
    """Show the last runs, freshness, champion and benchmark, and the newest findings."""
    from songpop.reporting import status

    state = status.read_status(settings, now=utc_now())
    if as_json:
        print_json(state)
        return
    if state["is_run_going_on"]:
        click.echo("A run is going on; this is what the published file tells.")
    if trouble := state["trouble"]:
        click.echo(f"{trouble['title']}.")
        for text in filter(None, (trouble["reason"], trouble["readers"], trouble["advice"])):
            click.echo(f"  {console.one_line(text)}")
        click.echo()
    for name, text in _state_lines(settings, state):
        click.echo(f"{name:<10} {text}")
    judged = [row for row in state["scoreboard"] if row["role"] in ("network", "benchmark")]
    for title, rows in (
        ("Runs", state["runs"]),
        ("Findings of the newest run", state["findings"]),
        ("Network and benchmark on tracks held out (baselines: --json, and the model's card)", judged),
    ):
        if rows:
            click.echo()
            columns = [column for column in rows[0] if column not in _OF_PROGRAMS]
            cells = [[_cell(row[column]) for column in columns] for row in rows]
            decimals = [console.decimals_of(values) for values in zip(*cells, strict=True)]
            console.table(title, columns, cells, to_stderr=False, decimals=decimals)


def _state_lines(settings: Settings, state: dict[str, Any]) -> list[tuple[str, str]]:
    """Say in a line each how fresh, how complete and how good all is; what is not known has no line."""
    champion = state["champion"]
    lines = [
        ("Published", _published_text(settings, state)),
        ("Champion", champion["model_version"] if champion else "none yet"),
    ]
    if state["is_synthetic"]:
        from songpop.synthetic import MADE_UP

        lines.insert(0, ("Data", MADE_UP))
    lines += [("Trust", remark) for remark in state["trust"]["remarks"]]
    if drift := state["drift"]:
        most = f", most of all {drift['most_drifted']} ({drift['moved']})" if drift["n_drifted"] else ""
        lines.append(("Drift", f"{drift['n_drifted']} of {drift['n_features']} features{most}"))
    if seen := state["backtest"]:
        held = f"intervals held {100 * seen['covered_share']:.0f} %"
        lines.append(("Came true", f"mean error {seen['mae']:.1f} points on {seen['n_scores']:,} past scores, {held}"))
    if loaded := state["loaded"]:
        lines.append(("Loaded", ", ".join(f"{row['n_rows']:,} {row['entity']} ({row['file_name']})" for row in loaded)))
    if coverage := state["coverage"]:
        text = (
            f"{coverage['n_releases']:,}: {coverage['n_scored']:,} scored, "
            f"{coverage['n_with_artist_popularity']:,} with an artist popularity, "
            f"{coverage['n_with_audio_features']:,} with audio features"
        )
        lines.append(("Releases", text))
    if matches := state["matches"]:
        states = ", ".join(f"{row['n_artists']:,} {row['match_state']}" for row in matches)
        n_known = sum(row["n_with_popularity"] for row in matches)
        lines.append(("Artists", f"{n_known:,} with a popularity; names at Spotify: {states}"))
    if budgets := state["budgets"]:
        lines.append(("Calls", f"in 24 hours: {', '.join(_budget_text(row) for row in budgets)}"))
    if movers := state["movers"]:
        lines.append(("Movers", ", ".join(f"{row['track_name']} {row['rank_change']:+,}" for row in movers)))
    if (report := settings.reports_dir / "latest.html").is_file():
        lines.append(("Report", str(report)))
    return lines


def _published_text(settings: Settings, state: dict[str, Any]) -> str:
    if state["published_problem"]:
        return "can't be opened: see above"
    age = state["published_age_hours"]
    return "never" if age is None else f"{age:.1f} hours ago ({settings.published})"


def _budget_text(row: dict[str, Any]) -> str:
    closed = f" (closed until {row['closed_until']:%Y-%m-%d %H:%M} UTC)" if row["closed_until"] else ""
    return f"{row['service']} {row['bucket']} {row['n_calls_24h']:,}{closed}"


def _cell(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


@click.command("doctor")
@click.option("--probe", is_flag=True, help="Ask Spotify, in at most six calls, what the key may do")
@every_setting
@json_option
def doctor_command(settings: Settings, probe: bool, as_json: bool) -> None:
    """Check the set-up: versions, folders, files, whether keys are set (they are never shown), what they may do.

    What the keys may do is what earlier runs learned; `--probe` asks anew.
    """
    from songpop.reporting import doctor

    now = utc_now()
    failures = []
    if probe:
        from songpop.clock import local_today
        from songpop.run import open_run

        with open_run(settings, "doctor", as_of_date=local_today()) as run:
            failures = doctor.probe(settings, run.run_id, now)
    rows = [*doctor.examine(settings, now=now), *failures]
    if as_json:
        print_json(rows)
    else:
        console.table(
            "", ["", "what", "seen"], [["ok" if row["ok"] else "!!", row["what"], row["seen"]] for row in rows],
            to_stderr=False,
        )  # fmt: skip
    if not all(row["ok"] for row in rows):
        raise click.exceptions.Exit(1)
