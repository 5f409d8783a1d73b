"""Commands that ask about one track: what moved its score, and what it would be under changed features."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from songpop import console
from songpop.cli.options import json_option, print_json, settings_options
from songpop.settings import Settings

if TYPE_CHECKING:
    from songpop.published.tracks import PublishedTrack
    from songpop.scoring.explain import Explanation
    from songpop.scoring.model import ScoringModel
    from songpop.scoring.what_if import Sweep, WhatIf

_BAR = 12
_LEAST_MOVED = 0.05
_LEAST_TOLD = 0.1
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
    told = explain(track.frame, model)
    if as_json:
        print_json({"track": _facts(track), **asdict(told), "stored": track.stored, "association": _association()})
    else:
        _print_explanation(track, told)


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

    It tells which scores go with such tracks: association, not cause. An unknown name lists what can be set.
    """
    from songpop.scoring import sweep, what_if, what_if_inputs

    if not assignments and swept is None:
        raise click.UsageError("Name what to change, as in --set danceability=0.8 or --sweep danceability.")
    changes = what_if_inputs.read_changes(assignments)
    if swept is not None:
        what_if_inputs.refuse_unknown(swept)
    track, model = _open(settings, track_id)
    told = what_if(track.frame, changes, model)
    swept_scores = None if swept is None else sweep(track.frame, swept, model, changes)
    if as_json:
        over = None if swept_scores is None else asdict(swept_scores)
        print_json({"track": _facts(track), **asdict(told), "sweep": over, "association": _association()})
        return
    _print_head(track, told.model_version)
    if changes:
        _print_what_if(told)
    if swept_scores is not None:
        _print_sweep(swept_scores, list(changes))
    _print_remarks([*_remarks(track, told.before["score"]), *told.remarks])


def _open(settings: Settings, track_id: str) -> "tuple[PublishedTrack, ScoringModel]":
    from songpop.published import tracks
    from songpop.scoring.model import load_model

    track = tracks.read_track(settings, track_id)
    return track, load_model(settings.models_dir / track.champion, threads=settings.threads)


def _association() -> str:
    from songpop.scoring.contributions import ASSOCIATION

    return ASSOCIATION


def _facts(track: "PublishedTrack") -> dict[str, Any]:
    names = ("track_id", "track_name", "artist_name", "album_name", "genre", "release_date")
    row = track.frame.row(0, named=True)
    return {
        **{name: row[name] for name in names},
        "is_release": track.is_release,
        "popularity": track.popularity,
        "popularity_date": track.popularity_date,
    }


def _remarks(track: "PublishedTrack", score: float) -> list[str]:
    """Say how far the score is a forecast, and where the published one is another."""
    words = []
    if not track.is_release:
        words.append(
            f"This track is among those that models learn from (popularity {track.popularity} on "
            f"{track.popularity_date}), so its score is no forecast."
        )
    if track.stored and abs(track.stored["score"] - score) >= _LEAST_MOVED:
        words.append(
            f"The published list has {track.stored['score']:.1f}, of {track.stored['as_of_date']} by "
            f"{track.stored['model_version']}; this is what the champion says to what is known now."
        )
    return words


def _print_head(track: "PublishedTrack", model_version: str) -> None:
    facts = _facts(track)
    click.echo(f"{facts['track_name']} – {facts['artist_name']}")
    parts = [facts["genre"], facts["release_date"], "new release" if track.is_release else "known track"]
    click.echo(f"{', '.join(str(part) for part in parts if part)}; {facts['track_id']}; {model_version}\n")


def _print_explanation(track: "PublishedTrack", told: "Explanation") -> None:
    _print_head(track, told.model_version)
    outcome = told.prediction
    click.echo(
        f"score {outcome['score']:.1f}, 90 % interval {_interval(outcome)}; "
        f"LightGBM says {outcome['benchmark_score']:.1f}"
    )
    click.echo("  ".join(f"{words}: {outcome[name]:.0%}" for name, words in _BINS.items()))
    click.echo(f"\nFrom {told.reference_score:.1f}, the score of a typical track, in points")
    largest = max(map(abs, told.contributions.values()))
    rows = [[group, _points(value), _bar(value, largest)] for group, value in told.contributions.items()]
    rows.append(["all of these", _points(sum(told.contributions.values())), ""])
    console.table("", ["group", "points", ""], rows, to_stderr=False)
    if features := _feature_rows(told):
        click.echo("\nWithin the groups: the difference to the score if this one alone were typical (not additive)")
        console.table("", ["group", "feature", "this track", "typical", "points"], features, to_stderr=False)
    _print_remarks([*_remarks(track, outcome["score"]), *told.remarks])


def _feature_rows(told: "Explanation") -> list[list[str]]:
    rows = []
    for group in told.contributions:
        parts = [part for part in told.features if part.group == group and abs(part.difference) >= _LEAST_TOLD]
        for part in parts[:_FEATURES_A_GROUP]:
            values = [_value(part.feature, value) for value in (part.value, part.typical)]
            rows.append([group, part.feature.replace("_", " "), *values, _points(part.difference)])
    return rows


def _print_what_if(told: "WhatIf") -> None:
    rows = [
        [change.name + (" (with it)" if change.is_implied else ""), _value(change.name, change.before),
         _value(change.name, change.after), change.unit]
        for change in told.changes
    ]  # fmt: skip
    console.table("", ["change", "now", "changed", "unit"], rows, to_stderr=False)
    for change in told.changes:
        if change.outside:
            click.echo(f"! {change.name} {_value(change.name, change.after)} is {change.outside}.")
    click.echo()
    before, after = told.before, told.after
    outcomes = [
        ["score", f"{before['score']:.1f}", f"{after['score']:.1f}", _points(told.difference)],
        ["90 % interval", _interval(before), _interval(after), ""],
        *[
            [f"chance of {words}", *(f"{share[name]:.0%}" for share in (before, after)),
             f"{round(100 * (after[name] - before[name])):+5d}%"]
            for name, words in _BINS.items()
        ],
    ]  # fmt: skip
    console.table("", ["", "now", "changed", "difference"], outcomes, to_stderr=False)
    moved = [part for part in told.contributions if abs(part["difference"]) >= _LEAST_MOVED]
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
        f"Contributions that changed, in points from {told.reference_score:.1f}, the score of a typical track",
        ["group", "now", "changed", "difference", ""],
        groups,
        to_stderr=False,
    )


def _print_sweep(told: "Sweep", others: list[str]) -> None:
    scores = [point["score"] for point in told.points]
    low, high = min(scores), max(scores)
    spread = max(high - low, 1e-9)
    click.echo()
    unit = f" ({told.unit})" if told.unit else ""
    with_others = f", with {', '.join(others)} changed" if others else ""
    spark = "".join(_SPARKS[min(int((score - low) / spread * len(_SPARKS)), len(_SPARKS) - 1)] for score in scores)
    click.echo(f"score over {told.name}{unit}{with_others}: {low:.1f} to {high:.1f}  {spark}")
    points = told.points
    if isinstance(points[0]["value"], str):
        points = sorted(points, key=lambda point: -point["score"])
    rows = [
        [_value(told.name, point["value"]), f"{point['score']:.1f}", _interval(point),
         "█" * round(1 + (_BAR - 1) * (point["score"] - low) / spread),
         "this track" if point["is_present"] else "! outside experience" if point["outside"] else ""]
        for point in points
    ]  # fmt: skip
    console.table("", [told.name, "score", "90 % interval", "", ""], rows, to_stderr=False)


def _print_remarks(remarks: Sequence[str]) -> None:
    click.echo()
    for line in (*remarks, _association()):
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
