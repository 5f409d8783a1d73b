"""The plan of a sample: who released what, when and how popular, as small arrays by artist, album and row."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from songpop.sources.sample.draws import hashed, normal, normal_cdf, normal_quantile, normals, uniforms
from songpop.sources.sample.world import FEATURES, FIRST_YEAR, N_YEARS, World

# Sizes of a catalogue are log-normal; popular artists have longer ones (published: a row's artist popularity
# is 40.5 on average, an artist's 29.9).
_SIZE_SPREAD, _SIZE_WITH_POPULARITY = 1.2, 0.58
# Shares of the variance of popularity inside a genre-year cell (published: 9.4 points within an artist, 6.3
# within artist, genre and year, 9.7 within genre and year).
_ARTIST_SHARE, _ALBUM_SHARE, _SONG_SHARE = 0.36, 0.25, 0.39
_ARTIST_POPULARITY_CORRELATION = 0.66
# Artists still heard today have more of their songs in late years: correlation of fame and era.
_FAME_WITH_ERA = 0.22
# Famous artists sing: how far their sound strays from instrumental, in deviations.
_FAME_WITH_VOICE = 0.18
# Songs of an artist nobody hears have no plays: deviations a point of artist popularity
# below 20. Stars' songs are heard more than in proportion, from 70 on.
_UNHEARD_EFFECT, _STAR_EFFECT = -0.06, 0.04
# Of every song's own part, what its live, remixed or second version shares with it.
_VERSION_SHARED = 0.7
_CHUNK = 1_000_000

# What stands behind a title: name, share among second versions, share among other songs, effect on
# popularity in deviations of a cell (remarks on real titles: live -2 points, remix -1.8, guest +3).
KINDS: tuple[tuple[str, float, float, float], ...] = (
    ("plain", 0.16, 0.9045, 0.02),
    ("live", 0.22, 0.012, -0.45),
    ("remix", 0.22, 0.018, -0.40),
    ("remaster", 0.12, 0.004, -0.20),
    ("acoustic", 0.04, 0.002, -0.35),
    ("radio edit", 0.05, 0.002, -0.05),
    ("instrumental", 0.05, 0.001, -0.55),
    ("extended", 0.04, 0.002, -0.30),
    ("demo", 0.03, 0.0005, -0.50),
    ("version", 0.05, 0.004, -0.20),
    ("original mix", 0.02, 0.011, -0.40),
    ("guest", 0.0, 0.030, 0.30),
    ("intro", 0.0, 0.004, -0.55),
    ("from a film", 0.0, 0.005, 0.0),
)
KIND_NUMBER = {kind[0]: number for number, kind in enumerate(KINDS)}
# What the effects above add up to, taken off again so that the cells keep their distributions; beyond
# `_STRONGEST` they count half, as no more than 17 real tracks stand above 90.
_STRENGTH_MEAN, _STRENGTH_SD, _STRONGEST = 0.043, 1.061, 3.3
_TITLE_TRACK_EFFECT, _EARLY_POSITION_EFFECT, _N_EARLY = 0.30, 0.12, 3

LITERAL_NAMES = ("None", "Null", "!!!")
_LITERAL_GENRES = ("black-metal", "black-metal", "alt-rock")


@dataclass
class Artists:
    """One element an artist; `latent` is what popularity rests on, `sound` has shape (n, 10)."""

    ids: np.ndarray
    genre: np.ndarray
    size: np.ndarray
    latent: np.ndarray
    era: np.ndarray
    popularity: np.ndarray
    sound: np.ndarray
    is_missing: np.ndarray


@dataclass
class Rows:
    """One element a track: the plan that features, titles and ids are made from.

    `song` is the row of the first version of the same song; `strength` is the standard normal rank of the
    popularity within its genre-year cell; `day` counts from 1 January of the year.
    """

    artist: np.ndarray
    album: np.ndarray
    song: np.ndarray
    genre: np.ndarray
    year: np.ndarray
    kind: np.ndarray
    strength: np.ndarray
    popularity: np.ndarray

    def __len__(self) -> int:
        """Count the tracks."""
        return len(self.artist)

    def take(self, rows: np.ndarray | slice) -> "Rows":
        """Pick some of the tracks."""
        return Rows(**{name: value[rows] for name, value in vars(self).items()})


@cache
def read_words() -> dict[str, Any]:
    """Read the word lists, split into lists of words."""
    words: dict[str, Any] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    words["families"] = {name: genres.split("|") for name, genres in words["families"].items()}
    for slots in words["titles"].values():
        for slot in slots:
            slot[1] = slot[1].split("|")
    words["invented"] = {name: [part.split("|") for part in parts] for name, parts in words["invented"].items()}
    words["names"] = {name: text.split("|") for name, text in words["names"].items()}
    return words


def family_of_genre(genres: list[str]) -> np.ndarray:
    """Number the family of words and sounds of each genre, shape (n_genres,)."""
    families = read_words()["families"]
    number = {genre: n for n, members in enumerate(families.values()) for genre in members}
    return np.array([number[genre] for genre in genres], dtype=np.uint8)


def tracks_per_artist(n_rows: int) -> float:
    """Choose the mean size of an artist's catalogue: 18 as in the real file, fewer below 100,000 rows.

    A sample of 6,000 rows at 18 an artist would hold four artists a genre; 8 leave enough of them to learn
    from and still give albums and track records.
    """
    return float(18 * min(1.0, (n_rows / 100_000) ** 0.3))


def plan_artists(world: World, n_rows: int, seed: int, n_unknown: int) -> Artists:
    """Draw artists until each genre has its rows; the last `n_unknown` have no track yet."""
    genre, size, with_popularity = _sizes(world, n_rows, seed)
    n_known = len(genre)
    ids = np.arange(n_known + n_unknown)
    extra = (
        uniforms(seed, "genre of an unknown artist", ids[n_known:])[:, None] > np.cumsum(world.table["share"])
    ).sum(1)
    genre = np.concatenate([genre, np.minimum(extra, len(world.genres) - 1)]).astype(np.uint8)
    size = np.concatenate([size, np.zeros(n_unknown, dtype=np.int64)])
    fame = np.concatenate([with_popularity, normal(seed, "fame", ids[n_known:]) - 1.5])
    mean = np.average(fame, weights=size)
    fame = (fame - mean) / np.sqrt(np.average((fame - mean) ** 2, weights=size))
    own = normal(seed, "talent", ids)
    latent = _ARTIST_POPULARITY_CORRELATION * fame + np.sqrt(1 - _ARTIST_POPULARITY_CORRELATION**2) * own
    era = normal(seed, "era", ids)
    shown = np.sqrt(1 - _FAME_WITH_ERA**2) * fame + _FAME_WITH_ERA * era
    popularity = (
        world.table["artist_popularity"][genre] - 0.8 + 1.06 * world.table["artist_popularity_sd"][genre] * shown
    )
    popularity = np.clip(np.rint(popularity), 0, 100)
    unheard = _UNHEARD_EFFECT * np.maximum(20 - popularity, 0) + _STAR_EFFECT * np.maximum(popularity - 70, 0)
    weight = np.bincount(genre, size, minlength=len(world.genres))
    latent += unheard - (np.bincount(genre, unheard * size, minlength=len(world.genres)) / np.maximum(weight, 1))[genre]
    sound = normals(seed, "sound of an artist", ids, len(FEATURES))
    sound[:, FEATURES.index("instrumentalness")] -= _FAME_WITH_VOICE * fame
    missing = world.table["missing_artist_share"][genre] * 0.91 * np.exp(-0.35 * fame - 0.35 * latent - 0.14)
    is_missing = uniforms(seed, "missing", ids) < np.where(size > 0, missing, 0.5)
    return Artists(ids, genre, size, latent.astype(np.float32), era, popularity, sound, is_missing)


def _sizes(world: World, n_rows: int, seed: int) -> tuple[np.ndarray, ...]:
    """Share the rows out over genres and then over artists; three artists have names that trip programs up."""
    quota = np.floor(world.table["share"] * n_rows).astype(np.int64)
    quota[np.argsort(-world.table["share"])[: n_rows - quota.sum()]] += 1
    mean = tracks_per_artist(n_rows)
    scale = np.log(max(mean - 1, 1)) - _SIZE_SPREAD**2 / 2
    rng = np.random.default_rng([seed, 1])
    genres, sizes, fames = [], [], []
    for genre, n_tracks in enumerate(quota):
        n_artists = int(n_tracks / mean * 3) + 20
        fame = rng.standard_normal(n_artists)
        spread = _SIZE_WITH_POPULARITY * fame + np.sqrt(1 - _SIZE_WITH_POPULARITY**2) * rng.standard_normal(n_artists)
        size = 1 + np.exp(scale + _SIZE_SPREAD * spread).astype(np.int64)
        size = np.minimum(size, max(12, int(0.12 * n_tracks)))
        literal = _LITERAL_GENRES.count(world.genres[genre])
        size[:literal] = max(2, n_rows // 150_000)
        while size.sum() < n_tracks:
            size, fame = np.tile(size, 2), np.concatenate([fame, rng.standard_normal(len(fame))])
        kept = int(np.searchsorted(np.cumsum(size), n_tracks)) + 1
        size = size[:kept]
        size[-1] -= size.sum() - n_tracks
        genres.append(np.full(kept, genre))
        sizes.append(size)
        fames.append(fame[:kept])
    return np.concatenate(genres), np.concatenate(sizes), np.concatenate(fames)


def literal_artists(world: World, artists: Artists) -> list[int]:
    """Find the artists that bear `LITERAL_NAMES`: the first ones of two genres."""
    first = {name: int(np.argmax(artists.genre == world.genres.index(name))) for name in set(_LITERAL_GENRES)}
    return [first[genre] + _LITERAL_GENRES[:n].count(genre) for n, genre in enumerate(_LITERAL_GENRES)]


def plan_rows(
    world: World, artists: Artists, seed: int, purpose: str = "track", *, one_album_each: bool = False
) -> tuple[Rows, np.ndarray]:
    """Draw albums, songs and popularity for every artist; also return which row names each album.

    Returns:
        the rows in the order of artists and albums, and the first row of each album.
    """
    n_rows = int(artists.size.sum())
    artist = np.repeat(np.arange(len(artists.size), dtype=np.int32), artists.size)
    start = np.diff(artist, prepend=-1) != 0
    if not one_album_each:
        ends = np.cumsum(_album_sizes(seed, purpose, n_rows))
        start[ends[ends < n_rows]] = True
    album = (np.cumsum(start) - 1).astype(np.int32)
    first_row = np.flatnonzero(start)
    genre, year = _album_genre_and_year(world, artists, artist[first_row], seed, purpose)
    song, kind = _songs(seed, purpose, artist)
    rows = Rows(
        artist, album, song, genre[album], year[album], kind, np.zeros(n_rows, np.float32), np.zeros(n_rows, np.uint8)
    )
    for begin in range(0, n_rows, _CHUNK):
        _fill_popularity(world, artists, rows, first_row, slice(begin, begin + _CHUNK), seed, purpose)
    return rows, first_row


def _album_sizes(seed: int, purpose: str, n_rows: int) -> np.ndarray:
    """Draw sizes of singles (1), EPs (2-6) and albums (7-18) that together fill the rows."""
    ids = np.arange(n_rows // 4 + 100)
    form = uniforms(seed, purpose + "/form", ids)
    size = uniforms(seed, purpose + "/size", ids)
    return np.where(form < 0.3, 1, np.where(form < 0.5, 2 + size * 5, 7 + size * 12)).astype(np.int64)


def _album_genre_and_year(
    world: World, artists: Artists, artist: np.ndarray, seed: int, purpose: str
) -> tuple[np.ndarray, np.ndarray]:
    """Give each album a genre, one in sixteen a neighbour of its artist's, and a year near the artist's own."""
    ids = np.arange(len(artist))
    genre = artists.genre[artist].astype(np.uint8)
    moved = np.flatnonzero(uniforms(seed, purpose + "/moves", ids) < 0.06)
    family = family_of_genre(world.genres)
    mixed = np.lexsort((hashed(seed, purpose + "/mix", moved), family[genre[moved]]))
    genre[moved[mixed]] = genre[np.roll(moved[mixed], 1)]
    era = 0.75 * artists.era[artist] + 0.6614 * normal(seed, purpose + "/year", ids)
    ladder = (world.year_cdf / world.year_cdf[:, -1:] + np.arange(len(world.genres))[:, None]).ravel()
    year = np.searchsorted(ladder, genre + np.clip(normal_cdf(era), 1e-6, 1 - 1e-6)) - genre.astype(np.int64) * N_YEARS
    return genre, (np.clip(year, 0, N_YEARS - 1) + FIRST_YEAR).astype(np.int16)


def _songs(seed: int, purpose: str, artist: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make one row in eight a version of an earlier song of its artist, and say what stands behind each title."""
    rows = np.arange(len(artist), dtype=np.int32)
    place = rows - np.maximum.accumulate(np.where(np.diff(artist, prepend=-1) != 0, rows, 0))
    is_version = (uniforms(seed, purpose + "/version", rows) < 0.135) & (place > 0)
    back = 1 + (uniforms(seed, purpose + "/which", rows) * np.minimum(place, 40)).astype(np.int32)
    song = np.where(is_version, rows - np.minimum(back, place), rows).astype(np.int32)
    while not np.array_equal(song, song[song]):
        song = song[song]
    draw = uniforms(seed, purpose + "/kind", rows)
    of_version = np.searchsorted(np.cumsum([kind[1] for kind in KINDS]), draw)
    of_other = np.searchsorted(np.cumsum([kind[2] for kind in KINDS]), draw)
    kind = np.minimum(np.where(is_version, of_version, of_other), len(KINDS) - 1).astype(np.uint8)
    return song, kind


def _fill_popularity(
    world: World, artists: Artists, rows: Rows, first_row: np.ndarray, part: slice, seed: int, purpose: str
) -> None:
    """Fill in strength and popularity for some rows."""
    song, album, artist, kind = rows.song[part], rows.album[part], rows.artist[part], rows.kind[part]
    row = np.arange(part.start, part.start + len(song))
    noise = np.sqrt(_VERSION_SHARED) * normal(seed, purpose + "/song", song)
    noise += np.sqrt(1 - _VERSION_SHARED) * normal(seed, purpose + "/row", row)
    strength = np.sqrt(_ARTIST_SHARE) * artists.latent[artist] + np.sqrt(_SONG_SHARE) * noise
    strength += np.sqrt(_ALBUM_SHARE) * normal(seed, purpose + "/album", album)
    strength += np.array([kind_[3] for kind_ in KINDS])[kind]
    is_title_track = (first_row[album] == song) & (kind == 0) & named_after_its_first_song(seed, purpose, album)
    strength += _TITLE_TRACK_EFFECT * is_title_track
    strength += _EARLY_POSITION_EFFECT * (row - first_row[album] < _N_EARLY)
    strength = (strength - _STRENGTH_MEAN) / _STRENGTH_SD
    strength -= 0.5 * np.maximum(strength - _STRONGEST, 0)
    rows.strength[part] = strength
    rows.popularity[part] = popularity_at(world, rows.genre[part], rows.year[part], strength)


def named_after_its_first_song(seed: int, purpose: str, album: np.ndarray) -> np.ndarray:
    """Say which albums bear the name of their first song."""
    return uniforms(seed, purpose + "/named after", album) < 0.55


def popularity_at(world: World, genre: np.ndarray, year: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Turn strength within a cell into popularity: the cell's share of zeros, then a gamma distribution.

    Source: Wilson and Hilferty 1931 for the quantiles of the gamma distribution.
    """
    cell = (genre, np.asarray(year, dtype=np.int64) - FIRST_YEAR)
    zero = world.cell_zero[cell]
    mean = world.cell_mean[cell] / (1 - zero)
    variance = np.maximum((world.cell_sd[cell] ** 2 + world.cell_mean[cell] ** 2) / (1 - zero) - mean**2, 0.2 * mean)
    shape = mean**2 / variance
    rank = normal_cdf(strength)
    above = normal_quantile(np.clip((rank - zero) / (1 - zero), 1e-9, 1 - 1e-9))
    ninth = 1 / (9 * shape)
    value = mean * np.maximum(1 - ninth + above * np.sqrt(ninth), 0) ** 3
    value = np.where(rank < zero, 0, np.maximum(np.rint(value), 1))
    return np.minimum(value, 100).astype(np.uint8)
