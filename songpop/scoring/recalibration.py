"""Recalibration: a rising map of scores and a margin, learned from scored tracks whose popularity was seen since."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from songpop.adjustments import Adjustment, Recalibration
from songpop.errors import ModelError
from songpop.estimators import COVERAGE
from songpop.evaluation.metrics import spearman
from songpop.evaluation.uncertainty import bounds_of, mean_replicates
from songpop.scoring.adjusting import Interval, adjust_interval

# Fewer tracks than these can't tell a map from chance, nor bound the last tenth of the errors.
MIN_TRACKS = 100
# Popularity seen sooner after a release has not come to rest.
MATURE_DAYS = 28
N_FOLDS = 5
# The map has a knot for so many tracks, and so many at most.
TRACKS_A_KNOT = 40
MOST_KNOTS = 10
# The shift that all tracks share counts as so many tracks of a knot, and no shift as so many of all tracks.
PRIOR = 10.0
# So much of the identity stays in the map, so that it rises everywhere.
IDENTITY_SHARE = 0.02
# Intervals that hold less or more than this do not do as they promise.
COVERED = (0.85, 0.95)

# Scores and popularity, both of shape (n,), to the knots of a map.
FitMap = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Figures:
    """How scores did on tracks that nothing was fitted on: in points of popularity, but for the shares 0-1."""

    mae: float
    bias: float
    spearman: float | None
    coverage_90: float
    width_90: float


@dataclass(frozen=True)
class Proposal:
    """A recalibration, and how scores did without and with it.

    Attributes:
        map: what would be taken.
        before, after: measured on the same tracks; after, by maps that had not seen the album.
        mae_difference: after less before, with bounds of 90 % of the resamples of albums.
        helps: whether it surely does.
        reason: why, in a sentence.
    """

    map: Recalibration
    before: Figures
    after: Figures
    mae_difference: tuple[float, float, float]
    helps: bool
    reason: str

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        value, low, high = self.mae_difference
        return {
            "n_tracks": self.map.n_tracks,
            "from_scores": self.map.from_scores,
            "to_scores": self.map.to_scores,
            "margin": self.map.margin,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "mae_difference": value,
            "mae_low": low,
            "mae_high": high,
            "helps": self.helps,
            "reason": self.reason,
        }


def is_mature() -> pl.Expr:
    """Say of each pair whether its popularity had come to rest when it was seen; one of unknown age counts as such."""
    return pl.col("age_days").is_null() | (pl.col("age_days") >= MATURE_DAYS)


def propose(pairs: pl.DataFrame, named: dict[str, Any], *, seed: int) -> Proposal:
    """Fit a recalibration, and measure it by cross-validation on albums left out.

    Where a map does not surely lower the mean error, scores stay and the intervals alone are fitted.

    Args:
        pairs: `shipped_score, shipped_low, shipped_high` as the model gave them, `popularity` seen since, `album`, and
            `is_of_other_world`, a row a track.
        named: what the recalibration is called: its id, model version and moment.
        seed: deals albums to folds.

    Raises:
        ModelError: there are too few tracks.
    """
    if pairs.height < MIN_TRACKS:
        raise ModelError(
            f"A recalibration must rest on {MIN_TRACKS} tracks at least, however of {pairs.height} scored by "
            f"{named['model_version']} a popularity of {MATURE_DAYS} days after the release or later is known. Pass "
            "more with --observed FILE (track_id,popularity,observed_at)."
        )
    mapped = _measured(pairs, named, seed, fit_map)
    return mapped if mapped.mae_difference[2] < 0 else _measured(pairs, named, seed, keep_scores)


def _measured(pairs: pl.DataFrame, named: dict[str, Any], seed: int, fit: FitMap) -> Proposal:
    """Measure a recalibration by cross-validation, and judge whether it helps."""
    shipped = _arrays(pairs)
    after = Interval(*np.empty((3, pairs.height)))
    fold = _folds(pairs["album"], seed + 1)
    for number in range(N_FOLDS):
        out = fold == number
        without = _fit(pairs.filter(~out), named, seed, fit)
        adjusted = adjust_interval(Interval(*(values[out] for values in shipped)), Adjustment(without))
        for values, found in zip(after, adjusted, strict=True):
            values[out] = found
    popularity = pairs["popularity"].cast(pl.Float64).to_numpy()
    album = pairs["album"].rank("dense").to_numpy().astype(np.int64) - 1
    errors = [np.abs(one.score - popularity) for one in (shipped, after)]
    difference = (float((errors[1] - errors[0]).mean()), *bounds_of(mean_replicates(errors[1] - errors[0], album)))
    figures = [_measure(one, popularity) for one in (shipped, after)]
    covered = bounds_of(mean_replicates(_covers(shipped, popularity).astype(np.float64), album))
    helps, reason = _judge(figures[0], figures[1], difference, covered)
    return Proposal(_fit(pairs, named, seed, fit), figures[0], figures[1], difference, helps, reason)


def _judge(
    before: Figures, after: Figures, difference: tuple[float, float, float], covered: tuple[float, float]
) -> tuple[bool, str]:
    _, low, high = difference
    held = f"intervals that held {before.coverage_90:.0%} hold {after.coverage_90:.0%}"
    if high < 0:
        moved = f"the mean error goes from {before.mae:.1f} to {after.mae:.1f} points (90 % of resamples {low:+.1f} to "
        return True, f"It surely helps: {moved}{high:+.1f}), and {held}."
    stay = "scores stay, as no map surely lowers their mean error"
    is_off = covered[1] < COVERED[0] or covered[0] > COVERED[1]
    is_nearer = abs(after.coverage_90 - COVERAGE) < abs(before.coverage_90 - COVERAGE)
    if is_off and is_nearer:
        return True, f"It surely helps the intervals: {held}; {stay}."
    return False, f"It does not surely help: {held}, and {stay}."


def _fit(pairs: pl.DataFrame, named: dict[str, Any], seed: int, fit: FitMap) -> Recalibration:
    """Fit map and margin; the margin on albums that the map had not seen.

    Source: split and cross-conformal intervals of quantiles, Romano, Patterson and Candès 2019 (arXiv 1905.03222).
    """
    score, low, high = _arrays(pairs)
    popularity = pairs["popularity"].cast(pl.Float64).to_numpy()
    fold = _folds(pairs["album"], seed)
    misses = np.empty(pairs.height)
    for number in range(N_FOLDS):
        out = fold == number
        knots = fit(score[~out], popularity[~out])
        mapped = [np.interp(values[out], *knots) for values in (low, high)]
        misses[out] = np.maximum(mapped[0] - popularity[out], popularity[out] - mapped[1])
    at = min(int(np.ceil((len(misses) + 1) * COVERAGE)), len(misses)) - 1
    from_scores, to_scores = fit(score, popularity)
    return Recalibration(
        n_tracks=pairs.height,
        from_scores=from_scores.tolist(),
        to_scores=to_scores.tolist(),
        margin=float(np.sort(misses)[at]),
        is_of_other_world=bool(pairs["is_of_other_world"].mean() >= 0.5),  # type: ignore[operator]
        **named,
    )


def fit_map(score: np.ndarray, popularity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit knots of a map from 0..100 to 0..100 that rises everywhere, so that no two scores change their order.

    Scores are parted into groups of equal size, each of which is moved to where its popularity lies (by the blend of
    median and mean that a score is), made to rise, and drawn by PRIOR to the shift that all share, and that to none.
    The ends follow their neighbours.

    Args:
        score: as the model gave them, shape (n,).
        popularity: seen since, shape (n,).

    Returns:
        from_scores and to_scores, both of shape (n_knots,).

    Source: isotonic regression by pooling adjacent violators, Ayer and others 1955; the drawing is ours.
    """
    order = np.argsort(score, kind="stable")
    groups = np.array_split(order, int(np.clip(len(order) // TRACKS_A_KNOT, 1, MOST_KNOTS)))
    size = np.array([len(group) for group in groups], np.float64)
    start = np.array([score[group].mean() for group in groups])
    aim = np.array([np.median(popularity[group]) for group in groups])
    shift = np.median(popularity - score) * len(score) / (len(score) + PRIOR)
    weight = size.mean() / (size.mean() + PRIOR)
    end = weight * _rising(aim, size) + (1 - weight) * np.clip(start + shift, 0, 100)
    end += IDENTITY_SHARE * (start - end)
    start, first = np.unique(start, return_index=True)
    end = end[first]
    at_0 = end[0] - start[0] * min(1.0, end[0] / max(start[0], 1e-9))
    at_100 = end[-1] + (100 - start[-1]) * min(1.0, (100 - end[-1]) / max(100 - start[-1], 1e-9))
    inner = (start > 0) & (start < 100)
    return np.concatenate([[0.0], start[inner], [100.0]]), np.concatenate([[at_0], end[inner], [at_100]])


def keep_scores(score: np.ndarray, popularity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the knots of the map that leaves all scores as they are."""
    ends = np.array([0.0, 100.0])
    return ends, ends


def _rising(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pool neighbours until the values rise."""
    pools: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (first, own, n), (second, other, m) = pools[-2], pools[-1]
            pools[-2:] = [[(first * own + second * other) / (own + other), own + other, n + m]]
    return np.repeat([pool[0] for pool in pools], [int(pool[2]) for pool in pools])


def _arrays(pairs: pl.DataFrame) -> Interval:
    names = ("shipped_score", "shipped_low", "shipped_high")
    return Interval(*(pairs[name].cast(pl.Float64).to_numpy() for name in names))


def _folds(album: pl.Series, seed: int) -> np.ndarray:
    """Deal albums to folds, shape (n,); an album's songs rise and fall together."""
    number = album.rank("dense").to_numpy().astype(np.int64) - 1
    dealt: np.ndarray = np.random.default_rng(seed).permutation(number.max() + 1)[number] % N_FOLDS
    return dealt


def _covers(interval: Interval, popularity: np.ndarray) -> np.ndarray:
    covered: np.ndarray = (interval.low <= popularity) & (popularity <= interval.high)
    return covered


def _measure(interval: Interval, popularity: np.ndarray) -> Figures:
    score = interval.score
    return Figures(
        mae=float(np.abs(score - popularity).mean()),
        bias=float((score - popularity).mean()),
        spearman=spearman(score, popularity),
        coverage_90=float(_covers(interval, popularity).mean()),
        width_90=float((interval.high - interval.low).mean()),
    )
