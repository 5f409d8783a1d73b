"""A distribution over the popularities 0..100, and everything that follows from it: score, interval, bins."""

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, BIN_EDGES, N_VALUES

# Column of the distributions beside predictions that are to be judged.
PMF = "pmf"


def quantile(pmf: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """Interpolate a quantile of each distribution, shape (n,), as if each value v filled (v - 0.5, v + 0.5].

    Args:
        pmf: probabilities of 0..100, shape (n, 101).
        level: between 0 and 1, one or shape (n,).
    """
    cdf = np.cumsum(pmf, axis=1)
    aim = np.broadcast_to(np.asarray(level, dtype=pmf.dtype), (len(pmf),)) * cdf[:, -1]
    value = np.minimum((cdf < aim[:, None]).sum(axis=1), N_VALUES - 1)
    rows = np.arange(len(pmf))
    below = np.where(value > 0, cdf[rows, np.maximum(value - 1, 0)], 0.0)
    inside = (aim - below) / np.maximum(pmf[rows, value], 1e-9)
    values: np.ndarray = np.clip(value - 0.5 + np.clip(inside, 0.0, 1.0), 0.0, 100.0)
    return values


def score_of(pmf: np.ndarray) -> np.ndarray:
    """Compute the score of each distribution, shape (n,): its median, which minimises the absolute error."""
    return quantile(pmf, 0.5)


def mean_of(pmf: np.ndarray) -> np.ndarray:
    """Compute the mean of each distribution, shape (n,)."""
    mean: np.ndarray = np.clip(pmf @ np.arange(N_VALUES, dtype=pmf.dtype), 0.0, 100.0)
    return mean


def interval_of(pmf: np.ndarray, margin: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the central whole numbers that leave at most `margin` out on each side, two arrays of shape (n,).

    Args:
        pmf: probabilities of 0..100, shape (n, 101).
        margin: one for all, or one a row, shape (n,).
    """
    cdf = np.cumsum(pmf, axis=1) / pmf.sum(axis=1, keepdims=True)
    out = np.broadcast_to(np.asarray(margin, dtype=np.float64), (len(pmf),))[:, None]
    low, high = ((cdf < level).sum(axis=1) for level in (out, 1 - out))
    return low.astype(np.float64), np.minimum(high, N_VALUES - 1).astype(np.float64)


def predictions_of(pmf: np.ndarray, margin: float | np.ndarray) -> pl.DataFrame:
    """Derive score, mean, interval and the four bin probabilities, one row a distribution."""
    pmf = pmf / pmf.sum(axis=1, keepdims=True)
    score = score_of(pmf)
    low, high = interval_of(pmf, margin)
    parts = np.split(pmf, [edge + 1 for edge in BIN_EDGES], axis=1)
    bins = {name: part.sum(axis=1) for name, part in zip(BIN_COLUMNS, parts, strict=True)}
    ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
    columns = {"score": score, "score_mean": mean_of(pmf), **ends, **bins}
    return pl.DataFrame({name: np.asarray(values, dtype=np.float64) for name, values in columns.items()})


def with_pmf(predictions: pl.DataFrame, pmf: np.ndarray) -> pl.DataFrame:
    """Put the distributions that predictions come from beside them, shape (n, 101), as the column PMF."""
    return predictions.with_columns(pl.Series(PMF, pmf.astype(np.float32), dtype=pl.Array(pl.Float32, N_VALUES)))


def pmf_of(predictions: pl.DataFrame) -> np.ndarray:
    """Take the distributions that `with_pmf` put beside predictions, shape (n, 101)."""
    pmf: np.ndarray = predictions[PMF].to_numpy().astype(np.float64)
    return pmf
