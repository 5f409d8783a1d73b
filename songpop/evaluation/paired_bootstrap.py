"""Two predictions of the same tracks: how much better one is, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.evaluation.uncertainty import CLUSTER_ROUNDS, CLUSTER_SEED, bounds_of, draw_resamples, mean_replicates

# Fewer artists than this are too few to resample: their tracks are resampled one by one.
MIN_ARTISTS = 10


@dataclass(frozen=True)
class Difference:
    """A measure of a first prediction less that of a second one, on the same tracks.

    Args:
        first, second: the measure of each.
        low, high: bound 90 % of the difference over resamples of the artists.
        n: number of tracks.
        n_artists: number of artists.
    """

    first: float
    second: float
    low: float
    high: float
    n: int
    n_artists: int

    @property
    def value(self) -> float:
        """Give the first less the second."""
        return self.first - self.second

    @property
    def is_sure(self) -> bool:
        """Say whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def compare_errors(
    observed: np.ndarray, first: np.ndarray, second: np.ndarray, artist: pl.Series, *, seed: int = CLUSTER_SEED
) -> Difference:
    """Compare mean absolute errors by a paired bootstrap.

    The tracks of one artist err together, so whole artists are resampled.

    Args:
        observed: popularity, shape (n,), n at least 1.
        first, second: scores, shape (n,).
        artist: who made each track, n of them.
        seed: of the resampling.
    """
    error, other = np.abs(first - observed), np.abs(second - observed)
    cluster, n_artists = _clusters(artist)
    low, high = bounds_of(mean_replicates(error - other, cluster, seed))
    return Difference(float(error.mean()), float(other.mean()), low, high, len(observed), n_artists)


def compare_orders(
    observed: np.ndarray, first: np.ndarray, second: np.ndarray, artist: pl.Series, *, seed: int = CLUSTER_SEED
) -> Difference | None:
    """Compare Spearman correlations by a paired bootstrap, as `compare_errors` does; None where all are alike."""
    places = [np.unique(values, return_inverse=True)[1] for values in (observed, first, second)]
    if any(place.max(initial=0) == 0 for place in places):
        return None
    cluster, n_artists = _clusters(artist)

    def correlations(weight: np.ndarray) -> tuple[float, float]:
        truth, one, two = (_mid_ranks(place, weight) for place in places)
        return _correlation(one, truth, weight), _correlation(two, truth, weight)

    replicates = [
        correlations(resample[cluster])
        for resample in draw_resamples(int(cluster.max()) + 1, seed, CLUSTER_ROUNDS // 2)
    ]
    low, high = bounds_of(np.array([one - two for one, two in replicates]))
    return Difference(*correlations(np.ones(len(observed))), low, high, len(observed), n_artists)


def _clusters(artist: pl.Series) -> tuple[np.ndarray, int]:
    """Number the artists from 0, shape (n,); every track is its own where artists are few or unknown."""
    known = artist.cast(pl.String).str.to_lowercase().str.strip_chars()
    number = known.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    n_artists = len(np.unique(number))
    if n_artists < MIN_ARTISTS or known.null_count():
        return np.arange(len(artist)), n_artists
    return number - 1, n_artists


def _mid_ranks(place: np.ndarray, weight: np.ndarray) -> np.ndarray:
    total = np.bincount(place, weights=weight)
    return np.asarray((np.cumsum(total) - total / 2)[place])


def _correlation(left: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
    a, b = left - np.average(left, weights=weight), right - np.average(right, weights=weight)
    spread = float((weight @ (a * a)) * (weight @ (b * b)))
    return float(weight @ (a * b)) / spread**0.5 if spread > 0 else float("nan")
