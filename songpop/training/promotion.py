"""Promotion: whether a challenger replaces the champion, and why, in a sentence for the ledger."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.errors import ModelError
from songpop.estimators import Role
from songpop.evaluation import HEADLINE, contestants
from songpop.evaluation.paired_bootstrap import Difference, compare_errors, compare_orders
from songpop.training.training_tracks import find_fresh

# Fewer rows than these can't tell two models apart.
MIN_SHARED_ROWS = 30
MIN_FRESH_ROWS = 100
FRESH = "fresh tracks"
SHARED = "shared held-out tracks"
_NOT_BELOW_MEDIAN = "on held-out tracks its error is not below that of the median"

# rows of a model frame -> their scores, by a fit that has not seen them
Refit = Callable[[pl.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Decision:
    """Which version scores from now on.

    Args:
        decision: whether the challenger was promoted, or the champion kept.
        champion: the version that scores from now on.
        challenger: the version that was judged.
        reason: why, in sentences a person can read.
        basis: the tracks that both were compared on, `fresh tracks` or `shared held-out tracks`, where they were.
        difference: the challenger's mean absolute error against the champion's, where they were compared.
    """

    decision: Literal["promoted", "kept"]
    champion: str
    challenger: str
    reason: str
    basis: str | None = None
    difference: Difference | None = None


def decide(
    champion_dir: Path | None,
    challenger_dir: Path,
    frame: pl.DataFrame | None = None,
    *,
    refit: Refit | None = None,
    rolled_back: Collection[str] = (),
) -> Decision:
    """Decide whether the challenger replaces the champion: it does unless it is surely worse.

    Both are judged on the tracks of the challenger's temporal test part that the champion never learned from: by the
    champion as it is shipped, and by the challenger's fit that held them out. Where there are too few such tracks,
    as with the same data again, the tracks that both versions held out decide. The newer model has seen newer data,
    so a draw goes to it. One that does not beat the median is kept back.

    Args:
        champion_dir: of the version that scores now; None where none can, so that the challenger has to.
        challenger_dir: of the version to judge.
        frame: the model frame of the training tracks, for the champion to score the fresh ones among them.
        refit: fits the challenger's recipe on all but the rows it is given, and scores these. It is called only
            where the challenger looks worse on fresh tracks: its fit on earlier releases alone knows less of the
            latest ones than the champion does.
        rolled_back: hashes of weights that are not to be promoted again.

    Raises:
        ModelError: a model's folder can't be read, or does not tell how the challenger and its peers did.
    """
    metrics = model_folder.read_metrics(challenger_dir)
    name = metrics["model_version"]
    against = _describe_against_benchmark(metrics, challenger_dir)
    beats_median = _beats_median(metrics)
    if champion_dir is None:
        though = "" if beats_median else f", though {_NOT_BELOW_MEDIAN}"
        return Decision("promoted", name, name, f"{name} becomes the champion, as there is no other{though}. {against}")
    champion = model_folder.read_metrics(champion_dir)["model_version"]
    if champion == name:
        reason = f"{name} is the champion already: the same data gave the same weights. {against}"
        return Decision("kept", champion, name, reason)
    if metrics.get("weights_sha256") in rolled_back:
        reason = f"{name} is kept back: a version of the same weights was rolled back. {against}"
        return Decision("kept", champion, name, reason)
    if not beats_median:
        return Decision("kept", champion, name, f"{name} is kept back: {_NOT_BELOW_MEDIAN}. {against}")
    rows, basis = _same_rows(champion_dir, challenger_dir, frame, refit)
    if rows.height < MIN_SHARED_ROWS:
        reason = (
            f"{name} replaces {champion}: they share {rows.height} test tracks, too few to compare, and it is newer. "
            f"{against}"
        )
        return Decision("promoted", name, name, reason)
    return _judge(rows, basis, name, champion, against)


def _same_rows(
    champion_dir: Path, challenger_dir: Path, frame: pl.DataFrame | None, refit: Refit | None
) -> tuple[pl.DataFrame, str]:
    """Find rows that both have predicted unseen: `popularity, artist_name, score, score_champion, benchmark_score`."""
    predicted = _predictions(challenger_dir)
    fresh = predicted.filter(pl.Series(find_fresh(champion_dir, predicted["track_id"]), dtype=pl.Boolean))
    if frame is not None and fresh.height >= MIN_FRESH_ROWS:
        wanted = fresh.select("track_id", "score", "benchmark_score")
        inputs = frame.join(wanted, on="track_id", maintain_order="left")
        if inputs.height >= MIN_FRESH_ROWS:
            rows = inputs.with_columns(_shipped_scores(champion_dir, inputs).alias("score_champion"))
            if refit is not None and _compare(rows).low > 0:
                rows = rows.with_columns(pl.Series("score", refit(inputs.drop("score", "benchmark_score"))))
            return rows, FRESH
    return predicted.join(_predictions(champion_dir), on="track_id", suffix="_champion", maintain_order="left"), SHARED


def _shipped_scores(folder: Path, frame: pl.DataFrame) -> pl.Series:
    """Score rows with a version as it is shipped."""
    from songpop.scoring.model import load_model

    model = load_model(folder)
    return model.scorer.predict(model.encoder.transform(frame))["score"]


def _compare(rows: pl.DataFrame) -> Difference:
    observed, score, other = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("popularity", "score", "score_champion")
    )
    return compare_errors(observed, score, other, rows["artist_name"])


def _judge(rows: pl.DataFrame, basis: str, name: str, champion: str, against: str) -> Decision:
    difference = _compare(rows)
    is_worse = difference.low > 0
    sure = "neither is surely better and the newer data decide"
    if difference.is_sure:
        sure = "it is surely worse" if is_worse else "it is surely better"
    benchmark = (rows["benchmark_score"] - rows["popularity"]).abs().drop_nulls().to_numpy()
    beside = f", and LightGBM's {benchmark.mean():.2f}" if len(benchmark) else ""
    reason = (
        f"{name} {'does not replace' if is_worse else 'replaces'} {champion}: on {difference.n:,} {basis} of "
        f"{difference.n_artists:,} artists its mean absolute error is {abs(difference.value):.2f} "
        f"{'lower' if difference.value <= 0 else 'higher'} (90 % of resamples {difference.low:+.2f} to "
        f"{difference.high:+.2f}), so {sure}. There its error is {difference.first:.2f}, the champion's "
        f"{difference.second:.2f}{beside}. {against}"
    )
    if is_worse:
        return Decision("kept", champion, name, reason, basis, difference)
    return Decision("promoted", name, name, reason, basis, difference)


def compare_with_benchmark(folder: Path) -> tuple[Difference, Difference | None] | None:
    """Compare a version's network with its benchmark on its held-out tracks: errors, and Spearman correlations.

    Returns:
        Network less LightGBM; None without a prediction of both.

    Raises:
        ModelError: the held-out predictions can't be read.
    """
    rows = _predictions(folder).drop_nulls(["score", "benchmark_score", "popularity"])
    if rows.height < 2:
        return None
    observed, net, trees = (rows[name].to_numpy() for name in ("popularity", "score", "benchmark_score"))
    artist = rows["artist_name"]
    return compare_errors(observed, net, trees, artist), compare_orders(observed, net, trees, artist)


def describe_surety(difference: Difference, decimals: int = 2) -> str:
    """Say how sure a difference is: `difference +0.11, 90 % of resamples -0.02 to +0.25, so not surely`."""
    values = [f"{value:+.{decimals}f}" for value in (difference.value, difference.low, difference.high)]
    surely = "surely" if difference.is_sure else "not surely"
    return f"difference {values[0]}, 90 % of resamples {values[1]} to {values[2]}, so {surely}"


def _describe_against_benchmark(metrics: dict[str, Any], folder: Path) -> str:
    net, trees = _row(metrics, "network"), _row(metrics, "benchmark")
    word = "above" if net["mae"] > trees["mae"] else "at or below"
    compared = compare_with_benchmark(folder)
    surety = f", {describe_surety(compared[0])}" if compared else ""
    return (
        f"On the {net['split']} split its error of {net['mae']:.2f} is {word} the benchmark's {trees['mae']:.2f} "
        f"(LightGBM{surety})."
    )


def _beats_median(metrics: dict[str, Any]) -> bool:
    net, median = _row(metrics, "network"), _row(metrics, "baseline", contestants.FLOOR.family)
    return bool(net["mae"] < median["mae"])


def _row(metrics: dict[str, Any], role: Role, family: str | None = None) -> dict[str, Any]:
    """Find a contestant's row of the scoreboard: on the headline split, else on the first one that was judged."""
    rows = [row for row in metrics["scoreboard"] if row["role"] == role and family in (None, row["family"])]
    if not rows:
        raise ModelError(
            f"A version must be judged beside its peers before it is promoted, however metrics.json of "
            f"'{metrics['model_version']}' has no row of its {role}{f' {family}' if family else ''}. Train again with "
            "`songpop train`."
        )
    return next((row for row in rows if row["split"] == HEADLINE), rows[0])


_PREDICTED = {"artist_name": pl.String, "popularity": pl.Float64, "score": pl.Float64, "benchmark_score": pl.Float64}


def _predictions(folder: Path) -> pl.DataFrame:
    """Read a version's held-out predictions: `track_id, artist_name, popularity, score, benchmark_score`."""
    frame = model_folder.read_parquet(folder, model_folder.PREDICTIONS)
    if "score" not in frame.columns:
        frame = frame.clear()
    columns = [
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in _PREDICTED.items()
    ]
    return frame.select(pl.col("track_id").cast(pl.String), *columns)
