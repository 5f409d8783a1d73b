"""Promotion: whether a challenger replaces the champion, and why, in a sentence for the ledger."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop.errors import ModelError
from songpop.evaluation import HEADLINE, bootstrap_interval

# Fewer shared rows than this can't tell two models apart.
MIN_SHARED_ROWS = 30
_BOOTSTRAP_SEED = 7


@dataclass(frozen=True)
class Decision:
    """What to do with a challenger.

    Args:
        promote: whether it becomes the champion.
        reason: why, in sentences a person can read.
        challenger, champion: model versions; champion is None for the first one.
        mae_difference: challenger's mean absolute error minus the champion's on the shared rows.
        difference_low, difference_high: bound 90 % of that difference over resampled rows.
        n_shared: number of shared temporal test rows.
        is_behind_benchmark: LightGBM has the lower error on the temporal split: a warning is due.
    """

    promote: bool
    reason: str
    challenger: str
    champion: str | None
    mae_difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    n_shared: int = 0
    is_behind_benchmark: bool = False


def decide(champion_dir: Path | None, challenger_dir: Path) -> Decision:
    """Decide by the temporal split: a challenger is promoted unless it is surely worse than the champion.

    The newer model has seen newer data, so a draw goes to it. With no champion it is promoted if it beats the
    median baseline.

    Raises:
        ModelError: a model's folder can't be read.
    """
    metrics = _metrics(challenger_dir)
    name = metrics["model_version"]
    against, behind = _against_benchmark(metrics)
    if not _beats_median(metrics):
        reason = f"{name} is kept back: on held-out tracks its error is not below that of the median. {against}"
        return Decision(False, reason, name, champion_dir.name if champion_dir else None, is_behind_benchmark=behind)
    if champion_dir is None:
        return Decision(
            True,
            f"{name} is the first model, so it becomes the champion. {against}",
            name,
            None,
            is_behind_benchmark=behind,
        )
    champion = _metrics(champion_dir)["model_version"]
    if champion == name:
        return Decision(
            False,
            f"{name} is the champion already: the same data gave the same weights. {against}",
            name,
            champion,
            is_behind_benchmark=behind,
        )
    shared = _predictions(challenger_dir).join(_predictions(champion_dir), on="track_id", suffix="_champion")
    if shared.height < MIN_SHARED_ROWS:
        reason = (
            f"{name} replaces {champion}: they share {shared.height} test tracks, too few to compare, and it is newer. "
            f"{against}"
        )
        return Decision(True, reason, name, champion, n_shared=shared.height, is_behind_benchmark=behind)
    return _compare(shared, name, champion, against, behind)


def _compare(shared: pl.DataFrame, name: str, champion: str, against: str, behind: bool) -> Decision:
    observed = shared["popularity"].to_numpy()
    gap = np.abs(shared["score"].to_numpy() - observed) - np.abs(shared["score_champion"].to_numpy() - observed)
    low, high = bootstrap_interval(lambda rows: float(gap[rows].mean()), len(gap), _BOOTSTRAP_SEED)
    difference = float(gap.mean())
    promote = low <= 0
    verb = "replaces" if promote else "does not replace"
    sure = "neither is surely better and the newer data decide"
    if high < 0 or low > 0:
        sure = "it is surely better" if high < 0 else "it is surely worse"
    reason = (
        f"{name} {verb} {champion}: on {len(gap):,} shared test tracks its mean absolute error is "
        f"{abs(difference):.2f} {'lower' if difference <= 0 else 'higher'} "
        f"(90 % of resamples {low:+.2f} to {high:+.2f}), so {sure}. {against}"
    )
    return Decision(promote, reason, name, champion, difference, low, high, len(gap), behind)


def _against_benchmark(metrics: dict[str, Any]) -> tuple[str, bool]:
    net, trees = (_row(metrics, family) for family in ("keras", "lightgbm"))
    if net is None or trees is None:
        return "The benchmark could not be judged on the temporal split.", False
    behind = net["mae"] > trees["mae"]
    word = "above" if behind else "at or below"
    return (
        f"On the {net['split']} split its error of {net['mae']:.2f} is {word} the benchmark's {trees['mae']:.2f} "
        "(LightGBM).",
        behind,
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
