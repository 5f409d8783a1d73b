"""Which song of an album should be the single, and how sure that is."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.picks import leads_clearly
from songpop.features import EncodedRows, conform

CLEAR = "clear"
TOO_CLOSE = "too close to call"
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def chances_of_best(pmf: np.ndarray) -> np.ndarray:
    """Compute the chance of each song of one album to be its best, shape (n,); they sum to 1.

    Args:
        pmf: each song's probabilities of 0..100, shape (n, 101), taken as independent; ties are shared out.
    """
    pmf = pmf / pmf.sum(axis=1, keepdims=True)
    below = np.cumsum(pmf, axis=1) - pmf
    chance = np.zeros(len(pmf))
    for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        cdf = np.maximum(below + node * pmf, 1e-30)
        log_all = np.log(cdf)
        others = np.exp(log_all.sum(axis=0, keepdims=True) - log_all)
        chance += weight * (pmf * others).sum(axis=1)
    shares: np.ndarray = chance / chance.sum()
    return shares


def best_chances(album_id: pl.Series, pmf: np.ndarray) -> pl.Series:
    """Compute `p_best` of each row within its album; null without an album or beside no other song of it."""
    chances: list[float | None] = [None] * len(album_id)
    rows = pl.DataFrame({"album_id": album_id, "row": np.arange(len(album_id))}).drop_nulls("album_id")
    for members in rows.group_by("album_id", maintain_order=True).agg("row")["row"].to_list():
        if len(members) > 1:
            for row, chance in zip(members, chances_of_best(pmf[members]).tolist(), strict=True):
                chances[row] = chance
    return pl.Series("p_best", chances, dtype=pl.Float64)


def standing_together(frame: pl.DataFrame) -> pl.Series:
    """Name the album from which an order can be learned, null where none can.

    That needs a date: without one the songs beside a track are in its artist's record (`records.seen_together`), and
    an order would be learned from what only training rows have.
    """
    album = pl.when(pl.col("release_date").is_not_null()).then(pl.col("album_id"))
    return conform(frame).select(album.alias("album_id")).to_series()


def chances_within(order: AlbumOrder | None, rows: EncodedRows, pmf: np.ndarray, album_id: pl.Series) -> pl.Series:
    """Compute `p_best` of each row by the learned order, else from the songs' own distributions."""
    return best_chances(album_id, pmf) if order is None else order.chances(rows, pmf, album_id)


def verdict_of(chances: Sequence[float], *, has_clear: bool, is_fragment: bool) -> str:
    """Say whether an album's single is clear; `marts.album_singles` says the same of new albums.

    Args:
        chances: of its songs, the best first, two or more.
        has_clear: whether a clear lead is to be believed on albums like this one, by their record.
        is_fragment: whether the album is known to have more tracks than these songs.
    """
    clear = leads_clearly(chances[0], chances[1]) and has_clear and not is_fragment
    return CLEAR if clear else TOO_CLOSE
