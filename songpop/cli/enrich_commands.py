"""Commands of enrichment: ask the services, or show what that would cost; forget what a service told."""

from datetime import date
from typing import TYPE_CHECKING

import click

from songpop import console, warehouse
from songpop.cli.options import json_option, print_json, run_options
from songpop.clock import utc_now
from songpop.declared_sources import SERVICES
from songpop.errors import WarehouseError
from songpop.pipeline import enrich
from songpop.run import looking, open_run
from songpop.settings import Settings
from songpop.warehouse import build_marts

if TYPE_CHECKING:
    from songpop.enriching.planning import Plan

_NAMES = [source.name for source in SERVICES]


@click.command("enrich")
@click.option("--dry-run", is_flag=True, help="Show what would be asked and how many calls it costs; ask nothing")
@run_options
@json_option
def enrich_command(settings: Settings, as_of_date: date, dry_run: bool, as_json: bool) -> None:
    """Fill artists, new releases and audio features from the configured services.

    Spotify is used where SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET are set; the keys are read from the environment
    only, as others on the machine can see a command line. What the key may do is probed once a week. Calls keep to a
    budget for each of Spotify's buckets in any 24 hours, and a run that is cut short goes on where it was.
    """
    if dry_run:
        _show_plan(settings, as_of_date, as_json)
        return
    with open_run(settings, "enrich", as_of_date=as_of_date) as run:
        with run.warehouse() as con:
            run.build(con)
        result = enrich.enrich(run)
    if as_json:
        print_json(result)
    else:
        from songpop.enriching.print_summary import show_result

        show_result(result)
        console.say(result.summary)


def _show_plan(settings: Settings, as_of_date: date, as_json: bool) -> None:
    from songpop.enriching.planning import plan

    with looking(settings) as is_free:
        if not is_free:
            raise WarehouseError(
                "The warehouse must be free to plan with, however a run is going on. Wait for its end."
            )
        with warehouse.connect(settings) as con:
            build_marts(con, settings, as_of_date)
            planned = plan(con, settings, now=utc_now())
    if as_json:
        print_json(planned)
    else:
        _print_plan(planned, settings)


def _print_plan(planned: "Plan", settings: Settings) -> None:
    if planned.tier is None:
        console.say("Spotify is off: no keys are set, or SONGPOP_SOURCES leaves it out.")
    else:
        tier = "not probed yet, so treated as a new app's" if planned.tier == "unknown" else planned.tier
        console.say(f"Spotify's key: {tier}")
    console.table(
        "Would be asked",
        ["service", "bucket", "what", "things", "calls", "left in 24 h", "note"],
        [
            [
                row.service,
                row.bucket,
                row.what,
                row.n_things,
                row.n_calls,
                "no limit" if row.calls_left is None else f"{row.calls_left:,}",
                row.note,
            ]
            for row in planned.calls
        ],
        to_stderr=False,
    )
    deadline = settings.enrich_deadline.total_seconds() / 60
    console.say(f"About {planned.seconds / 60:,.0f} minutes at the services' pace; the deadline is {deadline:,.0f}.")


@click.command("purge")
@click.option("--source", required=True, metavar="NAME", help=f"{', '.join(_NAMES[:-1])} or {_NAMES[-1]}")
@run_options
@json_option
def purge_command(settings: Settings, as_of_date: date, source: str, as_json: bool) -> None:
    """Forget everything that a service told, in the warehouse and in the readers' file.

    Its rows are deleted, the tables are built anew without them, and a file that was published is published again.
    Scores stay: they are songpop's own, and name a track by its id. What has expired (30 days) goes without being
    told, with the next `songpop enrich`.
    """
    with open_run(settings, "purge", as_of_date=as_of_date) as run:
        counts = enrich.purge(run, source)
    if as_json:
        print_json(counts)
        return
    n_rows = sum(counts.values())
    console.say(f"{n_rows:,} rows of {source} deleted." if n_rows else f"There was nothing of {source}.")
    for table, n in counts.items():
        if n:
            console.say(f"  {table}: {n:,}")
