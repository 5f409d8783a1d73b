"""What the peers share: columns without gaps, a part of the training rows to judge on, intervals, predictions."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, COVERAGE
from songpop.evaluation import release_time, split_rows
from songpop.evaluation.contest import Fold
from songpop.features import conform
from songpop.features.declared import fill_gaps, usual_values

TAILS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
# Levels of the score that have an interval each, and how many rows it takes to tell one.
_LEVELS = 10
_ROWS_A_LEVEL = 100
# Of the training part by time, what is judged on; fewer rows judge nothing.
_NEWEST_SHARE = 0.15
_LEAST_JUDGED = 10


def without_gaps(fold: Fold) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill single missing columns of the analysis with the usual values of the training part, in both parts."""
    train, test = conform(fold.train), conform(fold.test)
    usual = usual_values(train)
    return fill_gaps(train, usual), fill_gaps(test, usual)


def inner_parts(fold: Fold) -> tuple[np.ndarray, np.ndarray]:
    """Divide the training part as the fold was divided, by row, by artist or by time: what to fit and what to judge."""
    rows = np.arange(fold.train.height)
    if fold.split.name == "temporal":
        time = np.nan_to_num(release_time(fold.train), nan=-np.inf)
        valid = rows[time >= np.quantile(time, 1 - _NEWEST_SHARE, method="lower")]
    else:
        valid = split_rows(fold.train, fold.split.name, fold.seed + 1).test
    if not _LEAST_JUDGED <= len(valid) <= len(rows) - _LEAST_JUDGED:
        valid = rows[::5]
    return np.setdiff1d(rows, valid), valid


@dataclass(frozen=True)
class Spread:
    """How far popularity strays from a score, by the height of the score, on rows that were not fitted on."""

    cuts: np.ndarray
    tails: np.ndarray

    @classmethod
    def of(cls, score: np.ndarray, popularity: np.ndarray) -> "Spread":
        """Measure on validation rows, shape (n,)."""
        n_levels = max(min(_LEVELS, len(score) // _ROWS_A_LEVEL), 1)
        cuts = np.quantile(score, np.linspace(0, 1, n_levels + 1)[1:-1])
        level, error = np.digitize(score, cuts), popularity - score
        members = [level == i if (level == i).any() else np.ones(len(level), bool) for i in range(n_levels)]
        return cls(cuts, np.stack([np.quantile(error[rows], TAILS) for rows in members]))

    def around(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bound 90 % around scores, two arrays of shape (n,)."""
        low, high = (score[:, None] + self.tails[np.digitize(score, self.cuts)]).T
        return low, high


def predictions(score: np.ndarray, low: np.ndarray, high: np.ndarray, chances: np.ndarray) -> pl.DataFrame:
    """Make `PREDICTION_COLUMNS` of arrays of shape (n,) and of the bins' probabilities, shape (n, 4)."""
    score = np.clip(score, 0, 100)
    low, high = np.clip(low, 0, 100), np.clip(high, 0, 100)
    ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
    return pl.DataFrame(
        {"score": score, "score_mean": score, **ends} | {name: chances[:, j] for j, name in enumerate(BIN_COLUMNS)}
    )
