"""Records: what other training tracks say about a genre in a year, and about an artist.

A training row never sees its own label: its records are computed from the folds that don't hold it. Rows that were
not in training see the whole training part.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import polars as pl

N_FOLDS = 10
# Years over which a genre's level changes, and how many tracks the additive genre + year guess is worth:
# chosen on validation folds inside the training part of the real sample.
YEAR_SCALE = 1.5
CELL_PRIOR = 2.0
GENRE_PRIOR = 5.0
YEAR_PRIOR = 20.0
# An artist's mean is trusted as its n tracks are against this many.
ARTIST_PRIOR = 1.5


def folds_of(track_ids: pl.Series, seed: int, n_folds: int = N_FOLDS) -> np.ndarray:
    """Deal each track to a fold by a hash of its id, shape (n,): the same whatever the order of rows."""
    salt = zlib.crc32(str(seed).encode())
    return np.fromiter(
        (zlib.crc32(str(value).encode(), salt) % n_folds for value in track_ids), np.int64, len(track_ids)
    )


def artist_key(frame: pl.DataFrame) -> pl.Series:
    """Name the artist of each row as records know it: the name in lower case without outer spaces."""
    return frame.select(pl.col("artist_name").str.to_lowercase().str.strip_chars().alias("artist_key")).to_series()


@dataclass
class GenreYearLevel:
    """The smoothed mean popularity of each genre in each year.

    Args:
        first_year: year of the first column.
        counts, sums: training tracks and their total popularity, shape (n_folds, n_genres, n_years); genre 0 is
            unknown, and the last column holds tracks without a year.
    """

    first_year: int
    counts: np.ndarray
    sums: np.ndarray

    @classmethod
    def fit(
        cls, genre: np.ndarray, n_genres: int, year: np.ndarray, popularity: np.ndarray, fold: np.ndarray
    ) -> "GenreYearLevel":
        """Add up the training tracks; `year` is NaN where unknown, arrays have shape (n,)."""
        known = year[~np.isnan(year)]
        first, last = (int(known.min()), int(known.max())) if len(known) else (2000, 2000)
        level = cls(
            first, np.zeros((N_FOLDS, n_genres, last - first + 2)), np.zeros((N_FOLDS, n_genres, last - first + 2))
        )
        column = level._columns(year)
        np.add.at(level.counts, (fold, genre, column), 1.0)
        np.add.at(level.sums, (fold, genre, column), popularity)
        return level

    def _columns(self, year: np.ndarray) -> np.ndarray:
        n_years = self.counts.shape[2] - 1
        inside = np.clip(np.nan_to_num(year, nan=self.first_year) - self.first_year, 0, n_years - 1)
        return np.where(np.isnan(year), n_years, inside).astype(np.int64)

    def table(self, without: int | None = None) -> np.ndarray:
        """Compute the levels, shape (n_genres, n_years + 1), leaving out one fold if asked."""
        keep = [fold for fold in range(N_FOLDS) if fold != without]
        counts, sums = self.counts[keep].sum(0), self.sums[keep].sum(0)
        mean = sums.sum() / max(counts.sum(), 1.0)
        n_years = counts.shape[1] - 1
        kernel = np.exp(-np.abs(np.subtract.outer(np.arange(n_years), np.arange(n_years))) / YEAR_SCALE)
        genre = np.zeros(counts.shape[0])
        by_year = np.zeros(n_years)
        for _ in range(3):  # back-fitting of genre + year
            rest = sums[:, :-1] - counts[:, :-1] * (mean + by_year)
            unknown_year = sums[:, -1] - counts[:, -1] * mean
            genre = (rest.sum(1) + unknown_year) / (counts.sum(1) + GENRE_PRIOR)
            rest = sums[:, :-1] - counts[:, :-1] * (mean + genre[:, None])
            by_year = kernel @ rest.sum(0) / (kernel @ counts[:, :-1].sum(0) + YEAR_PRIOR)
        prior = mean + genre[:, None] + by_year[None, :]
        rest = sums[:, :-1] - counts[:, :-1] * prior
        cell = (rest @ kernel) / (counts[:, :-1] @ kernel + CELL_PRIOR)
        return np.concatenate([prior + cell, (mean + genre)[:, None]], axis=1)

    def values(self, genre: np.ndarray, year: np.ndarray, fold: np.ndarray | None = None) -> np.ndarray:
        """Look levels up, shape (n,); rows given a `fold` see the tracks of the other folds only."""
        column = self._columns(year)
        if fold is None:
            return self.table()[genre, column]
        tables = np.stack([self.table(without) for without in range(N_FOLDS)])
        return tables[fold, genre, column]


@dataclass
class ArtistRecords:
    """Each artist's training tracks, added up by fold.

    Args:
        table: `artist_key, fold, n, excess, best`; excess is the sum of popularity above the genre-year level.
    """

    table: pl.DataFrame

    @classmethod
    def fit(cls, key: pl.Series, excess: np.ndarray, popularity: np.ndarray, fold: np.ndarray) -> "ArtistRecords":
        """Add up the training tracks, arrays of shape (n,)."""
        rows = pl.DataFrame({"artist_key": key, "fold": fold, "excess": excess, "best": popularity})
        return cls(
            rows.drop_nulls("artist_key")
            .group_by("artist_key", "fold")
            .agg(pl.len().cast(pl.Float64).alias("n"), pl.col("excess").sum(), pl.col("best").max())
            .sort("artist_key", "fold")
        )

    def values(self, key: pl.Series, fold: np.ndarray | None = None) -> pl.DataFrame:
        """Look records up: `artist_record, artist_best, artist_n_tracks`, null where there is no other track."""
        rows = pl.DataFrame({"artist_key": key, "row_fold": np.full(len(key), -1) if fold is None else fold})
        wanted = rows.unique()
        found = wanted.join(self.table, on="artist_key", how="inner").filter(pl.col("fold") != pl.col("row_fold"))
        records = found.group_by("artist_key", "row_fold").agg(
            (pl.col("excess").sum() / (pl.col("n").sum() + ARTIST_PRIOR)).alias("artist_record"),
            pl.col("best").max().alias("artist_best"),
            pl.col("n").sum().log1p().alias("artist_n_tracks"),
        )
        return rows.join(records, on=["artist_key", "row_fold"], how="left", maintain_order="left").select(
            "artist_record", "artist_best", "artist_n_tracks"
        )
