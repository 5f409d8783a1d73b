"""Songs of one album, or of one artist: the pairs they make, and the best one of each group."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.estimators.picks import judge_picks
from songpop.features.records import artist_key

# Of a longer album or catalogue only this many songs are paired, so that one does not outweigh all others.
_MAX_GROUP = 40


@dataclass(frozen=True)
class Groups:
    """The groups of two or more rows of a test frame.

    Args:
        keys: name of each group, shape (g,).
        row: row numbers of all members, group after group, shape (m,).
        group: number of the group of each member, shape (m,), ascending.
        left, right: row numbers of the pairs with unequal popularity, shape (p,).
        pair_group: number of the group of each pair, shape (p,).
    """

    keys: np.ndarray
    row: np.ndarray
    group: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pair_group: np.ndarray

    @classmethod
    def of(cls, key: pl.Series, observed: np.ndarray) -> "Groups":
        """Group rows by a key, shape (n,); rows without one are in no group."""
        table = pl.DataFrame({"key": key.cast(pl.String), "row": np.arange(len(key))}).drop_nulls("key")
        groups = table.group_by("key", maintain_order=True).agg("row").filter(pl.col("row").list.len() > 1)
        members = groups.with_row_index("group").explode("row")
        few = groups.with_row_index("group").with_columns(pl.col("row").list.head(_MAX_GROUP)).explode("row")
        pairs = few.join(few, on="group", suffix="_right").filter(pl.col("row") < pl.col("row_right"))
        left, right = pairs["row"].to_numpy(), pairs["row_right"].to_numpy()
        unequal = observed[left] != observed[right]
        return cls(
            groups["key"].to_numpy(),
            members["row"].to_numpy(),
            members["group"].to_numpy().astype(np.int64),
            left[unequal],
            right[unequal],
            pairs["group"].to_numpy().astype(np.int64)[unequal],
        )

    def __len__(self) -> int:
        return len(self.keys)

    def pairs_in_order(self, observed: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Count each group's pairs that the score puts in order, and all of them, shape (g, 2); ties count half."""
        truth = np.sign(observed[self.left] - observed[self.right])
        guess = np.sign(score[self.left] - score[self.right])
        counts = [np.bincount(self.pair_group, part, len(self)) for part in ((truth * guess + 1) / 2, truth != 0)]
        return np.stack(counts, axis=1)

    def picks(self, observed: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Judge the pick of each group, the row highest in `order`, as `judge_picks` does, shape (g, 3)."""
        return judge_picks(observed[self.row], order[self.row], self.group)


def albums_of(test: pl.DataFrame) -> pl.Series:
    """Name the album of each row, null where unknown."""
    if "album_id" not in test.columns:
        return pl.Series("album_id", [None] * test.height, dtype=pl.String)
    return test["album_id"]


def artists_of(test: pl.DataFrame) -> pl.Series:
    """Name the artist of each row, as records know it."""
    return artist_key(test)
