"""Commands of whole nights: run one, schedule them, write a sample for one."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from songpop import console
from songpop.cli.options import every_setting, input_options, json_option, print_json, run_options
from songpop.clock import utc_now
from songpop.pipeline.load import Inputs
from songpop.pipeline.train import Retrain
from songpop.settings import DEFAULT_CRON, SAMPLE_ROWS, Settings

_retrain = click.option(
    "--retrain",
    type=click.Choice(["always", "auto", "never"]),
    default="auto",
    show_default=True,
    help="auto: no champion yet, new data, or a champion over a week old",
)
_sample = click.option(
    "--sample", "sample_rows", is_flag=False, flag_value=SAMPLE_ROWS, type=int, metavar="[ROWS]",
    help="Use an embedded synthetic sample and its own Spotify-shaped service",
)  # fmt: skip


@click.command("nightly")
@input_options
@_retrain
@_sample
@run_options
@json_option
def nightly_command(
    settings: Settings,
    as_of_date: date,
    retrain: Retrain,
    sample_rows: int | None,
    as_json: bool,
    **files: Any,
) -> None:
    """Load, check, enrich, train when due, score and publish, in that order.

    Needs no Prefect server. Without files it goes on with what the warehouse holds.
    """
    from songpop.pipeline import night

    inputs = Inputs(**files)
    if sample_rows is not None and not inputs.is_empty:
        raise click.UsageError("--sample brings its own files, so it can't be given together with others.")
    if inputs.columns and inputs.is_empty:
        raise click.UsageError("--columns must come with a file, as in --releases FILE.")
    run = night.run_night(settings, inputs, as_of_date=as_of_date, retrain=retrain, sample_rows=sample_rows)
    if as_json:
        print_json({"run_id": run.run_id, "as_of_date": run.as_of_date, "findings": run.findings})
    else:
        n = sum(finding.severity != "note" for finding in run.findings)
        words = f"degraded, with {n} finding{'s' if n != 1 else ''}" if n else "done"
        console.say(f"Night {run.run_id}: {words}. Report: {settings.reports_dir / 'latest.md'}")


@click.command("schedule")
@click.option("--cron", default=DEFAULT_CRON, show_default=True, help="When, in the machine's time zone")
@click.option("--time-zone", help="Another time zone for --cron, as in Europe/Madrid")
@input_options
@_retrain
@_sample
@every_setting
def schedule_command(
    settings: Settings, cron: str, time_zone: str | None, retrain: str, sample_rows: int | None, **files: Any
) -> None:
    """Serve the nightly flow on a Prefect schedule, until stopped.

    With PREFECT_API_URL set it uses that server; otherwise it starts one of its own, for as long as it runs,
    whose page shows the nights, their logs and reports. Every night has the settings given here; the keys come
    from the environment.
    """
    from songpop.pipeline.schedule import flow_parameters, serve_nights

    parameters = flow_parameters(settings, retrain=retrain, sample_rows=sample_rows, files=files)
    serve_nights(settings, cron, parameters, time_zone=time_zone)


@click.command("sample")
@click.option("--rows", type=int, required=True, help="Rows of the tracks file, 2,000 to 10,000,000")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write to")
@click.option("--malformed", type=int, default=0, show_default=True, help="Plant so many broken lines")
@run_options
@json_option
def sample_command(settings: Settings, as_of_date: date, rows: int, out: Path, malformed: int, as_json: bool) -> None:
    """Write a synthetic data set in the formats of the inputs, marked synthetic.

    It follows the published statistics of the Kaggle file, dirt included. The same seed and rows give the
    same bytes.
    """
    from songpop.sources import sample

    started = utc_now()
    with console.progress("Writing the sample", rows, unit="rows") as advance:
        files = sample.write_sample(
            out, rows, settings.seed, as_of_date=as_of_date, malformed=malformed, progress=advance
        )
    if as_json:
        print_json(files)
    else:
        seconds = (utc_now() - started).total_seconds()
        console.say(f"{rows:,} synthetic tracks and their artists, albums and releases in {out} ({seconds:.1f} s)")
