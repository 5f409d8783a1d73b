"""Which rows are trained on and which are judged: three splits, each with its manifest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from songpop.features import conform, release_time
from songpop.features.records import artist_key, folds_of

SPLITS = ("random", "artist", "temporal")
HEADLINE = "temporal"
TEST_SHARE = 0.2
TEMPORAL_TEST_SHARE = 0.15
# Plays gather for weeks: a popularity seen earlier than this after the release says little about the song.
MATURE_DAYS = 28
_MANY_FOLDS = 1000


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

    @property
    def seed(self) -> int:
        """The seed that dealt the rows; the temporal split is the same for all of them."""
        return int(self.manifest["seed"])


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


def rows_of_splits(frame: pl.DataFrame, splits: Sequence[Split]) -> pl.DataFrame:
    """List where each row stood: `track_id`, and a column `<split>_<seed>` a split with train, test or apart."""
    places = pl.Enum(["apart", "train", "test"])
    columns = [frame["track_id"]]
    for split in splits:
        place = np.zeros(frame.height, np.int8)
        place[split.train], place[split.test] = 1, 2
        column = pl.Series(f"{split.name}_{split.seed}", np.asarray(places.categories)[place], dtype=places)
        columns.append(column)
    return pl.DataFrame(columns)


def describe_protocol() -> dict[str, str]:
    """Say how models are judged, for metrics.json and the card."""
    return {
        "random": f"{TEST_SHARE:.0%} of the rows by a hash of their id; only to compare with the course project",
        "artist": f"{TEST_SHARE:.0%} of the artists by a hash of their name; none is on both sides",
        "temporal": f"the latest {TEMPORAL_TEST_SHARE:.0%} of the mature releases are judged; the headline",
        "immature": f"popularity seen within {MATURE_DAYS} days of release, or the newest year where only years are "
        "known, is neither fitted on nor judged in the temporal split",
        "encoding": "encoder, scaler, records and numbers of trees are fitted on the training part; a training row's "
        "own label is left out of what is said of it",
        "intervals": "90 % of resamples of rows (of albums and artists for what is judged within them), of the mean "
        "over the seeds",
    }
