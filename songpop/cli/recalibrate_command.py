"""`songpop recalibrate`: fit the champion's scores to popularity that was seen, show it, take it or undo it."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songpop import console
from songpop.cli.options import columns_option, input_file, json_option, print_json, run_options
from songpop.pipeline import load, recalibrate
from songpop.pipeline.load import Inputs
from songpop.run import open_run
from songpop.settings import Settings

if TYPE_CHECKING:
    from songpop.pipeline.recalibrate import RecalibrateResult

_NEXT = "`songpop score` scores with it, and `songpop publish` shows that to readers."


@click.command("recalibrate")
@click.option("--observed", type=input_file, metavar="FILE", help="track_id,popularity,observed_at to load first")
@click.option("--apply", "is_applied", is_flag=True, help="Take it, where it surely helps")
@click.option("--undo", is_flag=True, help="Let the model's own scores count again")
@columns_option
@run_options
@json_option
def recalibrate_command(
    settings: Settings,
    as_of_date: date,
    observed: Path | None,
    is_applied: bool,
    undo: bool,
    columns: dict[str, str],
    as_json: bool,
) -> None:
    """Move the champion's scores to the popularity seen since, where a list is unlike what it learned from.

    \b
    As in
      songpop recalibrate --observed seen.csv         show what it would do
      songpop recalibrate --apply                     take it
      songpop recalibrate --undo                      give it back

    From 100 scored tracks on a rising map of scores and a new margin of the intervals are fitted, and measured on
    albums left out. It changes numbers, intervals and chances, and no order. It ends when another version is promoted.
    """
    if undo and (observed or is_applied):
        raise click.UsageError("--undo must stand alone, however there is --observed or --apply beside it.")
    if columns and observed is None:
        raise click.UsageError("--columns must come with a file, as in --observed FILE.")
    with open_run(settings, "recalibrate", as_of_date=as_of_date) as run:
        if undo:
            undone = recalibrate.undo(run)
        else:
            if observed:
                load.load(run, Inputs(observed=observed, columns=columns))
            result = recalibrate.recalibrate(run, apply=is_applied)
    if undo and as_json:
        print_json({"undone": undone.recalibration_id, "model_version": undone.model_version})
    elif undo:
        console.say(f"{undone.recalibration_id} is undone: {undone.model_version} scores as it learned.")
        console.say(_NEXT.replace("with it", "without it"))
    elif as_json:
        print_json(result.to_document())
    else:
        _print_result(result)


def _print_result(result: "RecalibrateResult") -> None:
    proposal = result.proposal
    if result.n_immature:
        console.say(
            f"{result.n_immature:,} tracks are left out, as their popularity was seen within 28 days of the release."
        )
    rows = [
        [label, getattr(proposal.before, name), getattr(proposal.after, name)]
        for label, name in (
            ("mean error, points", "mae"),
            ("scores too high by, points", "bias"),
            ("Spearman correlation", "spearman"),
            ("90 % intervals held, share", "coverage_90"),
            ("their width, points", "width_90"),
        )
    ]
    console.table(
        f"{proposal.map.n_tracks:,} scored tracks of {result.model_version}, by maps that had not seen the album",
        ["", "as the model scores", "recalibrated"],
        rows,
        decimals=3,
        to_stderr=False,
    )
    knots = list(zip(proposal.map.from_scores, proposal.map.to_scores, strict=True))
    if any(old != new for old, new in knots):
        click.echo("Scores move " + ", ".join(f"{old:.0f} to {new:.0f}" for old, new in knots) + ",")
    else:
        click.echo("Scores stay,")
    click.echo(f"and both ends of the interval move out by {proposal.map.margin:+.1f} points.")
    click.echo(proposal.reason)
    if result.is_taken:
        in_place = f" in place of {result.replaced_id}" if result.replaced_id else ""
        console.say(
            f"{result.recalibration_id} is taken{in_place}. {_NEXT} `songpop recalibrate --undo` is the way back."
        )
    elif proposal.helps:
        console.say("Nothing is taken yet: `songpop recalibrate --apply` takes it.")
    else:
        console.say("It would be refused.")
