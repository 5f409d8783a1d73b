"""The protocol: which rows are trained on and which are judged, and by what."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from songpop.estimators import BIN_COLUMNS, COVERAGE, bin_of
from songpop.features import conform
from songpop.features.records import artist_key, folds_of

SPLITS = ("random", "artist", "temporal")
HEADLINE = "temporal"
TEST_SHARE = 0.2
TEMPORAL_TEST_SHARE = 0.15
# Plays gather for weeks: a popularity seen earlier than this after the release says little about the song.
MATURE_DAYS = 28
_MANY_FOLDS = 1000
_MAX_GROUP = 40


@dataclass(frozen=True)
class Split:
    """One way to divide rows.

    Args:
        name: `random`, `artist` or `temporal`.
        train, test: row numbers; no row is in both.
        manifest: sizes, hashes of the row ids and of the data, the boundary, what was set apart and why.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    manifest: dict[str, Any]


def split_rows(frame: pl.DataFrame, name: str, seed: int) -> Split:
    """Divide a training frame by rows, by artists or by release time; the same for a seed, whatever the row order.

    In the temporal split the newest immature rows are set apart: those whose popularity was seen within 28 days of
    release, and, where only the year is known, the newest year, which is partial.
    """
    frame = conform(frame)
    rows = np.arange(frame.height)
    notes: dict[str, Any] = {}
    if name == "random":
        is_test = folds_of(frame["track_id"], seed + 1, _MANY_FOLDS) < TEST_SHARE * _MANY_FOLDS
        is_train = ~is_test
    elif name == "artist":
        is_test = folds_of(artist_key(frame), seed + 2, _MANY_FOLDS) < TEST_SHARE * _MANY_FOLDS
        is_train = ~is_test
    else:
        is_train, is_test, notes = _by_time(frame)
    train, test = rows[is_train], rows[is_test]
    manifest = {
        "split": name,
        "seed": seed,
        "n_train": len(train),
        "n_test": len(test),
        "train_rows_sha256": _hash(frame["track_id"].gather(train)),
        "test_rows_sha256": _hash(frame["track_id"].gather(test)),
        **notes,
    }
    return Split(name, train, test, manifest)


def release_time(frame: pl.DataFrame) -> np.ndarray:
    """Place each track in time, in years, shape (n,): by its date, else the middle of its year, else NaN."""
    date = pl.col("release_date")
    exact = date.dt.year() + date.dt.ordinal_day() / 366
    return (
        frame.select(pl.coalesce(exact, pl.col("year") + 0.5).cast(pl.Float64)).to_series().fill_null(np.nan).to_numpy()
    )


def _by_time(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    time = release_time(frame)
    dated = frame["release_date"].is_not_null().to_numpy()
    immature = np.zeros(len(time), bool)
    years = time[~dated & ~np.isnan(time)]
    if len(np.unique(years)) > 2 and not dated.any():
        immature = time >= np.floor(years.max())
    elif "popularity_date" in frame.columns:
        age = (frame["popularity_date"] - frame["release_date"]).dt.total_days().fill_null(10_000).to_numpy()
        immature = age < MATURE_DAYS
    usable = time[~np.isnan(time) & ~immature]
    if len(np.unique(usable)) < 2:
        nothing = np.zeros(len(time), bool)
        return ~nothing, nothing, {"boundary": None, "n_immature": int(immature.sum())}
    boundary = float(np.quantile(usable, 1 - TEMPORAL_TEST_SHARE, method="lower"))
    if boundary <= usable.min():
        boundary = float(usable[usable > usable.min()].min())
    is_test = (time >= boundary) & ~immature
    is_train = ~is_test & ~immature & ~(time >= boundary)
    return is_train, is_test, {"boundary": round(boundary, 4), "n_immature": int(immature.sum())}


def data_sha256(frame: pl.DataFrame) -> str:
    """Hash ids and labels of a training frame, whatever the row order."""
    rows = frame.select(pl.concat_str([pl.col("track_id"), pl.col("popularity").cast(pl.Int32)], separator=":"))
    return _hash(rows.to_series())


def _hash(values: pl.Series) -> str:
    return hashlib.sha256("\n".join(sorted(map(str, values))).encode()).hexdigest()


def measure(test: pl.DataFrame, predictions: pl.DataFrame) -> dict[str, float | int | None]:
    """Compute every metric of the scoreboard.

    Args:
        test: the test rows of a training frame, n of them.
        predictions: what an estimator predicts for them, in the same order.
    """
    observed = test["popularity"].to_numpy().astype(np.float64)
    score = predictions["score"].to_numpy()
    low, high = predictions["score_low"].to_numpy(), predictions["score_high"].to_numpy()
    error = score - observed
    bins, chosen = bin_of(observed), predictions.select(BIN_COLUMNS).to_numpy().argmax(axis=1)
    common = int(np.bincount(bins).argmax())
    pairs, n_pairs = pair_accuracy(test, score)
    spread = float(((observed - observed.mean()) ** 2).mean())
    tail = (1 - COVERAGE) / 2
    pinball = np.mean([_pinball(observed, q, at) for q, at in ((low, tail), (score, 0.5), (high, 1 - tail))])
    return {
        "n": len(observed),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": 1 - float((error**2).mean()) / spread if spread > 0 else None,
        "spearman": spearman(score, observed),
        "accuracy_4bin": float((chosen == bins).mean()),
        "accuracy_majority": float((bins == common).mean()),
        "macro_f1": _macro_f1(bins, chosen),
        "coverage_90": float(((observed >= low) & (observed <= high)).mean()),
        "width_90": float((high - low).mean()),
        "pinball": float(pinball),
        "pair_accuracy": pairs,
        "n_pairs": n_pairs,
        "bias": float(error.mean()),
    }


def spearman(left: np.ndarray, right: np.ndarray) -> float | None:
    """Correlate ranks, ties at their mean rank; None where one side is constant."""
    a, b = (pl.Series(values).rank("average").to_numpy() for values in (left, right))
    return None if a.std() == 0 or b.std() == 0 else float(np.corrcoef(a, b)[0, 1])


def pair_accuracy(test: pl.DataFrame, score: np.ndarray) -> tuple[float | None, int]:
    """Share of pairs of one album (else of one artist) with unequal popularity that the score puts in order.

    Returns:
        The share (None without a pair; equal scores count half) and the number of pairs.
    """
    by_album = "album_id" in test.columns and test["album_id"].null_count() < test.height
    group = test["album_id"] if by_album else artist_key(test)
    rows = pl.DataFrame({"group": group, "row": np.arange(test.height)}).drop_nulls("group")
    groups = rows.group_by("group").agg(pl.col("row").head(_MAX_GROUP)).filter(pl.col("row").list.len() > 1)
    observed = test["popularity"].to_numpy().astype(np.float64)
    right, n = 0.0, 0
    for members in groups["row"].to_list():
        truth = np.subtract.outer(observed[members], observed[members])
        guess = np.subtract.outer(score[members], score[members])
        upper = np.triu(truth != 0, 1)
        n += int(upper.sum())
        right += float(((np.sign(truth) * np.sign(guess) + 1) / 2)[upper].sum())
    return (right / n if n else None), n


def _pinball(observed: np.ndarray, quantile: np.ndarray, level: float) -> float:
    gap = observed - quantile
    return float(np.maximum(level * gap, (level - 1) * gap).mean())


def _macro_f1(truth: np.ndarray, chosen: np.ndarray) -> float:
    shares = []
    for value in np.unique(truth):
        hit = ((truth == value) & (chosen == value)).sum()
        shares.append(2 * hit / max((truth == value).sum() + (chosen == value).sum(), 1))
    return float(np.mean(shares))


def bootstrap_interval(
    statistic: Callable[[np.ndarray], float], n: int, seed: int, rounds: int = 500
) -> tuple[float, float]:
    """Bound 90 % of a statistic of resampled row numbers, shape (n,)."""
    draw = np.random.default_rng(seed)
    values = [statistic(draw.integers(0, n, n)) for _ in range(rounds)]
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)
