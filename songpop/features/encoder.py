"""The fitted encoder: model frames in, arrays out, with what it learned kept in features.json and two small tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.audio_features import MEASURES
from songpop.errors import ModelError
from songpop.features.assumed_dates import is_assumed
from songpop.features.declared import FEATURES, conform, fill_gaps, has_analysis, usual_values
from songpop.features.partial import Copies
from songpop.features.records import (
    ArtistRecords,
    EarlierVersions,
    GenreYearLevel,
    Shown,
    artist_key,
    folds_of,
    out_of_fold,
    seen_together,
    song_key,
)
from songpop.features.titles import title_expressions
from songpop.names import genre_key

NUMERIC: tuple[str, ...] = tuple(feature.name for feature in FEATURES if feature.kind != "category")
CATEGORIES: tuple[str, ...] = tuple(feature.name for feature in FEATURES if feature.kind == "category")
UNKNOWN = 0
# A genre of fewer tracks is treated as unknown: its embedding would be noise.
MIN_GENRE_TRACKS = 3
# Of a version's files; a new one where the same names come to mean something else.
FORMAT = 5
_TABLES = _LEVELS, _ARTISTS, _VERSIONS = "levels.parquet", "artists.parquet", "versions.parquet"
_ARTIST_COLUMNS = ("artist_key", "year", "n", "excess", "best")
_VERSION_COLUMNS = ("song", "release_time", "popularity")


@dataclass(frozen=True)
class EncodedRows:
    """Arrays of encoded rows.

    Args:
        numeric: float32 of shape (n, len(NUMERIC)), NaN where unknown.
        categories: int32 of shape (n, len(CATEGORIES)), 0 where unknown.
    """

    numeric: np.ndarray
    categories: np.ndarray

    def __len__(self) -> int:
        return len(self.numeric)

    def take(self, rows: np.ndarray) -> "EncodedRows":
        """Keep some rows, by index or mask."""
        return EncodedRows(self.numeric[rows], self.categories[rows])

    @classmethod
    def concat(cls, parts: Sequence["EncodedRows"]) -> "EncodedRows":
        """Put parts below each other."""
        return cls(np.concatenate([part.numeric for part in parts]), np.concatenate([p.categories for p in parts]))


def _plain_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Compute what needs no fitting, one column a feature."""
    date_year = pl.col("release_date").dt.year()
    year = pl.coalesce(pl.col("year"), date_year).cast(pl.Float32)
    to_the_day = pl.col("release_date").is_not_null() & (pl.col("release_date_precision").fill_null("day") == "day")
    date = pl.when(to_the_day).then(pl.col("release_date"))
    zero = ("tempo", "time_signature", "danceability", "valence", "speechiness")
    failed = pl.all_horizontal([pl.col(name).fill_null(1 if name == "time_signature" else 0) == 0 for name in zero])
    failed = failed & pl.col("tempo").is_not_null()
    return frame.select(
        *[pl.when(~failed).then(pl.col(name)).cast(pl.Float32).alias(name) for name in (*MEASURES, "time_signature")],
        pl.col("mode").cast(pl.Float32),
        (~has_analysis()).cast(pl.Float32).alias("is_audio_missing"),
        failed.cast(pl.Float32).alias("is_analysis_failed"),
        pl.col("artist_popularity").cast(pl.Float32),
        pl.col("artist_popularity").is_null().cast(pl.Float32).alias("is_artist_popularity_missing"),
        year.alias("year"),
        year.is_null().cast(pl.Float32).alias("is_year_missing"),
        pl.coalesce(date.dt.year() + date.dt.ordinal_day() / 365.25, year + 0.5).cast(pl.Float32).alias("release_time"),
        # of a release without a date the day of the week is not known, whatever day stands in for it
        ((date.dt.weekday() == 5).fill_null(False) & ~is_assumed()).cast(pl.Float32).alias("is_friday"),
        date.is_null().cast(pl.Float32).alias("is_release_date_missing"),
        pl.col("n_album_tracks").cast(pl.Float32).log1p().alias("n_album_tracks"),
        pl.col("album_name").is_null().cast(pl.Float32).alias("is_album_missing"),
        *title_expressions(),
    )


@dataclass
class FeatureEncoder:
    """Turn model frames into arrays, as fitted on a training frame.

    Args:
        genres: known genres, in the order of their codes (from 1).
        level: the genre-year levels.
        artists: the artist records.
        versions: the training tracks by song.
        seed: deals training tracks to folds.
        last_year, last_time: of the newest training track; a later release is taken to be as new as that.
        genre_reach: mean artist popularity of each genre's training tracks, by code; NaN where unknown.
        usual: what fills single missing columns of an analysis.
    """

    genres: list[str]
    level: GenreYearLevel
    artists: ArtistRecords
    versions: EarlierVersions
    seed: int
    genre_reach: list[float | None]
    last_year: float
    last_time: float
    usual: dict[str, float]

    @classmethod
    def fit(cls, train: pl.DataFrame, seed: int, copies: Copies | None = None) -> tuple["FeatureEncoder", EncodedRows]:
        """Fit on a training frame, and encode its rows without their own labels.

        Args:
            train: a model frame with `popularity`.
            seed: deals tracks to folds.
            copies: rows of it once more, partly blank; they are encoded without the label of their track.

        Returns:
            The encoder, and the encoded training rows in the order of `train`, those of the copies after them.

        Raises:
            ModelError: `train` has no rows or no popularity.
        """
        if train.height == 0 or "popularity" not in train.columns or train["popularity"].null_count():
            raise ModelError(
                f"A training frame must have rows with a popularity each, however it has {train.height} rows."
            )
        usual = usual_values(conform(train))
        frame = fill_gaps(conform(train), usual)
        popularity = frame["popularity"].to_numpy()
        counts = frame["genre"].drop_nulls().value_counts().filter(pl.col("count") >= MIN_GENRE_TRACKS)
        genres = sorted(counts["genre"].to_list())
        plain = _plain_columns(frame)
        genre = _codes(frame["genre"], genres)
        year = plain["year"].to_numpy().astype(np.float64)
        fold = folds_of(seen_together(frame), seed)
        level = GenreYearLevel.fit(genre, len(genres) + 1, year, popularity, fold)
        shown = Shown(genre, artist_key(frame), year, popularity, fold)
        artists = ArtistRecords.fit(artist_key(frame), year, popularity - level.values(genre, year), popularity)
        versions = EarlierVersions.fit(song_key(frame), plain["release_time"], frame["popularity"])
        reach = (
            pl.DataFrame({"code": genre, "value": frame["artist_popularity"]})
            .group_by("code")
            .agg(pl.col("value").mean())
        )
        by_code = dict(reach.iter_rows())
        reaches = [by_code.get(code) for code in range(len(genres) + 1)]
        last_year, last_time = (_largest(plain[name]) for name in ("year", "release_time"))
        encoder = cls(genres, level, artists, versions, seed, reaches, last_year, last_time, usual)
        rows = encoder._without_own_labels(frame, plain, fold, shown)
        if copies is not None and copies.frame.height:
            partial = fill_gaps(copies.frame, usual)
            again = encoder._without_own_labels(partial, _plain_columns(partial), fold[copies.source], shown)
            rows = EncodedRows.concat([rows, again])
        return encoder, rows

    def _without_own_labels(
        self, frame: pl.DataFrame, plain: pl.DataFrame, fold: np.ndarray, shown: Shown
    ) -> EncodedRows:
        genre, year = _codes(frame["genre"], self.genres), plain["year"].to_numpy().astype(np.float64)
        values, record = out_of_fold(self.level, shown, genre, artist_key(frame), year, fold)
        return self._assemble(frame, plain, genre, values, record)

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        """Encode rows that were not in training, in the order of `frame`."""
        frame = fill_gaps(conform(frame), self.usual)
        plain = _plain_columns(frame)
        genre = _codes(frame["genre"], self.genres)
        year = plain["year"].to_numpy().astype(np.float64)
        record = self.artists.values(artist_key(frame), year)
        return self._assemble(frame, plain, genre, self.level.values(genre, year), record)

    def _assemble(
        self, frame: pl.DataFrame, plain: pl.DataFrame, genre: np.ndarray, level: np.ndarray, record: pl.DataFrame
    ) -> EncodedRows:
        reach = np.asarray([np.nan if value is None else value for value in self.genre_reach])[genre]
        columns = plain.with_columns(
            *record.get_columns(),
            *self.versions.values(song_key(frame), plain["release_time"]).get_columns(),
            record["artist_n_tracks"].is_null().cast(pl.Float32).alias("is_artist_new"),
            pl.Series("is_genre_missing", (genre == UNKNOWN).astype(np.float32)),
            pl.Series("genre_year_level", level),
            pl.col("year").clip(upper_bound=self.last_year),
            pl.col("release_time").clip(upper_bound=self.last_time),
            (pl.col("artist_popularity") - pl.Series(reach)).alias("artist_popularity_in_genre"),
        ).with_columns(pl.col("artist_n_tracks").fill_null(0.0))
        numeric = columns.select(pl.col(name).cast(pl.Float32).fill_null(np.nan) for name in NUMERIC).to_numpy()
        codes = {"genre": genre, "key": _key_codes(frame["key"])}
        categories = np.stack([codes[name] for name in CATEGORIES], axis=1).astype(np.int32)
        return EncodedRows(np.ascontiguousarray(numeric, dtype=np.float32), categories)

    @property
    def category_sizes(self) -> tuple[int, ...]:
        """Number of codes of each category, the unknown one included."""
        sizes = {"genre": len(self.genres) + 1, "key": 13}
        return tuple(sizes[name] for name in CATEGORIES)

    def save(self, folder: Path, extra: dict[str, Any] | None = None) -> None:
        """Write features.json, with what else it is to hold, and three tables into a model's folder."""
        declared = [{k: getattr(f, k) for k in ("name", "kind", "unit", "source", "why", "group")} for f in FEATURES]
        document: dict[str, Any] = {
            "format": FORMAT,
            "features": declared,
            "genres": self.genres,
            "seed": self.seed,
            "first_year": self.level.first_year,
        }
        document |= {"last_year": self.last_year, "last_time": self.last_time}
        document |= {"genre_reach": self.genre_reach, "usual": self.usual}
        document["level_shape"] = list(self.level.counts.shape)
        model_folder.write_json(folder, model_folder.FEATURES, document | (extra or {}))
        self.artists.table.write_parquet(folder / _ARTISTS)
        self.versions.table.write_parquet(folder / _VERSIONS)
        levels = pl.DataFrame({"n": self.level.counts.ravel(), "popularity_sum": self.level.sums.ravel()})
        levels.write_parquet(folder / _LEVELS)

    @classmethod
    def load(cls, folder: Path) -> "FeatureEncoder":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or broken, or was written for other features than this version declares.
        """
        with model_folder.reading(folder, model_folder.FEATURES, *_TABLES):
            document = model_folder.read_json(folder, model_folder.FEATURES)
            _refuse_another_format(document, folder.name)
            levels, artists, versions = (model_folder.read_parquet(folder, name) for name in _TABLES)
            shape = tuple(document["level_shape"])
            counts, sums = (levels[name].to_numpy().reshape(shape) for name in ("n", "popularity_sum"))
            level = GenreYearLevel(document["first_year"], counts, sums)
            records = ArtistRecords(artists.select(_ARTIST_COLUMNS))
            earlier = EarlierVersions(versions.select(_VERSION_COLUMNS))
            learned = [document[name] for name in ("seed", "genre_reach", "last_year", "last_time", "usual")]
            return cls(document["genres"], level, records, earlier, *learned)


def _refuse_another_format(document: dict[str, Any], name: str) -> None:
    names = [feature["name"] for feature in document["features"]]
    if names != [feature.name for feature in FEATURES]:
        raise ModelError(
            f"The model in '{name}' must have the {len(FEATURES)} features of this version, however it has "
            f"{len(names)} others or in another order. Train again with `songpop train`."
        )
    if document.get("format") != FORMAT:
        raise ModelError(
            f"The model in '{name}' must be of format {FORMAT}, however it is of {document.get('format', 1)}. Train "
            "again with `songpop train`."
        )


def _codes(values: pl.Series, known: list[str]) -> np.ndarray:
    """Number values by the genres that are known, in whatever spelling; 0 is unknown, shape (n,)."""
    by_key = {genre_key(value): code for code, value in reversed(list(enumerate(known, start=1)))}
    written = values.unique().drop_nulls().to_list()
    codes = {value: by_key.get(genre_key(value), UNKNOWN) for value in written}
    exact = {value: code for code, value in enumerate(known, start=1)}
    return (
        values.replace_strict(codes | exact, default=UNKNOWN, return_dtype=pl.Int64).fill_null(UNKNOWN).to_numpy()
        if written
        else np.zeros(len(values), np.int64)
    )


def _largest(values: pl.Series) -> float:
    """Find the largest value; nothing known bounds nothing."""
    known = values.drop_nulls()
    return float(known.to_numpy().max()) if len(known) else 1e6


def _key_codes(key: pl.Series) -> np.ndarray:
    code = key.fill_null(-1).to_numpy().astype(np.int64) + 1
    return np.where((code >= 0) & (code <= 12), code, UNKNOWN)
