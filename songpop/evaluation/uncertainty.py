"""How sure a metric is: percentile bootstraps over rows, albums and artists, all replicates at once."""

from collections.abc import Callable, Sequence

import numpy as np

from songpop.evaluation.metrics import Examiner, Statistic

ROUNDS = 400
TAILS = (0.05, 0.95)
# Replicates that are computed together; bounds the memory.
_AT_ONCE = 100


def draw_weights(n: int, seed: int, rounds: int = ROUNDS) -> np.ndarray:
    """Draw resamples of n units, as how often each unit is in each, shape (rounds, n)."""
    draw = np.random.default_rng(seed)
    weights = np.empty((rounds, n), np.float32)
    for row in weights:
        row[:] = np.bincount(draw.integers(0, n, n), minlength=n)
    return weights


class Resamples:
    """The same resamples for every metric, family and seed of a split, so that differences are paired.

    Units are told apart by name (track, album, artist): a track that two seeds judge counts as often in both.

    Args:
        examiners: one a seed.
        seed: of the draws.
        rounds: number of resamples.
    """

    def __init__(self, examiners: Sequence[Examiner], seed: int, rounds: int = ROUNDS) -> None:
        """Draw once a unit."""
        self.of_unit: dict[str, list[np.ndarray]] = {}
        for offset, unit in enumerate(("rows", "albums", "artists")):
            keys = [examiner.keys(unit).astype(str) for examiner in examiners]
            names, place = np.unique(np.concatenate(keys), return_inverse=True)
            weights = draw_weights(len(names), seed + offset, rounds)
            parts = np.split(place, np.cumsum([len(part) for part in keys])[:-1])
            self.of_unit[unit] = [weights[:, part] for part in parts]

    def replicates(self, statistics: Sequence[Statistic]) -> np.ndarray:
        """Compute the mean over the seeds of one metric in every resample, shape (rounds,); one statistic a seed."""
        values = [
            _compute(statistic, self.of_unit[statistic.unit][number]) for number, statistic in enumerate(statistics)
        ]
        return np.mean(values, axis=0)


def interval_of(replicates: np.ndarray) -> tuple[float | None, float | None]:
    """Bound the middle 90 % of replicates, shape (rounds,); None where hardly any has a value."""
    known = replicates[~np.isnan(replicates)]
    if len(known) < len(replicates) / 2 or not len(known):
        return None, None
    low, high = np.quantile(known, TAILS)
    return float(low), float(high)


def paired_difference(
    left: np.ndarray, right: np.ndarray, seed: int, rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Compare two models' losses on the same rows, each of shape (n,).

    Returns:
        The mean of left less right, and the bounds of 90 % of its resamples; below 0 the left one is better.
    """
    gap = np.asarray(left, np.float64) - np.asarray(right, np.float64)
    replicates = draw_weights(len(gap), seed, rounds) @ gap / len(gap)
    low, high = np.quantile(replicates, TAILS)
    return float(gap.mean()), float(low), float(high)


def bootstrap_interval(
    statistic: Callable[[np.ndarray], float], n: int, seed: int, rounds: int = 500
) -> tuple[float, float]:
    """Bound 90 % of a statistic of resampled row numbers, shape (n,)."""
    draw = np.random.default_rng(seed)
    values = [statistic(draw.integers(0, n, n)) for _ in range(rounds)]
    low, high = np.quantile(values, TAILS)
    return float(low), float(high)


def _compute(statistic: Statistic, weights: np.ndarray) -> np.ndarray:
    if weights.shape[1] == 0:
        return np.full(len(weights), np.nan)
    parts = [weights[start : start + _AT_ONCE].astype(np.float64) for start in range(0, len(weights), _AT_ONCE)]
    return np.concatenate([statistic.compute(part) for part in parts])
