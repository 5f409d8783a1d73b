"""Adjust what a model says: a recalibration's map, its margin, and the widening of a list that can't be trusted."""

from typing import NamedTuple

import numpy as np
import polars as pl

from songpop.adjustments import Adjustment, Recalibration
from songpop.estimators import N_VALUES
from songpop.estimators.distribution import predictions_of

# Rows whose distributions are moved together; bounds the memory.
_AT_ONCE = 50_000
# A bound that lies on the score itself is moved as if it lay so many points off.
_LEAST_APART = 0.5


class Interval(NamedTuple):
    """Scores and the bounds of their intervals, each of shape (n,)."""

    score: np.ndarray
    low: np.ndarray
    high: np.ndarray


def map_scores(scores: np.ndarray, recalibration: Recalibration | None) -> np.ndarray:
    """Map scores, or popularities, of any shape; without a recalibration they stay."""
    if recalibration is None:
        return scores
    mapped: np.ndarray = np.interp(scores, recalibration.from_scores, recalibration.to_scores)
    return mapped


def adjust_interval(shipped: Interval, adjustment: Adjustment) -> Interval:
    """Adjust scores and the bounds of their intervals, as a model gave them."""
    recalibration, spread = adjustment.recalibration, adjustment.spread
    margin = recalibration.margin if recalibration else 0.0
    score, low, high = (map_scores(values, recalibration) for values in shipped)
    low, high = low - margin, high + margin
    if spread is not None:
        low, high = np.minimum(low, spread[0]), np.maximum(high, spread[1])
    return Interval(score, np.clip(np.minimum(low, score), 0, 100), np.clip(np.maximum(high, score), 0, 100))


def adjust_predictions(predictions: pl.DataFrame, pmf: np.ndarray, adjustment: Adjustment) -> pl.DataFrame:
    """Adjust what a model predicted: score and interval by their rule, and all else from the moved distribution.

    Each row's distribution is moved as its score and its bounds are, in straight lines between them, so that what lay
    outside the interval still does, and the chances of the four bins are those of the new interval.

    Args:
        predictions: `PREDICTION_COLUMNS` as the model gave them, n rows.
        pmf: its distributions of 0..100, shape (n, 101).
        adjustment: what to do.
    """
    if adjustment.recalibration is None and adjustment.spread is None:
        return predictions
    parts = [
        _adjust_piece(predictions[start : start + _AT_ONCE], pmf[start : start + _AT_ONCE], adjustment)
        for start in range(0, max(len(pmf), 1), _AT_ONCE)
    ]
    return pl.concat(parts)


def _adjust_piece(predictions: pl.DataFrame, pmf: np.ndarray, adjustment: Adjustment) -> pl.DataFrame:
    names = ("score", "score_low", "score_high")
    shipped = Interval(*(predictions[name].to_numpy() for name in names))
    adjusted = adjust_interval(shipped, adjustment)
    score, low, high = (map_scores(values, adjustment.recalibration)[:, None] for values in shipped)
    values = map_scores(np.arange(N_VALUES, dtype=np.float64), adjustment.recalibration)[None, :]
    new_score, new_low, new_high = (array[:, None] for array in adjusted)
    below = (new_score - new_low) / np.maximum(score - low, _LEAST_APART)
    above = (new_high - new_score) / np.maximum(high - score, _LEAST_APART)
    moved = new_score + (values - score) * np.where(values < score, below, above)
    distribution = deal_out(pmf, np.clip(moved, 0.0, 100.0))
    columns = [pl.Series(name, array) for name, array in zip(names, adjusted, strict=True)]
    return predictions_of(distribution, 0.0).with_columns(columns)


def deal_out(pmf: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Move the probabilities of 0..100 to other values, shared between the whole numbers beside them.

    Args:
        pmf: shape (n, 101).
        values: where each of 0..100 is moved to, 0-100, shape (n, 101).

    Returns:
        Probabilities of 0..100, shape (n, 101), of the same sums and with the moved values' means.
    """
    low = np.minimum(np.floor(values).astype(np.int64), N_VALUES - 2)
    share = values - low
    place = low + N_VALUES * np.arange(len(pmf))[:, None]
    size = len(pmf) * N_VALUES
    dealt: np.ndarray = np.bincount(place.ravel(), (pmf * (1 - share)).ravel(), size) + np.bincount(
        (place + 1).ravel(), (pmf * share).ravel(), size
    )
    return dealt.reshape(-1, N_VALUES)
