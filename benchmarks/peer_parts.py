"""What the peers share: columns without gaps, and predictions."""

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, COVERAGE
from songpop.evaluation.contest import Fold
from songpop.features import conform
from songpop.features.declared import fill_gaps, usual_values

TAILS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)


def without_gaps(fold: Fold) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill single missing columns of the analysis with the usual values of the training part, in both parts."""
    train, test = conform(fold.train), conform(fold.test)
    usual = usual_values(train)
    return fill_gaps(train, usual), fill_gaps(test, usual)


def predictions(score: np.ndarray, low: np.ndarray, high: np.ndarray, chances: np.ndarray) -> pl.DataFrame:
    """Make `PREDICTION_COLUMNS` of arrays of shape (n,) and of the bins' probabilities, shape (n, 4)."""
    score = np.clip(score, 0, 100)
    low, high = np.clip(low, 0, 100), np.clip(high, 0, 100)
    ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
    return pl.DataFrame(
        {"score": score, "score_mean": score, **ends} | {name: chances[:, j] for j, name in enumerate(BIN_COLUMNS)}
    )
