"""The single declaration of every feature: name, kind, unit, source and why it is there.

A column that is not listed here cannot reach a model: the encoder builds its arrays from `FEATURES` alone,
so the Kaggle file's unnamed index column (which leaks the label) has no way in.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.audio_features import AUDIO_FEATURES, BY_NAME, CLASSES, MEASURES
from songpop.errors import ModelError


@dataclass(frozen=True)
class Feature:
    """One model input.

    Args:
        name: column of the encoder's arrays.
        kind: `numeric`, `flag` (0 or 1) or `category`.
        unit: in which unit, "" for flags and categories.
        source: where it comes from: a column of the model frame, or what it is computed from.
        why: the reason it is a feature.
        group: the name under which an explanation adds it up.
    """

    name: str
    kind: str
    unit: str
    source: str
    why: str
    group: str


_TYPES = {"number": pl.Float64, "whole": pl.Int32, "large_whole": pl.Int64}
MODEL_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "track_id": pl.String,
    "artist_name": pl.String,
    "artist_key": pl.String,
    "artist_id": pl.String,
    "track_name": pl.String,
    "album_id": pl.String,
    "album_name": pl.String,
    "genre": pl.String,
    "year": pl.Int32,
    "release_date": pl.Date,
    "release_date_precision": pl.String,
    "is_date_assumed": pl.Boolean,
    **{feature.name: _TYPES[feature.kind] for feature in AUDIO_FEATURES},
    "artist_popularity": pl.Float64,
    "n_album_tracks": pl.Int32,
}

# The columns of Spotify's analysis, which gives all or none of them; the length is known without one.
ANALYSIS = (*(name for name in MEASURES if name != "duration_ms"), *CLASSES)

_COURSE = "one of the course project's fourteen"


def _sound() -> tuple[Feature, ...]:
    return (
        *(
            Feature(name, "numeric", BY_NAME[name].unit or "0-1", name, _COURSE, "sound")
            for name in (*MEASURES, "mode", "time_signature")
        ),
        Feature("key", "category", "", "key", _COURSE, "sound"),
        Feature("is_audio_missing", "flag", "", "the audio columns", "no analysis at all", "sound"),
        Feature(
            "is_analysis_failed",
            "flag",
            "",
            "tempo, time_signature, danceability, valence and speechiness all 0",
            "Spotify's analysis fails on noise and very short tracks; the zeros mean nothing",
            "sound",
        ),
    )


def _artist() -> tuple[Feature, ...]:
    record = "popularity of the artist's other training tracks"
    return (
        Feature("artist_popularity", "numeric", "0-100", "artist_popularity", _COURSE, "artist's popularity"),
        Feature(
            "artist_popularity_in_genre",
            "numeric",
            "points above the genre's mean",
            "artist_popularity, genre",
            "50 is much in tango and little in pop",
            "artist's popularity",
        ),
        Feature(
            "is_artist_popularity_missing",
            "flag",
            "",
            "artist_popularity",
            "a missing artist score is not random: such tracks score 5 points lower",
            "artist's popularity",
        ),
        Feature(
            "artist_record",
            "numeric",
            "points above the genre-year level",
            record,
            "what the artist's tracks reach beyond their genre and year, shrunk to 0 for few tracks",
            "artist's record",
        ),
        Feature(
            "artist_recent",
            "numeric",
            "points above the genre-year level",
            record,
            "careers rise and fade: the same, weighted by nearness in time",
            "artist's record",
        ),
        Feature("artist_best", "numeric", "0-100", record, "the best one shows the reach", "artist's record"),
        Feature("artist_n_tracks", "numeric", "log(1 + n)", record, "how much is known", "artist's record"),
        Feature("is_artist_new", "flag", "", record, "no track record at all", "artist's record"),
        Feature(
            "earlier_version",
            "numeric",
            "0-100",
            "popularity of the artist's training tracks of this title that came out before",
            "an advance single tells which song of its album is liked; a remix has its original's public",
            "artist's record",
        ),
        Feature(
            "n_earlier_versions",
            "numeric",
            "log(1 + n)",
            "the artist's training tracks of this title that came out before",
            "songs that are worth it come out again",
            "artist's record",
        ),
    )


def _place_and_time() -> tuple[Feature, ...]:
    return (
        Feature("genre", "category", "", "genre", "genre and year explain most", "genre and year"),
        Feature("year", "numeric", "years", "year, else release_date", "older tracks fade", "genre and year"),
        Feature(
            "genre_year_level",
            "numeric",
            "0-100",
            "popularity of other training tracks of the genre in nearby years",
            "genre-year means explain 63 % of the variance",
            "genre and year",
        ),
        Feature("is_genre_missing", "flag", "", "genre", "no genre given", "genre and year"),
        Feature("is_year_missing", "flag", "", "year", "no year given", "genre and year"),
        Feature("release_time", "numeric", "years", "release_date, else year", "finer than year", "release date"),
        Feature("is_friday", "flag", "", "release_date, is_date_assumed", "labels release on Fridays", "release date"),
        Feature("is_release_date_missing", "flag", "", "release_date", "no date to the day", "release date"),
        Feature("n_album_tracks", "numeric", "log(1 + n)", "n_album_tracks", "single or album", "album"),
        Feature("is_album_missing", "flag", "", "album_name", "no album given", "album"),
        Feature("is_title_track", "flag", "", "track_name, album_name", "singles name their album", "album"),
        Feature("is_compilation", "flag", "", "album_name", "best-ofs repeat known songs", "album"),
        Feature("is_soundtrack", "flag", "", "album_name", "a film brings its own public", "album"),
        Feature("is_deluxe", "flag", "", "album_name, track_name", "bonus tracks are heard less", "album"),
    )


_TITLE_FLAGS = {
    "is_remix": "a remix has a smaller public than its original",
    "is_live": "live takes are heard less",
    "is_remaster": "an old song's second life",
    "is_acoustic": "an alternative take",
    "is_instrumental": "an alternative take, or karaoke",
    "is_edit": "an edit for clubs or radio",
    "is_radio_edit": "made for radio",
    "is_version": "an alternative take",
    "is_interlude": "intros and skits are skipped",
    "is_part": "parts of longer works",
    "is_work": "catalogue numbers of classical works",
    "is_cover": "tributes and covers",
    "is_christmas": "heard in one month of the year",
    "is_extended": "long club versions",
    "has_brackets": "any remark about the version",
    "has_dash": "any remark about the version",
    "has_guest": "guests bring their public",
    "is_lower_case": "a habit of recent years",
    "is_upper_case": "a habit of recent years",
    "is_not_ascii": "a hint of the language",
}


def _title() -> tuple[Feature, ...]:
    flags = [Feature(name, "flag", "", "track_name", why, "title") for name, why in _TITLE_FLAGS.items()]
    return (
        *flags,
        Feature("title_length", "numeric", "characters", "track_name", "hits have short titles", "title"),
        Feature("n_title_words", "numeric", "words", "track_name", "hits have short titles", "title"),
        Feature("n_artists", "numeric", "names", "artist_name, track_name", "collaborations", "title"),
    )


FEATURES: tuple[Feature, ...] = (*_sound(), *_artist(), *_place_and_time(), *_title())
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(feature.group for feature in FEATURES))


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame every column of the model frame, in its type; absent ones become null.

    Raises:
        ModelError: `track_id` or `artist_name` is absent.
    """
    for name in ("track_id", "artist_name"):
        if name not in frame.columns:
            raise ModelError(f"A model frame must have the column '{name}', however it has {frame.columns[:5]!r}.")
    columns = [
        pl.col(name).cast(dtype, strict=False) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in MODEL_COLUMNS.items()
    ]
    labels = [
        pl.col(name).cast(dtype)
        for name, dtype in (("popularity", pl.Float64), ("popularity_date", pl.Date))
        if name in frame.columns
    ]
    return frame.select(*columns, *labels)


def fill_gaps(frame: pl.DataFrame, values: dict[str, float]) -> pl.DataFrame:
    """Fill single missing columns of an analysis with their usual values.

    Spotify's analysis gives all columns or none, so a gap tells how a file was put together, not how the music is:
    in one real file the tracks that have a time signature are twice as popular as the others. No feature may see it.
    """
    filled = [
        pl.when(has_analysis()).then(pl.col(name).fill_null(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]
    return frame.with_columns(filled)


def has_analysis() -> pl.Expr:
    """Say whether a row has any column of the analysis; the length is known without one."""
    return pl.any_horizontal([pl.col(name).is_not_null() for name in ANALYSIS])


def usual_values(frame: pl.DataFrame) -> dict[str, float]:
    """Compute what fills a gap: the median of a measure, the commonest of a class; none for an empty column."""
    known = {name: frame[name].drop_nulls() for name in ANALYSIS}
    return {
        name: float(column.mode().sort()[0]) if name in CLASSES else float(np.median(column.to_numpy()))
        for name, column in known.items()
        if len(column)
    }


def release_time(frame: pl.DataFrame) -> np.ndarray:
    """Place each track in time, in years, shape (n,): by its date, else the middle of its year, else NaN."""
    date = pl.col("release_date")
    exact = date.dt.year() + date.dt.ordinal_day() / 366
    return (
        frame.select(pl.coalesce(exact, pl.col("year") + 0.5).cast(pl.Float64)).to_series().fill_null(np.nan).to_numpy()
    )
