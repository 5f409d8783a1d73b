"""Which song of an album should be the single, and how sure that is."""

import numpy as np
import polars as pl

from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.picks import is_clear, measure_hits
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


def pick_singles(scored: pl.DataFrame) -> pl.DataFrame:
    """Pick each album's single among its scored songs.

    Args:
        scored: `album_id, track_id, track_name, score, p_best`, other columns are ignored; `p_best` as scored.

    Returns:
        One row an album of two or more songs: `album_id, n_tracks, single_track_id, single_track_name, p_best,
        runner_up_track_name, verdict`.
    """
    songs = _best_first(scored).group_by("album_id", maintain_order=True)
    albums = songs.agg(
        pl.len().cast(pl.Int32).alias("n_tracks"),
        pl.col("track_id").first().alias("single_track_id"),
        pl.col("track_name").first().alias("single_track_name"),
        pl.col("p_best").first(),
        pl.col("p_best").get(1).alias("next_best"),
        pl.col("track_name").get(1).alias("runner_up_track_name"),
    )
    clear = is_clear(pl.col("p_best"), pl.col("next_best"))
    verdict = pl.when(clear).then(pl.lit(CLEAR)).otherwise(pl.lit(TOO_CLOSE)).alias("verdict")
    return albums.with_columns(verdict).drop("next_best")


def measure_picks(judged: pl.DataFrame) -> dict[str, float | int | None]:
    """Measure how often a pick was the album's best, by popularity seen later.

    Args:
        judged: `album_id, track_id, track_name, score, p_best, popularity` of tracks the model had not seen.

    Returns:
        `n_albums, right_share, chance_share, n_clear, clear_right_share`; shares are None where there is nothing.
    """
    songs = _best_first(judged)
    album = songs["album_id"].rle_id().to_numpy().astype(np.int64)
    return measure_hits(songs["p_best"].to_numpy(), songs["popularity"].to_numpy(), album)


def _best_first(scored: pl.DataFrame) -> pl.DataFrame:
    """Sort the songs of albums of two or more, the pick of each album first."""
    return (
        scored.filter(pl.col("album_id").is_not_null() & pl.col("p_best").is_not_null())
        .filter(pl.len().over("album_id") > 1)
        .sort(["album_id", "p_best", "score", "track_id"], descending=[False, True, True, False])
    )
