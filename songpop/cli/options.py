"""Options that several commands share, and how a command shows its result."""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from songpop.clock import local_today
from songpop.declared_sources import DEFAULT_NAMES, SERVICES
from songpop.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_SETTING_OPTIONS = (
    click.option("--home", type=click.Path(path_type=Path), help="Folder of all state [SONGPOP_HOME, or .]"),
    click.option("--warehouse", help="The writer's DuckDB file [SONGPOP_WAREHOUSE]"),
    click.option("--published", help="The readers' DuckDB file [SONGPOP_PUBLISHED]"),
    click.option("--seed", type=int, help="All randomness [SONGPOP_SEED, or 0]"),
    click.option("--threads", type=int, help="Cores to use [SONGPOP_THREADS, or all]"),
    click.option("--memory-limit", help="DuckDB's limit, as in 4GB [SONGPOP_MEMORY_LIMIT]"),
)
_RULE_OPTIONS = (
    click.option(
        "--max-reject-share",
        type=float,
        help="Share of bad lines that stops a load [SONGPOP_MAX_REJECT_SHARE, or 0.01]",
    ),
    click.option(
        "--max-shrink-share",
        type=float,
        help="Share of a file's rows or a column's values that a night may lose [SONGPOP_MAX_SHRINK_SHARE, or 0.5]",
    ),
    click.option(
        "--new-release-days",
        type=int,
        help="How long a found track counts as new [SONGPOP_NEW_RELEASE_DAYS, or 28]",
    ),
    click.option("--retrain-days", type=int, help="Age at which a champion is retrained [SONGPOP_RETRAIN_DAYS, or 7]"),
    click.option("--enrich-deadline", help="Enrichment ends by then, as in 45m [SONGPOP_ENRICH_DEADLINE]"),
    click.option(
        "--sources",
        metavar="A,B,...",
        help=f"Sources to use, the most preferred first [SONGPOP_SOURCES, or {','.join(DEFAULT_NAMES)}]",
    ),
    click.option(
        "--spotify-daily-calls",
        type=int,
        help="Calls to each of Spotify's buckets in 24 hours, 0 for no limit [SONGPOP_SPOTIFY_DAILY_CALLS]",
    ),
    click.option(
        "--models-use-spotify",
        metavar="yes|no",
        help="May models read what Spotify told? [SONGPOP_MODELS_USE_SPOTIFY, or yes]",
    ),
    click.option("--spotify-market", help="Market of the new releases, as in ES [SONGPOP_SPOTIFY_MARKET, or US]"),
    *(
        click.option(f"--{url.setting.replace('_', '-')}", metavar="URL", help=f"{url.help} [{url.variable}]")
        for source in SERVICES
        for url in source.urls
    ),
)


def settings_options(command: Command) -> Command:
    """Give a command the options of where things are, and hand it `settings`."""
    given: Command = _with_settings(command, _SETTING_OPTIONS)
    return given


def every_setting(command: Command) -> Command:
    """Give a command every setting as an option, but the keys, and hand it `settings`."""
    given: Command = _with_settings(command, _SETTING_OPTIONS + _RULE_OPTIONS)
    return given


def run_options(command: Command) -> Command:
    """Give a command every setting as an option, but the keys, and `--as-of`; hand it `settings` and `as_of_date`."""

    @functools.wraps(command)
    def dated(as_of: datetime | None, **arguments: Any) -> Any:
        return command(as_of_date=as_of.date() if as_of else local_today(), **arguments)

    option = click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="YYYY-MM-DD",
        help="The day to speak for [today, where this machine is]",
    )
    given: Command = option(_with_settings(dated, _SETTING_OPTIONS + _RULE_OPTIONS))
    return given


def _with_settings(command: Any, options: tuple[Any, ...]) -> Any:
    names = {name for option in options for name in _names(option)}

    @functools.wraps(command)
    def configured(**arguments: Any) -> Any:
        values = {name: arguments.pop(name) for name in names}
        return command(settings=Settings.from_env(**values), **arguments)

    for option in reversed(options):
        configured = option(configured)
    return configured


def _names(option: Any) -> list[str]:
    """Return the parameter names that a click option decorator declares."""
    probe: Any = option(lambda **_: None)
    return [parameter.name for parameter in probe.__click_params__]


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout")

input_file = click.Path(path_type=Path)


def _as_columns(ctx: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return declared column to header name."""
    columns: dict[str, str] = {}
    for pair in pairs:
        name, equals, header = pair.partition("=")
        if not equals or not name.strip() or not header:
            raise click.BadParameter(f"'{pair}' must be of the form NAME=HEADER, as in artist_name=Performer.")
        if columns.setdefault(name.strip(), header) != header:
            raise click.BadParameter(
                f"'{name.strip()}' must be given once, however it is '{columns[name.strip()]}' too."
            )
    return columns


columns_option = click.option(
    "--columns",
    multiple=True,
    metavar="NAME=HEADER",
    callback=_as_columns,
    help="Read the column HEADER of a file as NAME, as in artist_name=Performer; may be given several times",
)


def input_options(command: Command) -> Command:
    """Give a command the options of what to load."""
    for option in reversed(
        (
            click.option("--tracks", type=input_file, metavar="FILE", help="Tracks with popularity, Kaggle's header"),
            click.option("--artists", type=input_file, metavar="FILE", help="artist_name,popularity"),
            click.option(
                "--albums", type=input_file, metavar="FILE", help="track_id and album_id, album_name or release_date"
            ),
            click.option("--releases", type=input_file, metavar="FILE", help="New releases to score"),
            click.option("--watchlist", type=input_file, metavar="FILE", help="Artists whose new releases to look for"),
            click.option("--pins", type=input_file, metavar="FILE", help="artist_name,artist_id set by hand; they win"),
            click.option("--kaggle", is_flag=True, help="Fetch the Kaggle data set (version 1) as the tracks"),
            columns_option,
        )
    ):
        command = option(command)
    return command


def print_json(result: Any) -> None:
    """Print a result on stdout as JSON; dates in ISO form."""
    plain = asdict(result) if is_dataclass(result) and not isinstance(result, type) else result
    click.echo(json.dumps(plain, default=_plain, indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
