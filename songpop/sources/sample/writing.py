"""Writes a sample's files, chunk by chunk, in the order and with the leaking index of the real file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from songpop.audio_features import NAMES, SHARES
from songpop.sources.sample.catalogue import Artists, Rows, family_of_genre
from songpop.sources.sample.draws import hashed, normal, spotify_ids, uniforms
from songpop.sources.sample.sound import draw_sounds
from songpop.sources.sample.wording import add_remarks, name_albums, title_songs
from songpop.sources.sample.world import World

TRACK_COLUMNS = ("artist_name", "track_name", "track_id", "popularity", "year", "genre", *NAMES)
CHUNK_ROWS = 100_000
# The file's order inside a genre-year cell is popularity with this much noise (in deviations).
_ORDER_NOISE = 0.62
# Rows of 2012 and later stand first without gaps; of the others' numbers 63 % are left (published).
_FIRST_PART_YEAR, _DENSITY = 2012, 0.635
_N_DAY, _N_MONTH = 0.927, 0.937


@dataclass(frozen=True)
class Cast:
    """Everything a chunk is worded from: the world, the artists with their names, and the seed."""

    world: World
    artists: Artists
    names: pl.Series
    seed: int

    def families(self, rows: Rows) -> np.ndarray:
        """Number each row's family of words."""
        families: np.ndarray = family_of_genre(self.world.genres)[rows.genre]
        return families


def as_text(letters: np.ndarray) -> pl.Series:
    """Turn an array of ASCII letters, shape (n, width), into a column of text."""
    n_rows, width = letters.shape
    offsets = np.arange(0, (n_rows + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pl.Series(pa.Array.from_buffers(pa.string(), n_rows, buffers))


def file_order(rows: Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Order the rows as the real file is, and number them with its gaps.

    Returns:
        the rows' numbers in file order, and the index column of the file, which leaks popularity.
    """
    n_rows = len(rows)
    order_key = np.where(rows.year >= _FIRST_PART_YEAR, rows.year - 100, rows.year).astype(np.int64)
    order_key = (order_key * 128 + rows.genre) << 32
    noise = -rows.strength.astype(np.float32)
    noise += np.float32(_ORDER_NOISE) * normal(seed, "order", np.arange(n_rows, dtype=np.uint32))
    order_key += ((noise + 16) * 2**26).astype(np.int64)
    order = np.argsort(order_key, kind="stable").astype(np.int32)
    del order_key
    index = np.ones(n_rows, dtype=np.int64)
    n_first = int((rows.year >= _FIRST_PART_YEAR).sum())
    gaps = uniforms(seed, "gaps", np.arange(n_rows - n_first))
    index[n_first:] = 1 + np.floor(np.log1p(-gaps) / np.log(1 - _DENSITY)).astype(np.int64)
    return order, np.cumsum(index) - 1


def word_tracks(cast: Cast, rows: Rows, ids: np.ndarray, purpose: str = "track") -> pl.DataFrame:
    """Make names, ids and features of some planned rows; the columns are those of a tracks file."""
    titles = title_songs(cast.seed, purpose + "/song", rows.song, cast.families(rows))
    sounds = draw_sounds(cast.world, cast.artists, rows, ids, cast.seed)
    names = cast.names.gather(rows.artist.astype(np.uint32))
    is_shouted = uniforms(cast.seed, "case", rows.artist) < 0.009
    is_shouted &= uniforms(cast.seed, "case of a row", ids) < 0.4
    frame = pl.DataFrame(
        {
            "artist_name": names,
            "track_name": add_remarks(cast.seed, titles, rows.kind, ids, cast.families(rows)),
            "track_id": as_text(spotify_ids(cast.seed, purpose, ids)),
            "popularity": rows.popularity,
            "year": rows.year,
            "genre": pl.Series(cast.world.genres).gather(rows.genre.astype(np.uint32)),
            **{name: sounds[name] for name in NAMES},
        }
    )
    return frame.with_columns(
        pl.when(pl.Series(is_shouted))
        .then(pl.col("artist_name").str.to_uppercase())
        .otherwise("artist_name")
        .alias("artist_name"),
        pl.col(*SHARES).cast(pl.Float64).round_sig_figs(3),
        pl.col("loudness", "tempo").cast(pl.Float64).round(3),
    ).select(TRACK_COLUMNS)


def word_albums(
    cast: Cast, rows: Rows, first_song: np.ndarray, sizes: np.ndarray, track_ids: pl.Series, purpose: str = "track"
) -> pl.DataFrame:
    """Make the albums of some planned rows; the columns are those of an albums file.

    `first_song` and `sizes` tell of each album, by its number, the first song and how many tracks it has.
    """
    album, example, place = np.unique(rows.album, return_index=True, return_inverse=True)
    families = cast.families(rows)[example]
    first = title_songs(cast.seed, purpose + "/song", first_song[album], families)
    facts = pl.DataFrame(
        {
            "album_id": as_text(spotify_ids(cast.seed, purpose + "/album", album)),
            "album_name": name_albums(cast.seed, purpose, album, sizes[album], first, families),
            "release_date": _release_dates(cast.seed, album, rows.year[example]),
        }
    )
    return facts[place.astype(np.uint32)].insert_column(0, track_ids)


def _release_dates(seed: int, album: np.ndarray, year: np.ndarray) -> pl.Series:
    """Write each album's date as a day, or as a month or a year where no more is known."""
    days = (uniforms(seed, "day of release", album) * 365).astype(np.int64)
    dates = (year.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]") + days
    # Older records are more often dated by year alone.
    precision = uniforms(seed, "precision", album) + np.float32(0.004) * (2012 - year)
    text = pl.Series(dates).dt.to_string("%Y-%m-%d")
    return pl.select(
        pl.when(pl.Series(precision < _N_DAY))
        .then(text)
        .when(pl.Series(precision < _N_MONTH))
        .then(text.str.head(7))
        .otherwise(text.str.head(4))
    ).to_series()


def write_tracks_and_albums(
    cast: Cast, rows: Rows, first_row: np.ndarray, tracks: Path, albums: Path, advance: Callable[..., None] | None
) -> None:
    """Write the tracks file and the albums file in the real file's order."""
    order, index = file_order(rows, cast.seed)
    first_song, sizes = rows.song[first_row], np.bincount(rows.album)
    with tracks.open("wb") as tracks_file, albums.open("wb") as albums_file:
        tracks_file.write((",".join(('""', *TRACK_COLUMNS)) + "\n").encode())
        for begin in range(0, len(rows), CHUNK_ROWS):
            ids = order[begin : begin + CHUNK_ROWS]
            part = rows.take(ids)
            frame = word_tracks(cast, part, ids)
            numbered = frame.insert_column(0, pl.Series("", index[begin : begin + CHUNK_ROWS]))
            numbered.write_csv(tracks_file, include_header=False)
            album_frame = word_albums(cast, part, first_song, sizes, frame["track_id"])
            album_frame.write_csv(albums_file, include_header=begin == 0)
            if advance is not None:
                advance(len(part))


def write_artists(cast: Cast, path: Path, as_of_date: date) -> None:
    """Write the artists file: most artists once, a few twice, 9 % of the tracks' artists not at all."""
    artists = cast.artists
    known = np.flatnonzero(~artists.is_missing)
    draw = uniforms(cast.seed, "twice", known)
    # Published: 2,724 exact duplicates and 408 names with two values among 63,873 rows.
    copies = [known, known[draw < 0.043], known[draw > 0.9936]]
    who = np.concatenate(copies)
    change = np.concatenate([np.zeros(len(known) + len(copies[1])), np.ones(len(copies[2]))])
    order = np.argsort(hashed(cast.seed, "order of artists", who), kind="stable")
    who, change = who[order], change[order]
    days = (uniforms(cast.seed, "fetched", who) * 60).astype(np.int64) + 1
    seconds = (uniforms(cast.seed, "fetched at", who) * 86_400).astype(np.int64)
    moments = np.datetime64(as_of_date) - days.astype("timedelta64[D]") + seconds.astype("timedelta64[s]")
    popularity = np.clip(artists.popularity[who] - change, 0, 100).astype(np.int16)
    pl.DataFrame(
        {
            "artist_name": cast.names.gather(who.astype(np.uint32)),
            "popularity": popularity,
            "fetched_at": pl.Series(moments.astype("datetime64[us]")).dt.to_string("%Y-%m-%dT%H:%M:%SZ"),
            "artist_id": as_text(spotify_ids(cast.seed, "artist", who)),
        }
    ).write_csv(path)


def recent_dates(seed: int, albums: np.ndarray, as_of_date: date) -> list[str]:
    """Draw a date of release in the 28 days before a day, one an album."""
    days = (uniforms(seed, "days since release", albums) * 28).astype(int)
    return [(as_of_date - timedelta(days=int(n))).isoformat() for n in days]
