"""Commands that write the warehouse, one step each."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from songpop import console, model_folder
from songpop.cli.options import columns_option, input_file, input_options, json_option, print_json, run_options
from songpop.pipeline import check, load, promote, publish, score, train
from songpop.pipeline.load import Inputs
from songpop.run import open_run
from songpop.settings import Settings


@click.command("load")
@input_options
@run_options
@json_option
def load_command(
    settings: Settings,
    as_of_date: date,
    as_json: bool,
    **files: Any,
) -> None:
    """Load source files into the warehouse.

    CSV, Excel and OpenDocument sheets, Parquet, or one of these as gzip or zip. Headers of well-known layouts are
    understood, and --columns names a column by hand. Loading the same content again changes nothing. Lines that
    break a rule are kept aside in ledger.rejects with their reason.
    """
    inputs = Inputs(**files)
    if inputs.is_empty:
        raise click.UsageError("Name a file to load, as in --tracks spotify_data.csv, or --kaggle.")
    with open_run(settings, "load", as_of_date=as_of_date) as run:
        result = load.load(run, inputs)
    if as_json:
        print_json(result)
    else:
        console.table(
            "Loaded",
            ["entity", "snapshot", "rows", "rejected", "new", "seconds"],
            [
                [file.entity, file.snapshot_id, file.n_rows, file.n_rejected, file.is_new, file.seconds]
                for file in result.files
            ],
        )


@click.command("check")
@run_options
@json_option
def check_command(settings: Settings, as_of_date: date, as_json: bool) -> None:
    """Run the expectation suites and SQL checks; write findings and Data Docs.

    A critical finding makes the command fail.
    """
    with open_run(settings, "check", as_of_date=as_of_date) as run:
        with run.warehouse() as con:
            run.build(con)
        result = check.check(run, "all")
    if as_json:
        print_json(result)
    else:
        console.say(result.summary)
        console.say(f"Data Docs: {result.docs}")


@click.command("train")
@run_options
@json_option
def train_command(settings: Settings, as_of_date: date, as_json: bool) -> None:
    """Fit the Keras network and the LightGBM benchmark; evaluate, register, promote or keep."""
    with open_run(settings, "train", as_of_date=as_of_date) as run:
        result = train.train(run)
    if as_json:
        print_json(result)
        return
    shown = ["split", "family", "n", "mae", "rmse", "r2", "spearman", "accuracy_4bin", "coverage_90"]
    console.table("Scoreboard", shown, [[row.get(name) for name in shown] for row in result.metrics])
    console.say(f"{result.challenger}: {result.decision}. {result.reason}")
    console.say(f"Model card: {settings.models_dir / result.challenger / model_folder.CARD}")


@click.command("promote")
@click.argument("model_version")
@click.option("--reason", metavar="TEXT", help="Why, for ledger.promotions")
@run_options
@json_option
def promote_command(
    settings: Settings, as_of_date: date, model_version: str, reason: str | None, as_json: bool
) -> None:
    """Let a registered version score from now on: a way back, by hand.

    MODEL_VERSION is as in ledger.model_versions. A version that is rolled back from is not promoted again by
    training that gives the same weights.
    """
    with open_run(settings, "promote", as_of_date=as_of_date) as run:
        result = promote.promote(run, model_version, reason)
    if as_json:
        print_json(result)
    else:
        console.say(f"{result.decision}: {result.reason}")
        console.say("`songpop score` scores with it, and `songpop publish` shows that to readers.")


@click.command("score")
@click.option(
    "--releases",
    type=input_file,
    metavar="FILE",
    help="Load this file first; it is the list of new releases from then on",
)
@columns_option
@run_options
@json_option
def score_command(
    settings: Settings, as_of_date: date, releases: Path | None, columns: dict[str, str], as_json: bool
) -> None:
    """Score new releases with the champion."""
    _refuse_without(releases, columns, "--releases")
    with open_run(settings, "score", as_of_date=as_of_date) as run:
        if releases:
            load.load(run, Inputs(releases=releases, columns=columns))
        result = score.score(run)
        if result.n_scored:
            check.check(run, "scores")
    if as_json:
        print_json(result)
    else:
        console.say(f"{result.n_scored:,} releases scored by {result.model_version}; `songpop publish` shows them")
        for remark in result.remarks:
            console.say(remark)


@click.command("publish")
@run_options
@json_option
def publish_command(settings: Settings, as_of_date: date, as_json: bool) -> None:
    """Check, build and swap in the readers' file.

    Readers that have the old file open keep it undisturbed.
    """
    with open_run(settings, "publish", as_of_date=as_of_date) as run:
        with run.warehouse() as con:
            run.build(con)
        check.check(run, "all")
        path = publish.publish(run)
        published_at = run.clock()
    if as_json:
        print_json({"path": path, "run_id": run.run_id, "published_at": published_at})
    else:
        console.say(f"Published {path}")


@click.command("backtest")
@click.option("--observed", type=input_file, metavar="FILE", help="track_id,popularity,observed_at to load first")
@columns_option
@run_options
@json_option
def backtest_command(
    settings: Settings, as_of_date: date, observed: Path | None, columns: dict[str, str], as_json: bool
) -> None:
    """Hold past scores against the popularity seen since, by age of the release and by model version.

    A score counts against what was seen after its day alone, and never for a track that its model learned from.
    MAE and coverage stand with the bounds of 90 % of their resamples.
    """
    from songpop.evaluation import backtest

    _refuse_without(observed, columns, "--observed")
    with open_run(settings, "backtest", as_of_date=as_of_date) as run:
        if observed:
            load.load(run, Inputs(observed=observed, columns=columns))
        with run.warehouse() as con:
            run.build(con)
            rows = backtest.read_backtest(con)
            nothing = "" if rows else backtest.explain_nothing(con)
    if as_json:
        print_json(rows)
    elif not rows:
        console.say(nothing)
    else:
        shown = [name for name in rows[0] if name not in ("mean_score", "mean_popularity")]
        console.table(
            "Past scores against popularity seen since", shown, [[row[name] for name in shown] for row in rows]
        )


def _refuse_without(path: Path | None, columns: dict[str, str], option: str) -> None:
    if columns and path is None:
        raise click.UsageError(f"--columns must come with a file, as in {option} FILE.")
