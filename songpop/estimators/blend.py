"""The blend: half the network, half the benchmark's trees, where that is surely better than the network alone."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import DistributionPredictor
from songpop.estimators.distribution import pmf_of, predictions_of, with_pmf
from songpop.features import EncodedRows
from songpop.features.encoder import NUMERIC
from songpop.features.partial import PARTIAL, STATES, in_state, with_partial

FAMILY = "blend"
LABEL = "half network, half LightGBM"
FILE = "blend.json"


class Blend:
    """The network, and in some tracks half the trees: what scores a release.

    Networks and trees err otherwise, so that their mean errs less; but beyond the years that they learned from trees
    know nothing. So each period is decided by itself, on a split of its own kind (`training.shipping`).

    Args:
        net: the network, as it is shipped.
        trees: the benchmark.
        within: whether tracks of the known years are blended.
        to_come: whether those as new as the newest training track, or newer, are.
        last_time: release time of that one, in years.
    """

    def __init__(
        self, net: DistributionPredictor, trees: DistributionPredictor, within: bool, to_come: bool, last_time: float
    ) -> None:
        """Hold both parts and which tracks are blended."""
        self.net, self.trees = net, trees
        self.within, self.to_come, self.last_time = within, to_come, last_time
        self.family = net.family

    def takes(self, rows: EncodedRows) -> np.ndarray:
        """Say which encoded rows are blended, shape (n,)."""
        time = rows.numeric[:, NUMERIC.index("release_time")]
        taken: np.ndarray = np.where(time >= self.last_time, self.to_come, self.within & ~np.isnan(time))
        return taken

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""
        pmf = self.net.predict_distribution(rows)
        taken = np.flatnonzero(self.takes(rows))
        if len(taken):
            pmf = pmf.astype(np.float64)
            pmf[taken] = _pool(pmf[taken], self.trees.predict_distribution(rows.take(taken)))
        return pmf

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict `PREDICTION_COLUMNS` and the family of each score."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive `PREDICTION_COLUMNS` from the distributions of rows, shape (n, 101), and the family of each score."""
        predictions = self.net.predictions_of(rows, pmf)
        is_taken = self.takes(rows)
        taken = np.flatnonzero(is_taken)
        family = pl.Series("family", np.where(is_taken, FAMILY, self.net.family), dtype=pl.String)
        if len(taken):
            parts = (one.predict(rows.take(taken)) for one in (self.net, self.trees))
            blended = _with_bounds(predictions_of(pmf[taken], 0.5), *parts)
            scattered = [
                pl.Series(name, _scatter(predictions[name].to_numpy(), taken, blended[name].to_numpy()))
                for name in blended.columns
            ]
            predictions = predictions.with_columns(scattered)
        return predictions.with_columns(family)

    def save(self, folder: Path) -> None:
        """Write blend.json; the parts are saved by themselves."""
        document: dict[str, Any] = {"within": self.within, "to_come": self.to_come, "last_time": self.last_time}
        model_folder.write_json(folder, FILE, document)

    @classmethod
    def load(cls, folder: Path, net: DistributionPredictor, trees: DistributionPredictor) -> "Blend":
        """Read what `save` wrote.

        Raises:
            ModelError: the file can't be read.
        """
        document = model_folder.read_json(folder, FILE)
        with model_folder.reading(folder, FILE):
            which = bool(document["within"]), bool(document["to_come"])
            return cls(net, trees, *which, float(document["last_time"]))


def blend_of(network: pl.DataFrame, trees: pl.DataFrame) -> pl.DataFrame:
    """Blend predictions that have their distributions beside them (`with_pmf`), as `Blend` does in all rows.

    The distributions are pooled, and the bounds of the intervals averaged: each part's hold what they promise.
    """
    pmf = _pool(pmf_of(network), pmf_of(trees))
    blended = with_pmf(_with_bounds(predictions_of(pmf, 0.5), network, trees), pmf)
    if PARTIAL in network.columns and PARTIAL in trees.columns:
        half = ((in_state(network, j) + in_state(trees, j)) / 2 for j in range(len(STATES)))
        blended = with_partial(blended, list(half))
    return blended.with_columns(network.drop(blended.columns, strict=False).get_columns())


def _pool(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    parts = [pmf / pmf.sum(axis=1, keepdims=True) for pmf in (one, other)]
    pooled: np.ndarray = (parts[0] + parts[1]) / 2
    return pooled


def _with_bounds(blended: pl.DataFrame, network: pl.DataFrame, trees: pl.DataFrame) -> pl.DataFrame:
    score = blended["score"].to_numpy()
    low, high = ((network[name] + trees[name]).to_numpy() / 2 for name in ("score_low", "score_high"))
    ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
    return blended.with_columns(pl.Series(name, values) for name, values in ends.items())


def _scatter(whole: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    changed = whole.copy()
    changed[rows] = values
    return changed
