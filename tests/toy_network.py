"""A network without TensorFlow, fitted in no time: the histogram of popularity within a genre."""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import N_VALUES
from songpop.estimators.dead_ids import DeadIds
from songpop.estimators.distribution import predictions_of
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.encoder import CATEGORIES

_FILE = "histogram.json"
_GENRE = CATEGORIES.index("genre")


class ToyNetwork:
    """Counts how often each popularity came, by genre; one count of each value beforehand."""

    family = "histogram"
    label = "histogram of the genre"
    packages: tuple[str, ...] = ("numpy",)
    scoring_packages: tuple[str, ...] = ()

    def __init__(self, encoder: FeatureEncoder) -> None:
        """Make an unfitted one for the arrays of one encoder."""
        self.counts = np.ones((encoder.category_sizes[_GENRE], N_VALUES))
        self.held_out = np.zeros(0, np.int64), np.zeros((0, N_VALUES))

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int,
        threads: int,
        source: np.ndarray | None = None,
        dead: DeadIds | None = None,
    ) -> "ToyNetwork":
        """Count the tracks, not their copies; a row is held out by taking its own count away."""
        if source is not None:
            own = np.flatnonzero(source == np.arange(len(rows)))
            rows, popularity = rows.take(own), popularity[own]
        genre, value = rows.categories[:, _GENRE], popularity.astype(int)
        np.add.at(self.counts, (genre, value), 1.0)
        without = self.counts[genre].copy()
        without[np.arange(len(rows)), value] -= 1
        self.held_out = np.arange(len(rows)), without / without.sum(axis=1, keepdims=True)
        return self

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""
        counts = self.counts[rows.categories[:, _GENRE]]
        return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float32)

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive them from distributions, with one margin for all."""
        return predictions_of(pmf, 0.05)

    def digest(self) -> str:
        """Hash the counts."""
        return hashlib.sha256(self.counts.tobytes()).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the counts."""
        model_folder.write_json(folder, _FILE, {"counts": self.counts.tolist()})

    @classmethod
    def load_for_scoring(cls, folder: Path, threads: int = 1) -> "ToyNetwork":
        """Read what `save` wrote."""
        network = cls.__new__(cls)
        with model_folder.reading(folder, _FILE):
            network.counts = np.asarray(model_folder.read_json(folder, _FILE)["counts"])
        return network
