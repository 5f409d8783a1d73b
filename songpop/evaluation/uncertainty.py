"""How sure a figure is: every resample is drawn here, and every percentile interval is taken here."""

from collections.abc import Iterator, Sequence

import numpy as np

from songpop.evaluation.metrics import Examiner, Statistic

# Of the metrics of a split, all of which are computed in each.
ROUNDS = 400
# Of one figure over clusters, on which a decision may hang.
CLUSTER_ROUNDS = 1000
CLUSTER_SEED = 7
TAILS = (0.05, 0.95)
# Replicates that are computed together; bounds the memory.
_AT_ONCE = 100


def draw_resamples(n: int, seed: int, rounds: int) -> Iterator[np.ndarray]:
    """Draw resamples of n units, one after the other: how often each unit is in it, shape (n,)."""
    draw = np.random.default_rng(seed)
    for _ in range(rounds):
        yield np.bincount(draw.integers(0, n, n), minlength=n).astype(np.float64)


def draw_weights(n: int, seed: int, rounds: int = ROUNDS) -> np.ndarray:
    """Draw the resamples of n units together, shape (rounds, n)."""
    weights = np.empty((rounds, n), np.float32)
    for row, resample in zip(weights, draw_resamples(n, seed, rounds), strict=True):
        row[:] = resample
    return weights


def mean_replicates(
    values: np.ndarray, cluster: np.ndarray, seed: int = CLUSTER_SEED, rounds: int = CLUSTER_ROUNDS
) -> np.ndarray:
    """Compute the mean of values in each resample of their clusters, shape (rounds,).

    Args:
        values: shape (n,).
        cluster: number of each value's cluster, from 0 and without gaps, shape (n,).
        seed: of the draws.
        rounds: number of resamples.
    """
    size, total = np.bincount(cluster).astype(np.float64), np.bincount(cluster, weights=values)
    return np.array([weight @ total / (weight @ size) for weight in draw_resamples(len(size), seed, rounds)])


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
        means: np.ndarray = np.mean(values, axis=0)
        return means


def bounds_of(replicates: np.ndarray) -> tuple[float, float]:
    """Bound the middle 90 % of the replicates that have a value, shape (rounds,)."""
    low, high = np.nanquantile(replicates, TAILS)
    return float(low), float(high)


def interval_of(replicates: np.ndarray) -> tuple[float | None, float | None]:
    """Bound the middle 90 % of replicates, shape (rounds,); None where hardly any has a value."""
    n_known = int((~np.isnan(replicates)).sum())
    if n_known < len(replicates) / 2 or not n_known:
        return None, None
    return bounds_of(replicates)


def _compute(statistic: Statistic, weights: np.ndarray) -> np.ndarray:
    if weights.shape[1] == 0:
        return np.full(len(weights), np.nan)
    parts = [weights[start : start + _AT_ONCE].astype(np.float64) for start in range(0, len(weights), _AT_ONCE)]
    return np.concatenate([statistic.compute(part) for part in parts])
