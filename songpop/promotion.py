"""Promotion: whether a challenger replaces the champion, and why, in a sentence for the ledger."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from songpop.errors import ModelError
from songpop.evaluation import HEADLINE, bootstrap_interval

# Fewer shared rows than this can't tell two models apart.
MIN_SHARED_ROWS = 30
_BOOTSTRAP_SEED = 7
_NOT_BELOW_MEDIAN = "on held-out tracks its error is not below that of the median"


@dataclass(frozen=True)
class Decision:
    """Which version scores from now on.

    Args:
        decision: whether the challenger was promoted, or the champion kept.
        champion: the version that scores from now on.
        challenger: the version that was judged.
        reason: why, in sentences a person can read.
    """

    decision: Literal["promoted", "kept"]
    champion: str
    challenger: str
    reason: str


def decide(champion_dir: Path | None, challenger_dir: Path) -> Decision:
    """Decide by the temporal split: a challenger is promoted unless it is surely worse than the champion.

    The newer model has seen newer data, so a draw goes to it. One that does not beat the median is kept back.

    Args:
        champion_dir: of the version that scores now; None where none can, so that the challenger has to.
        challenger_dir: of the version to judge.

    Raises:
        ModelError: a model's folder can't be read.
    """
    metrics = _metrics(challenger_dir)
    name = metrics["model_version"]
    against = _against_benchmark(metrics)
    beats_median = _beats_median(metrics)
    if champion_dir is None:
        though = "" if beats_median else f", though {_NOT_BELOW_MEDIAN}"
        return Decision("promoted", name, name, f"{name} becomes the champion, as there is no other{though}. {against}")
    champion = _metrics(champion_dir)["model_version"]
    if champion == name:
        reason = f"{name} is the champion already: the same data gave the same weights. {against}"
        return Decision("kept", champion, name, reason)
    if not beats_median:
        return Decision("kept", champion, name, f"{name} is kept back: {_NOT_BELOW_MEDIAN}. {against}")
    shared = _predictions(challenger_dir).join(_predictions(champion_dir), on="track_id", suffix="_champion")
    if shared.height < MIN_SHARED_ROWS:
        reason = (
            f"{name} replaces {champion}: they share {shared.height} test tracks, too few to compare, and it is newer. "
            f"{against}"
        )
        return Decision("promoted", name, name, reason)
    return _compare(shared, name, champion, against)


def _compare(shared: pl.DataFrame, name: str, champion: str, against: str) -> Decision:
    observed = shared["popularity"].to_numpy()
    gap = np.abs(shared["score"].to_numpy() - observed) - np.abs(shared["score_champion"].to_numpy() - observed)
    low, high = bootstrap_interval(lambda rows: float(gap[rows].mean()), len(gap), _BOOTSTRAP_SEED)
    difference = float(gap.mean())
    is_worse = low > 0
    sure = "neither is surely better and the newer data decide"
    if high < 0 or is_worse:
        sure = "it is surely worse" if is_worse else "it is surely better"
    reason = (
        f"{name} {'does not replace' if is_worse else 'replaces'} {champion}: on {len(gap):,} shared test tracks its "
        f"mean absolute error is {abs(difference):.2f} {'lower' if difference <= 0 else 'higher'} "
        f"(90 % of resamples {low:+.2f} to {high:+.2f}), so {sure}. {against}"
    )
    return Decision("kept", champion, name, reason) if is_worse else Decision("promoted", name, name, reason)


def _against_benchmark(metrics: dict[str, Any]) -> str:
    net, trees = (_row(metrics, family) for family in ("keras", "lightgbm"))
    if net is None or trees is None:
        return "The benchmark could not be judged on the temporal split."
    word = "above" if net["mae"] > trees["mae"] else "at or below"
    return (
        f"On the {net['split']} split its error of {net['mae']:.2f} is {word} the benchmark's {trees['mae']:.2f} "
        "(LightGBM)."
    )


def _beats_median(metrics: dict[str, Any]) -> bool:
    net, median = (_row(metrics, family) for family in ("keras", "median"))
    return net is None or median is None or net["mae"] < median["mae"]


def _row(metrics: dict[str, Any], family: str) -> dict[str, Any] | None:
    rows = [row for row in metrics["scoreboard"] if row["family"] == family]
    headline = [row for row in rows if row["split"] == HEADLINE]
    return (headline or rows or [None])[0]


def _metrics(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "metrics.json").read_text()))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"A model's folder must hold a readable metrics.json, however '{folder.name}' does not ({error})."
        ) from error


def _predictions(folder: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(folder / "eval_predictions.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ModelError(
            f"A model's folder must hold a readable eval_predictions.parquet, however '{folder.name}' does not "
            f"({error}). Train again with `songpop train`."
        ) from error
    return (
        frame.select("track_id", "popularity", "score")
        if "score" in frame.columns
        else pl.DataFrame(schema={"track_id": pl.String, "popularity": pl.Float64, "score": pl.Float64})
    )
