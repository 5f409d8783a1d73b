"""What doing nothing gives: the median or majority, and the mean of the genre in the year."""

from pathlib import Path

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, COVERAGE, bin_of
from songpop.estimators.dead_ids import DeadIds
from songpop.features import EncodedRows
from songpop.features.encoder import NUMERIC

TAILS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)


def _predictions(
    score: np.ndarray, mean: np.ndarray, low: np.ndarray, high: np.ndarray, shares: np.ndarray
) -> pl.DataFrame:
    bins = {name: shares[:, j] for j, name in enumerate(BIN_COLUMNS)}
    low, high = np.clip(low, 0, 100), np.clip(high, 0, 100)
    ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
    return pl.DataFrame({"score": score, "score_mean": mean, **ends, **bins})


class MedianBaseline:
    """Score every track with the training median, and give the training shares of the bins."""

    family = "median"
    label = "median / majority"

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int = 0,
        threads: int = 1,
        source: np.ndarray | None = None,
        dead: DeadIds | None = None,
    ) -> "MedianBaseline":
        """Remember the label's quantiles, mean and bin shares."""
        popularity = popularity if source is None else popularity[source == np.arange(len(rows))]
        self.mean = popularity.mean()
        self.score, self.low, self.high = np.quantile(popularity, (0.5, *TAILS))
        self.shares = np.bincount(bin_of(popularity), minlength=len(BIN_COLUMNS)) / len(popularity)
        return self

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict the same for every row."""
        one = np.ones(len(rows))
        score, mean, low, high = (value * one for value in (self.score, self.mean, self.low, self.high))
        return _predictions(score, mean, low, high, np.tile(self.shares, (len(rows), 1)))

    def save(self, folder: Path) -> None:
        """Write nothing: a baseline only stands in the tables of an evaluation."""


class GenreYearMean:
    """Score every track with its genre-year level."""

    family = "genre_year_mean"
    label = "mean of genre and year"

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int = 0,
        threads: int = 1,
        source: np.ndarray | None = None,
        dead: DeadIds | None = None,
    ) -> "GenreYearMean":
        """Remember how popularity spreads around the level, in tenths of the level."""
        if source is not None:
            own = np.flatnonzero(source == np.arange(len(rows)))
            rows, popularity = rows.take(own), popularity[own]
        level = self._level(rows)
        n_parts = max(min(10, len(level) // 50), 1)
        self.cuts = np.quantile(level, np.linspace(0, 1, n_parts + 1)[1:-1])
        part = np.digitize(level, self.cuts)
        error = popularity - level
        members = [part == i if (part == i).any() else np.ones(len(part), bool) for i in range(n_parts)]
        self.tails = np.stack([np.quantile(error[rows_in], TAILS) for rows_in in members])
        bins = bin_of(popularity)
        self.shares = np.stack([np.bincount(bins[m], minlength=len(BIN_COLUMNS)) / m.sum() for m in members])
        return self

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict the level and the training spread around it."""
        level = self._level(rows)
        part = np.digitize(level, self.cuts)
        low, high = (level[:, None] + self.tails[part]).T
        score = np.clip(level, 0, 100)
        return _predictions(score, score, low, high, self.shares[part])

    def save(self, folder: Path) -> None:
        """Write nothing: a baseline only stands in the tables of an evaluation."""

    @staticmethod
    def _level(rows: EncodedRows) -> np.ndarray:
        return rows.numeric[:, NUMERIC.index("genre_year_level")].astype(np.float64)
