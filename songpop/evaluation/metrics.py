"""Every metric of the scoreboard, each as a function of how often a row (or an album) counts.

Weights of 1 give the metric; weights of a resample give one replicate of its bootstrap. So a value and its interval
come from the same lines.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, COVERAGE, bin_of
from songpop.estimators.distribution import PMF, pmf_of
from songpop.evaluation.groups import Groups, albums_of, artists_of

# Probabilities are compared with what came in parts of this width.
_PARTS = 10
TAIL = (1 - COVERAGE) / 2
# In the order in which a person reads them.
METRICS = (
    "mae", "rmse", "r2", "spearman", "bias", "accuracy_4bin", "accuracy_majority", "macro_f1", "pinball", "crps",
    "calibration_error", "coverage_90", "width_90", "pair_accuracy", "pair_accuracy_artist", "top1_hit_rate",
    "top1_chance", "top1_regret",
)  # fmt: skip


@dataclass(frozen=True)
class Statistic:
    """One metric of one set of predictions.

    Args:
        unit: what is resampled: `rows`, `albums` or `artists`.
        compute: from weights of shape (rounds, n_units) to values of shape (rounds,), NaN where it has none.
    """

    unit: str
    compute: Callable[[np.ndarray], np.ndarray]


class Examiner:
    """A test part, made ready to judge any number of predictions for it.

    Args:
        test: test rows of a training frame, with `popularity`, n of them.
    """

    def __init__(self, test: pl.DataFrame) -> None:
        """Find bins and groups once."""
        self.test = test
        self.observed = test["popularity"].to_numpy().astype(np.float64)
        self.bins = bin_of(self.observed)
        self.groups = {
            "albums": Groups.of(albums_of(test), self.observed),
            "artists": Groups.of(artists_of(test), self.observed),
        }

    def keys(self, unit: str) -> np.ndarray:
        """Name what is resampled, shape (n_units,)."""
        return self.test["track_id"].to_numpy() if unit == "rows" else self.groups[unit].keys

    @property
    def pairs_within(self) -> str:
        """What `pair_accuracy` is taken within: albums, else artists where no album is known."""
        return "albums" if self.test.height > albums_of(self.test).null_count() else "artists"

    def statistics(self, predictions: pl.DataFrame) -> dict[str, Statistic]:
        """Prepare every metric of predictions in the order of the test rows.

        `p_best`, where the predictions have it, orders an album's songs, else the score does.
        """
        score = predictions["score"].to_numpy().astype(np.float64)
        rows = {name: Statistic("rows", compute) for name, compute in self._of_rows(predictions, score).items()}
        order = score
        if "p_best" in predictions.columns:
            order = predictions["p_best"].cast(pl.Float64).fill_null(np.nan).to_numpy()
            order = np.where(np.isnan(order), score / 1e6, order)
        picks = self.groups["albums"].picks(self.observed, order)
        tops = {
            f"top1_{name}": Statistic("albums", _mean(picks[:, j]))
            for j, name in enumerate(("hit_rate", "chance", "regret"))
        }
        return rows | {
            "pair_accuracy": self._pairs(self.pairs_within, order if self.pairs_within == "albums" else score),
            "pair_accuracy_artist": self._pairs("artists", score),
            **tops,
        }

    def _pairs(self, unit: str, score: np.ndarray) -> Statistic:
        counts = self.groups[unit].pairs_in_order(self.observed, score)
        return Statistic(unit, lambda weights: _ratio(weights @ counts[:, 0], weights @ counts[:, 1]))

    def _of_rows(self, predictions: pl.DataFrame, score: np.ndarray) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        observed = self.observed
        low, high = (predictions[name].to_numpy().astype(np.float64) for name in ("score_low", "score_high"))
        chances = predictions.select(BIN_COLUMNS).to_numpy()
        chosen = chances.argmax(axis=1)
        error = score - observed
        bounds = ((low, TAIL), (score, 0.5), (high, 1 - TAIL))
        pinball = np.mean([_pinball(observed, quantile, level) for quantile, level in bounds], axis=0)
        rank = Ranks(score), Ranks(observed)
        return {
            "mae": _mean(np.abs(error)),
            "rmse": lambda weights: np.sqrt(_mean(error**2)(weights)),
            "r2": _r2(error, observed),
            "spearman": lambda weights: _correlation(weights, *(side.values(weights) for side in rank)),
            "bias": _mean(error),
            "accuracy_4bin": _mean(chosen == self.bins),
            "accuracy_majority": _majority(self.bins),
            "macro_f1": _macro_f1(self.bins, chosen),
            "pinball": _mean(pinball),
            "crps": _mean(_crps(observed, predictions)),
            "calibration_error": _calibration_error(chances, self.bins),
            "coverage_90": _mean((observed >= low) & (observed <= high)),
            "width_90": _mean(high - low),
        }


def measure(test: pl.DataFrame, predictions: pl.DataFrame) -> dict[str, float | int | None]:
    """Compute every metric of the scoreboard.

    Args:
        test: the test rows of a training frame, n of them.
        predictions: what an estimator predicts for them, in the same order.

    Returns:
        `n`, `METRICS` and `n_pairs`, `n_albums`; None where there is nothing to compute a metric from.
    """
    return measure_with(Examiner(test), predictions)


def measure_with(examiner: Examiner, predictions: pl.DataFrame) -> dict[str, float | int | None]:
    """Compute every metric of the scoreboard with an examiner that is there already."""
    found: dict[str, float | int | None] = {"n": examiner.test.height}
    for name, statistic in examiner.statistics(predictions).items():
        found[name] = plain(statistic.compute(np.ones((1, len(examiner.keys(statistic.unit)))))[0])
    pairs = len(examiner.groups[examiner.pairs_within].left)
    return found | {"n_pairs": pairs, "n_albums": len(examiner.groups["albums"])}


def plain(value: float) -> float | None:
    """Turn a number that is none into None, as JSON and tables have it."""
    return None if np.isnan(value) else float(value)


def spearman(left: np.ndarray, right: np.ndarray) -> float | None:
    """Correlate ranks, ties at their mean rank; None where one side is constant."""
    weights = np.ones((1, len(left)))
    return plain(_correlation(weights, *(Ranks(np.asarray(side)).values(weights) for side in (left, right)))[0])


def pair_accuracy(test: pl.DataFrame, score: np.ndarray) -> tuple[float | None, int]:
    """Share of pairs of one album (else of one artist) with unequal popularity that the score puts in order.

    Returns:
        The share (None without a pair; equal scores count half) and the number of pairs.
    """
    examiner = Examiner(test)
    right, n = examiner.groups[examiner.pairs_within].pairs_in_order(examiner.observed, score).sum(axis=0)
    return (float(right / n) if n else None), int(n)


class Ranks:
    """Ranks of one array in any resample of its rows, ties at their mean rank."""

    def __init__(self, values: np.ndarray) -> None:
        """Sort once, shape (n,)."""
        distinct, self.place = np.unique(values, return_inverse=True)
        self.order = np.argsort(self.place, kind="stable")
        self.first = np.searchsorted(self.place[self.order], np.arange(len(distinct)))

    def values(self, weights: np.ndarray) -> np.ndarray:
        """Rank the rows, each standing as often as its weight says, shape (rounds, n)."""
        tied = np.add.reduceat(weights[:, self.order], self.first, axis=1)
        mean_rank = np.cumsum(tied, axis=1) - (tied - 1) / 2
        return mean_rank[:, self.place]


def _mean(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    column = np.asarray(values, np.float64)
    return lambda weights: _ratio(weights @ column, weights.sum(axis=1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; nothing out of nothing is NaN."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _r2(error: np.ndarray, observed: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    centred = observed - observed.mean()

    def compute(weights: np.ndarray) -> np.ndarray:
        spread = _mean(centred**2)(weights) - _mean(centred)(weights) ** 2
        return 1 - _ratio(_mean(error**2)(weights), np.where(spread > 1e-9, spread, 0.0))

    return compute


def _correlation(weights: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    left = left - (weights * left).sum(axis=1, keepdims=True) / total
    right = right - (weights * right).sum(axis=1, keepdims=True) / total
    spread = (weights * left**2).sum(axis=1) * (weights * right**2).sum(axis=1)
    return _ratio((weights * left * right).sum(axis=1), np.sqrt(np.where(spread > 1e-9, spread, 0.0)))


def _one_hot(numbers: np.ndarray) -> np.ndarray:
    rows: np.ndarray = np.eye(len(BIN_COLUMNS))[numbers]
    return rows


def _majority(bins: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    hot = _one_hot(bins)
    return lambda weights: _ratio((weights @ hot).max(axis=1), weights.sum(axis=1))


def _macro_f1(truth: np.ndarray, chosen: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Average the F1 of the bins that occur."""
    true, predicted = _one_hot(truth), _one_hot(chosen)

    def compute(weights: np.ndarray) -> np.ndarray:
        occurs = weights @ true
        f1 = 2 * (weights @ (true * predicted)) / np.maximum(occurs + weights @ predicted, 1e-9)
        return _ratio((f1 * (occurs > 0)).sum(axis=1), (occurs > 0).sum(axis=1))

    return compute


def _calibration_error(chances: np.ndarray, bins: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Average the gap between a probability and how often it came true, over the four bins and tenths.

    Source: expected calibration error, Naeini, Cooper and Hauskrecht 2015, class-wise.
    """
    part = np.clip((chances * _PARTS).astype(np.int64), 0, _PARTS - 1)
    gap = np.zeros((len(bins), len(BIN_COLUMNS) * _PARTS))
    for j in range(len(BIN_COLUMNS)):
        gap[np.arange(len(bins)), j * _PARTS + part[:, j]] = chances[:, j] - (bins == j)
    return lambda weights: _ratio(np.abs(weights @ gap).sum(axis=1) / len(BIN_COLUMNS), weights.sum(axis=1))


def _crps(observed: np.ndarray, predictions: pl.DataFrame) -> np.ndarray:
    """Compute each row's continuous ranked probability score, in points; NaN where no distribution is predicted.

    Over whole numbers it is the ranked probability score: the squared distance of the distribution function from that
    of the observed value, summed over 0..100. Source: Gneiting and Raftery 2007.
    """
    if PMF not in predictions.columns:
        return np.full(len(observed), np.nan)
    pmf = pmf_of(predictions)
    cdf = np.cumsum(pmf / pmf.sum(axis=1, keepdims=True), axis=1)
    score: np.ndarray = ((cdf - (observed[:, None] <= np.arange(pmf.shape[1]))) ** 2).sum(axis=1)
    return score


def _pinball(observed: np.ndarray, quantile: np.ndarray, level: float) -> np.ndarray:
    gap = observed - quantile
    loss: np.ndarray = np.maximum(level * gap, (level - 1) * gap)
    return loss
