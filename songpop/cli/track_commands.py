"""Commands that ask about one track: what moved its score, and what it would be under changed features."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from songpop import console
from songpop.cli.options import json_option, print_json, settings_options
from songpop.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from songpop.published.tracks import PublishedTrack
    from songpop.scoring.explain import Explanation
    from songpop.scoring.model import ScoringModel
    from songpop.scoring.what_if import Sweep, WhatIf

_BAR = 12
_LEAST_MOVED = 0.05
_LEAST_LISTED = 0.1
_FEATURES_A_GROUP = 3
_SPARKS = "▁▂▃▄▅▆▇█"
_BINS = {"p_0_25": "0-25", "p_26_50": "26-50", "p_51_75": "51-75", "p_76_100": "76-100"}


@click.command("explain")
@click.argument("track_id", metavar="TRACK_ID")
@settings_options
@json_option
def explain_command(settings: Settings, track_id: str, as_json: bool) -> None:
    """Tell what pushed a track's score up and down.

    TRACK_ID is that of a new release, or of any track of the published file; of a title, the near ids are told. The
    champion scores it anew. Groups of features are shared out the distance from a typical track and add up to it.
    """
    from songpop.scoring import explain

    track, model = _open(settings, track_id)
    explanation = explain(track.frame, model)
    document = explanation.to_document(track)
    if as_json:
        print_json(document)
        return
    _print_head(document)
    _print_explanation(explanation)
    _print_remarks(document)


@click.command("what-if")
@click.argument("track_id", metavar="TRACK_ID")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Change this; may be given again")
@click.option("--sweep", "swept", metavar="NAME", help="Score over the range of this feature")
@settings_options
@json_option
def what_if_command(
    settings: Settings, track_id: str, assignments: Sequence[str], swept: str | None, as_json: bool
) -> None:
    """Score a track under changed features, beside its present score.

    \b
    As in
      songpop what-if TRACK_ID --set danceability=0.8 --set genre=pop
      songpop what-if TRACK_ID --set artist_popularity=          (unknown)
      songpop what-if TRACK_ID --sweep tempo

    It tells which scores go with such tracks: association, not cause. An unknown name lists what can be set. An
    artist that is known brings its popularity along.
    """
    from songpop.scoring import sweep, what_if, what_if_inputs

    if not assignments and swept is None:
        raise click.UsageError("Name what to change, as in --set danceability=0.8 or --sweep danceability.")
    changes = what_if_inputs.read_changes(assignments)
    if swept is not None:
        what_if_inputs.refuse_unknown(swept)
    track, model = _open(settings, track_id)
    row = track.frame.row(0, named=True)
    changes, notes = what_if_inputs.with_artist(row, changes, partial(_find_artists, settings))
    answer = what_if(track.frame, changes, model, track.as_of_date)
    over = None if swept is None else sweep(track.frame, swept, model, changes, track.as_of_date)
    document = answer.to_document(track, notes)
    if as_json:
        print_json({**document, "sweep": over and over.to_document()})
        return
    _print_head(document)
    if changes:
        _print_what_if(answer)
    if over is not None:
        _print_sweep(over, list(changes))
    _print_remarks(document)


def _open(settings: Settings, track_id: str) -> "tuple[PublishedTrack, ScoringModel]":
    from songpop.published import tracks
    from songpop.scoring.model import load_model

    track = tracks.read_track(settings, track_id)
    model = load_model(settings.models_dir / track.champion, threads=settings.threads)
    return track, model.adjusted(track.adjustment)


def _find_artists(settings: Settings, names: list[str]) -> "pl.DataFrame":
    from songpop import warehouse
    from songpop.published import artists

    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        return artists.find_artists(con, names)


def _print_head(document: Mapping[str, Any]) -> None:
    track = document["track"]
    click.echo(f"{track['track_name']} – {track['artist_name']}")
    day = None if track["is_date_assumed"] else track["release_date"]
    parts = [track["genre"], day, "new release" if track["is_release"] else "known track"]
    known = ", ".join(str(part) for part in parts if part)
    click.echo(f"{known}; {track['track_id']}; {document['model_version']}\n")


def _print_explanation(explanation: "Explanation") -> None:
    outcome = explanation.prediction
    click.echo(
        f"score {outcome['score']:.1f}, 90 % interval {_interval(outcome)}; "
        f"LightGBM says {outcome['benchmark_score']:.1f}"
    )
    click.echo("  ".join(f"{span}: {outcome[name]:.0%}" for name, span in _BINS.items()))
    click.echo(f"\nFrom {explanation.reference_score:.1f}, the score of a typical track, in points")
    largest = max(map(abs, explanation.contributions.values()))
    rows = [[group, _points(value), _bar(value, largest)] for group, value in explanation.contributions.items()]
    rows.append(["all of these", _points(sum(explanation.contributions.values())), ""])
    console.table("", ["group", "points", ""], rows, to_stderr=False)
    if features := _feature_rows(explanation):
        click.echo("\nWithin the groups: the difference to the score if this one alone were typical (not additive)")
        console.table("", ["group", "feature", "this track", "typical", "points"], features, to_stderr=False)


def _feature_rows(explanation: "Explanation") -> list[list[str]]:
    rows = []
    for group in explanation.contributions:
        parts = [part for part in explanation.features if part.group == group and abs(part.difference) >= _LEAST_LISTED]
        for part in parts[:_FEATURES_A_GROUP]:
            values = [_value(part.feature, value) for value in (part.value, part.typical)]
            rows.append([group, part.feature.replace("_", " "), *values, _points(part.difference)])
    return rows


def _print_what_if(answer: "WhatIf") -> None:
    rows = [
        [change.name + (" (with it)" if change.is_implied else ""), _value(change.name, change.before),
         _value(change.name, change.after), change.unit]
        for change in answer.changes
    ]  # fmt: skip
    if rows:
        console.table("", ["change", "now", "changed", "unit"], rows, to_stderr=False)
    else:
        click.echo("The track is so already.")
    for change in answer.changes:
        if change.outside:
            click.echo(f"! {change.name} {_value(change.name, change.after)} is {change.outside}.")
    click.echo()
    before, after = answer.before, answer.after
    outcomes = [
        ["score", f"{before['score']:.1f}", f"{after['score']:.1f}", _points(answer.difference)],
        ["90 % interval", _interval(before), _interval(after), ""],
        *[
            [f"chance of {span}", *(f"{share[name]:.0%}" for share in (before, after)),
             f"{round(100 * (after[name] - before[name])):+5d}%"]
            for name, span in _BINS.items()
        ],
    ]  # fmt: skip
    console.table("", ["", "now", "changed", "difference"], outcomes, to_stderr=False)
    moved = [part for part in answer.contributions if abs(part["difference"]) >= _LEAST_MOVED]
    click.echo()
    if not moved:
        click.echo("No group of features contributes anything else than now.")
        return
    largest = max(abs(part["difference"]) for part in moved)
    groups = [
        [part["group"], *(_points(part[name]) for name in ("before", "after", "difference")),
         _bar(part["difference"], largest)]
        for part in moved
    ]  # fmt: skip
    console.table(
        f"Contributions that changed, in points from {answer.reference_score:.1f}, the score of a typical track",
        ["group", "now", "changed", "difference", ""],
        groups,
        to_stderr=False,
    )


def _print_sweep(over: "Sweep", others: list[str]) -> None:
    scores = [point["score"] for point in over.points]
    low, high = min(scores), max(scores)
    spread = max(high - low, 1e-9)
    click.echo()
    unit = f" ({over.unit})" if over.unit else ""
    with_others = f", with {', '.join(others)} changed" if others else ""
    spark = "".join(_SPARKS[min(int((score - low) / spread * len(_SPARKS)), len(_SPARKS) - 1)] for score in scores)
    click.echo(f"score over {over.name}{unit}{with_others}: {low:.1f} to {high:.1f}  {spark}")
    points = over.points
    if isinstance(points[0]["value"], str):
        points = sorted(points, key=lambda point: -point["score"])
    rows = [
        [_value(over.name, point["value"]), f"{point['score']:.1f}", _interval(point),
         "█" * round(1 + (_BAR - 1) * (point["score"] - low) / spread),
         "this track" if point["is_present"] else "! outside experience" if point["outside"] else ""]
        for point in points
    ]  # fmt: skip
    console.table("", [over.name, "score", "90 % interval", "", ""], rows, to_stderr=False)


def _print_remarks(document: Mapping[str, Any]) -> None:
    click.echo()
    for line in (*document["remarks"], document["association"]):
        click.echo(line)


def _interval(outcome: dict[str, Any]) -> str:
    return f"{outcome['score_low']:.0f}–{outcome['score_high']:.0f}"


def _points(value: float) -> str:
    return f"{value + 0.0:+6.1f}" if round(value, 1) else f"{0:6.1f}"


def _bar(value: float, largest: float) -> str:
    """Draw a bar to the left (down) or right (up) of a line; the largest value fills its side."""
    n = round(_BAR * abs(value) / max(largest, 1e-9))
    return f"{'█' * n if value < 0 else '':>{_BAR}}│{'█' * n if value > 0 else ''}"


def _value(name: str, value: Any) -> str:
    """Write a feature's value for a person."""
    from songpop.scoring.what_if_inputs import number

    if value is None:
        return "unknown"
    if isinstance(value, (str, date)):
        return str(value)
    if name.startswith(("is_", "has_")):
        return "yes" if value else "no"
    if name == "release_time":
        return f"{value:.1f}"
    return number(name, value)
