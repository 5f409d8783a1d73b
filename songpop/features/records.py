"""Records: what other training tracks say about a genre in a year, and about an artist.

A training row never sees its own label, nor those that came out with it: its records are computed from the folds that
don't hold it. Rows that were not in training see the whole training part.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop import names
from songpop.features.titles import canonical

N_FOLDS = 10
# Years over which a genre's level changes, and how many tracks the additive genre + year guess is worth:
# chosen on validation folds inside the training part of the real sample.
YEAR_SCALE = 1.5
CELL_PRIOR = 2.0
GENRE_PRIOR = 5.0
YEAR_PRIOR = 20.0
# An artist's mean is trusted as its n tracks are against this many.
ARTIST_PRIOR = 1.5
# Tracks this many years away count 1/e in the recent record, which is trusted against this many near tracks.
RECENT_YEARS = 1.0
RECENT_PRIOR = 0.3


def folds_of(track_ids: pl.Series, seed: int, n_folds: int = N_FOLDS) -> np.ndarray:
    """Deal each track to a fold by a hash of its id, shape (n,): the same whatever the order of rows."""
    salt = zlib.crc32(str(seed).encode())
    return np.fromiter(
        (zlib.crc32(str(value).encode(), salt) % n_folds for value in track_ids), np.int64, len(track_ids)
    )


def artist_key(frame: pl.DataFrame) -> pl.Series:
    """Name the artist of each row as records know it: the frame's artist_key, or else the key of the name."""
    own = frame["artist_key"] if "artist_key" in frame.columns else pl.Series([None] * frame.height, dtype=pl.String)
    if own.null_count() == 0:
        return own.alias("artist_key")
    written = frame["artist_name"].unique().drop_nulls().to_list()
    keys = {name: names.artist_key(name) for name in written}
    made = frame["artist_name"].replace_strict(keys, default=None, return_dtype=pl.String)
    return own.fill_null(made).alias("artist_key")


def seen_together(frame: pl.DataFrame) -> pl.Series:
    """Name the tracks whose popularity becomes known together, shape (n,): those share a fold.

    What an artist puts out in one year, where dates are known, else each track alone. A release to come is scored
    before anything is known of the songs beside it. Were they in its artist's record in training, the models would
    trust records more than they can, and of two songs of one album the less popular one would have the better record.
    """
    artist = pl.lit(artist_key(frame)).alias("artist")
    together = pl.concat_str(artist, pl.col("release_date").dt.year().cast(pl.String), separator=" ")
    return frame.select(pl.coalesce(together, pl.col("track_id")).alias("together")).to_series()


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
        column = level.columns(year)
        np.add.at(level.counts, (fold, genre, column), 1.0)
        np.add.at(level.sums, (fold, genre, column), popularity)
        return level

    def columns(self, year: np.ndarray) -> np.ndarray:
        """Number the column of each year, shape (n,)."""
        n_years = self.counts.shape[2] - 1
        inside = np.clip(np.nan_to_num(year, nan=self.first_year) - self.first_year, 0, n_years - 1)
        columns: np.ndarray = np.where(np.isnan(year), n_years, inside).astype(np.int64)
        return columns

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

    def values(self, genre: np.ndarray, year: np.ndarray) -> np.ndarray:
        """Look levels up, shape (n,)."""
        levels: np.ndarray = self.table()[genre, self.columns(year)]
        return levels


@dataclass
class ArtistRecords:
    """Each artist's training tracks, added up by year.

    Args:
        table: `artist_key, year, n, excess, best`; excess is the sum of popularity above the genre-year level.
    """

    table: pl.DataFrame

    @classmethod
    def fit(cls, key: pl.Series, year: np.ndarray, excess: np.ndarray, popularity: np.ndarray) -> "ArtistRecords":
        """Add up the training tracks, arrays of shape (n,); `year` is NaN where unknown."""
        columns = {"artist_key": key, "year": _years(year), "excess": excess, "best": popularity}
        return cls(
            pl.DataFrame(columns)
            .drop_nulls("artist_key")
            .sort("artist_key", "year", "excess", "best")  # sums of floats depend on the order
            .group_by("artist_key", "year", maintain_order=True)
            .agg(pl.len().cast(pl.Float64).alias("n"), pl.col("excess").sum(), pl.col("best").max())
        )

    def values(self, key: pl.Series, year: np.ndarray) -> pl.DataFrame:
        """Look records up, one row a key: `artist_record, artist_recent, artist_best, artist_n_tracks`.

        All are null where the artist has no training track. `artist_recent` weighs tracks by how near in time they are.
        """
        rows = pl.DataFrame({"artist_key": key, "own_year": _years(year)})
        near = (-(pl.col("year") - pl.col("own_year")).abs() / RECENT_YEARS).exp()
        n, excess = pl.col("n"), pl.col("excess")
        records = (
            rows.unique()
            .join(self.table, on="artist_key", how="inner", maintain_order="right")
            .with_columns(near.alias("near"))
            .group_by("artist_key", "own_year", maintain_order=True)
            .agg(
                (excess.sum() / (n.sum() + ARTIST_PRIOR)).alias("artist_record"),
                ((excess * near).sum() / ((n * near).sum() + RECENT_PRIOR)).alias("artist_recent"),
                pl.col("best").max().alias("artist_best"),
                n.sum().log1p().alias("artist_n_tracks"),
            )
        )
        joined = rows.join(records, on=["artist_key", "own_year"], how="left", maintain_order="left")
        return joined.select("artist_record", "artist_recent", "artist_best", "artist_n_tracks")


@dataclass
class EarlierVersions:
    """The training tracks by song, to look up what came out before: an advance single, the original of a remix.

    Args:
        table: `song, release_time, popularity`.
    """

    table: pl.DataFrame

    @classmethod
    def fit(cls, song: pl.Series, release_time: pl.Series, popularity: pl.Series) -> "EarlierVersions":
        """Keep what is dated and has a title, each of n values."""
        rows = pl.DataFrame({"song": song, "release_time": release_time, "popularity": popularity})
        return cls(rows.drop_nulls().sort(rows.columns))

    def values(self, song: pl.Series, release_time: pl.Series) -> pl.DataFrame:
        """Look up the most popular version that came out strictly before, and how many did, a row a song.

        So a training row never sees itself, and `earlier_version` is null where there is none.
        """
        rows = pl.DataFrame({"song": song, "own_time": release_time})
        found = (
            rows.drop_nulls()
            .unique()
            .join(self.table, on="song", how="inner")
            .filter(pl.col("release_time") < pl.col("own_time"))
            .group_by("song", "own_time")
            .agg(
                pl.col("popularity").max().alias("earlier_version"),
                pl.len().cast(pl.Float64).log1p().alias("n_earlier_versions"),
            )
        )
        joined = rows.join(found, on=["song", "own_time"], how="left", maintain_order="left")
        return joined.select("earlier_version", pl.col("n_earlier_versions").fill_null(0.0))


def song_key(frame: pl.DataFrame) -> pl.Series:
    """Name the song of each row: its artist and its title without remarks; null without a title."""
    artist = pl.lit(artist_key(frame)).alias("artist")
    return frame.select(pl.concat_str(artist, canonical(pl.col("track_name")), separator="\n")).to_series()


@dataclass(frozen=True)
class Shown:
    """The training rows whose labels may be shown, arrays of shape (n,).

    Args:
        genre: codes.
        key: artists.
        year: NaN where unknown.
        popularity: labels.
        fold: of each row.
    """

    genre: np.ndarray
    key: pl.Series
    year: np.ndarray
    popularity: np.ndarray
    fold: np.ndarray


def out_of_fold(
    level: GenreYearLevel, shown: Shown, genre: np.ndarray, key: pl.Series, year: np.ndarray, fold: np.ndarray
) -> tuple[np.ndarray, pl.DataFrame]:
    """Compute levels and records of m rows of training tracks, each from the folds that are not its track's.

    An artist's excess is taken over the level without the fold too: else a row's label would come back, with its
    sign turned, through the level that its artist's other tracks are compared with.

    Args:
        level: of all folds.
        shown: the training rows.
        genre, key, year, fold: of the rows asked for, shape (m,); the fold is that of the row's track.

    Returns:
        Levels, shape (m,), and the records' columns in the same order.
    """
    levels, parts, places = np.zeros(len(genre)), [], []
    for number in np.unique(fold):
        own, others = np.flatnonzero(fold == number), np.flatnonzero(shown.fold != number)
        table = level.table(int(number))
        levels[own] = table[genre[own], level.columns(year[own])]
        above = table[shown.genre[others], level.columns(shown.year[others])]
        excess = shown.popularity[others] - above
        records = ArtistRecords.fit(shown.key.gather(others), shown.year[others], excess, shown.popularity[others])
        parts.append(records.values(key.gather(own), year[own]))
        places.append(own)
    return levels, pl.concat(parts)[np.argsort(np.concatenate(places), kind="stable")]


def _years(year: np.ndarray) -> np.ndarray:
    """Give tracks of unknown year the year 0, near to each other and far from all others."""
    years: np.ndarray = np.nan_to_num(year, nan=0.0).astype(np.int32)
    return years
