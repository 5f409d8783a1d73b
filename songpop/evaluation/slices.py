"""Where a model errs: error, bias, coverage and width by genre, release year, and known or new artist."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.evaluation.groups import artists_of

# Fewer tracks than this say too little about a slice.
LEAST_ROWS = 30
SLICED = ("mae", "bias", "coverage_90", "width_90")
KNOWN, NEW = "known", "new"


@dataclass(frozen=True)
class Slices:
    """The slices of a test part that have 30 rows or more.

    Args:
        names: `(slice, value)` of each: genre, release year, or artist (`known` or `new`).
        masks: which rows are in which slice, shape (n, len(names)), 0 or 1.
    """

    names: list[tuple[str, str]]
    masks: np.ndarray

    @classmethod
    def of(cls, train: pl.DataFrame, test: pl.DataFrame) -> "Slices":
        """Cut a test part; an artist is known if the training part has a track of it."""
        known = artists_of(test).is_in(artists_of(train).drop_nulls().unique().to_list()).fill_null(False)
        artist = pl.Series([KNOWN if is_known else NEW for is_known in known], dtype=pl.String)
        names, masks = [], []
        for name, values in (("genre", _genres(test)), ("release year", _years(test)), ("artist", artist)):
            for value in values.drop_nulls().unique().sort().to_list():
                rows = (values == value).fill_null(False).to_numpy()
                if rows.sum() >= LEAST_ROWS:
                    names.append((name, value))
                    masks.append(rows)
        return cls(names, np.stack(masks, axis=1).astype(np.float64) if masks else np.zeros((test.height, 0)))

    def take(self, names: list[tuple[str, str]]) -> np.ndarray:
        """Return the masks of some slices, shape (n, len(names))."""
        return self.masks[:, [self.names.index(name) for name in names]]


def values_of_rows(observed: np.ndarray, predictions: pl.DataFrame) -> np.ndarray:
    """Compute the row values whose means are the metrics in `SLICED`, shape (n, len(SLICED))."""
    score, low, high = (predictions[name].to_numpy() for name in ("score", "score_low", "score_high"))
    error = score - observed
    return np.stack([np.abs(error), error, (observed >= low) & (observed <= high), high - low], axis=1)


def means_within(values: np.ndarray, masks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average row values within slices, each row counting by its weight.

    Args:
        values: shape (n, k).
        masks: shape (n, s), 0 or 1.
        weights: shape (rounds, n).

    Returns:
        Shape (rounds, k, s), NaN where no row counts.
    """
    count = weights @ masks
    sums = np.stack([weights @ (masks * column[:, None]) for column in values.T], axis=1)
    return np.where(count[:, None] > 0, sums / np.maximum(count, 1e-9)[:, None], np.nan)


def _genres(test: pl.DataFrame) -> pl.Series:
    return test["genre"] if "genre" in test.columns else pl.Series([None] * test.height, dtype=pl.String)


def _years(test: pl.DataFrame) -> pl.Series:
    dates = [pl.col("release_date").dt.year()] if "release_date" in test.columns else []
    years = [pl.col("year")] if "year" in test.columns else []
    if not dates + years:
        return pl.Series([None] * test.height, dtype=pl.String)
    return test.select(pl.coalesce(*dates, *years).cast(pl.Int32).cast(pl.String)).to_series()
