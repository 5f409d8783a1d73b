"""New releases of a sample, and the popularity they were seen to have later."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from songpop.audio_features import NAMES
from songpop.sources.sample.catalogue import Artists, plan_rows, popularity_at
from songpop.sources.sample.draws import uniforms
from songpop.sources.sample.world import LAST_YEAR
from songpop.sources.sample.writing import Cast, recent_dates, word_albums, word_tracks

RELEASE_COLUMNS = (
    *("artist_name", "track_name", "track_id", "album_id", "album_name", "release_date", "year", "genre"),
    *NAMES,
)
# Labels are observed this long after the as-of date.
_DAYS_UNTIL_OBSERVED = 30
# Shares of artists who put out a single and an EP; the others put out an album.
_SINGLES, _EPS = 0.55, 0.2
_BLANK_ALL, _BLANK_ONE, _BLANK_GENRE, _NO_ID = 0.03, 0.05, 0.02, 0.01


def count_releases(n_rows: int) -> int:
    """Choose how many songs are newly out: one in a hundred tracks, 200 at least."""
    return max(200, n_rows // 100)


def write_releases(cast: Cast, n_known: int, releases: Path, observed: Path, n_rows: int, as_of_date: date) -> None:
    """Write the releases of known and unknown artists, and their true popularity for a backtest."""
    purpose = "release"
    artists = _releasing(cast.artists, n_known, count_releases(n_rows), cast.seed)
    rows, first_row = plan_rows(cast.world, artists, cast.seed, purpose, one_album_each=True)
    # A release is as unripe as the tracks of the file's last year.
    rows.year = np.full(len(rows), LAST_YEAR, dtype=np.int16)
    rows.popularity = popularity_at(cast.world, rows.genre, rows.year, rows.strength)
    ids = np.arange(len(rows)) + 2**33
    songs = replace(rows, song=rows.song.astype(np.int64) + 2**33)
    cast = replace(cast, artists=artists)
    frame = word_tracks(cast, songs, ids, purpose)
    albums = word_albums(cast, songs, songs.song[first_row], np.bincount(rows.album), frame["track_id"], purpose)
    dates = pl.Series(recent_dates(cast.seed, np.arange(len(first_row)), as_of_date)).gather(
        rows.album.astype(np.uint32)
    )
    frame = frame.with_columns(
        album_id=albums["album_id"], album_name=albums["album_name"], release_date=dates,
        year=dates.str.head(4).cast(pl.Int32),
    )  # fmt: skip
    frame = _with_blanks(frame, ids, cast.seed)
    frame.select(RELEASE_COLUMNS).write_csv(releases)
    seen_at = datetime.combine(as_of_date + timedelta(days=_DAYS_UNTIL_OBSERVED), time(6)).isoformat() + "Z"
    seen = frame.filter(pl.col("track_id").is_not_null())
    seen.select("track_id", "popularity", pl.lit(seen_at).alias("observed_at")).write_csv(observed)


def _releasing(artists: Artists, n_known: int, n_songs: int, seed: int) -> Artists:
    """Choose who releases: known artists as often as they did, and every unknown one; keep their numbers."""
    size = np.zeros(len(artists.size), dtype=np.int64)
    unknown = np.arange(n_known, len(size))
    known = np.argsort(uniforms(seed, "releases", np.arange(n_known)) / np.sqrt(artists.size[:n_known]), kind="stable")
    who = np.concatenate([unknown, known])
    draw = uniforms(seed, "songs out", who)
    form = [draw < _SINGLES, draw < _SINGLES + _EPS]
    wanted = np.select(form, [1, 2 + (draw * 1000 % 5)], 7 + (draw * 1000 % 8)).astype(np.int64)
    size[who] = np.clip(n_songs - (np.cumsum(wanted) - wanted), 0, wanted)
    return replace(artists, size=size)


def _with_blanks(frame: pl.DataFrame, ids: np.ndarray, seed: int) -> pl.DataFrame:
    """Blank features, genres and ids of a few releases, as sources do."""
    draw = pl.Series(uniforms(seed, "blanks", ids))
    which = pl.Series((uniforms(seed, "which blank", ids) * len(NAMES)).astype(np.int8))
    return frame.with_columns(
        *(
            pl.when((draw < _BLANK_ALL) | ((draw < _BLANK_ALL + _BLANK_ONE) & (which == number)))
            .then(None)
            .otherwise(pl.col(name))
            .alias(name)
            for number, name in enumerate(NAMES)
        ),
        pl.when(draw > 1 - _BLANK_GENRE).then(None).otherwise(pl.col("genre")).alias("genre"),
        pl.when((draw > 0.5) & (draw < 0.5 + _NO_ID)).then(None).otherwise(pl.col("track_id")).alias("track_id"),
    )
