"""A distribution over the popularities 0..100, and everything that follows from it: score, interval, bins."""

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, BIN_EDGES, COVERAGE, N_VALUES

# The median minimises the absolute error, the mean the squared one; three parts to one cost little of either.
MEDIAN_SHARE = 0.75
# What all rows say of a genre's margin counts as this many rows of its own.
MARGIN_PRIOR = 100.0


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
    """Compute the score of each distribution, shape (n,): a blend of its median and its mean."""
    return np.clip(MEDIAN_SHARE * quantile(pmf, 0.5) + (1 - MEDIAN_SHARE) * mean_of(pmf), 0.0, 100.0)


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


def calibrated_margin(pmf: np.ndarray, popularity: np.ndarray, coverage: float = COVERAGE) -> float:
    """Find the margin at which the intervals cover the share they promise, on rows not used in fitting.

    Args:
        pmf: distributions by models that did not see the row, shape (n, 101).
        popularity: observed, shape (n,).
        coverage: the share.

    Source: distributional conformal prediction, Chernozhukov, Wüthrich and Zhu 2021 (arXiv 1909.07889): the
    conformity score is the distance of a row's rank in its own distribution from the nearer end.
    """
    cdf = np.cumsum(pmf, axis=1)
    rows = np.arange(len(pmf))
    value = popularity.astype(np.int64)
    high = cdf[rows, value]
    reach = np.minimum(high, 1 - (high - pmf[rows, value]))
    at = int((1 - coverage) * (len(reach) + 1)) - 1
    return float(np.clip(np.sort(reach)[max(at, 0)], 1e-4, 0.45))


def calibrated_margins(pmf: np.ndarray, popularity: np.ndarray, genre: np.ndarray, n_genres: int) -> np.ndarray:
    """Find the margin of each genre, shape (n_genres,), on rows not used in fitting.

    Genres differ in how well they are foreseen, so that one margin for all is too wide in some and too narrow in
    others. A genre of few rows leans on the margin of all.

    Args:
        pmf: distributions by models that did not see the row, shape (n, 101).
        popularity: observed, shape (n,).
        genre: code of each row's genre, shape (n,).
        n_genres: number of codes.

    Source: Mondrian conformal prediction, Vovk, Gammerman and Shafer 2005; the leaning is ours.
    """
    whole = np.log(calibrated_margin(pmf, popularity))
    margins = np.full(n_genres, whole)
    for code in np.unique(genre):
        own = genre == code
        share = own.sum() / (own.sum() + MARGIN_PRIOR)
        margins[code] += share * (np.log(calibrated_margin(pmf[own], popularity[own])) - whole)
    factors: np.ndarray = np.exp(margins)
    return factors


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
