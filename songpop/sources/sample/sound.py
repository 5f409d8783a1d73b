"""The thirteen audio features of planned tracks."""

import numpy as np

from songpop.sources.sample.catalogue import KIND_NUMBER, Artists, Rows
from songpop.sources.sample.draws import normals, uniforms
from songpop.sources.sample.world import FEATURES, World, feature_at

# Shares of a feature's variance within a genre: songs of one artist sound alike, versions of one song more.
_ARTIST_SHARE, _SONG_SHARE, _ROW_SHARE = 0.35, 0.5, 0.15
# Correlation of each feature with strength inside a genre-year cell (published), and with the year.
_WITH_STRENGTH = {
    "instrumentalness": -0.09,
    "loudness": 0.055,
    "duration_ms": -0.06,
    "danceability": 0.04,
    "speechiness": -0.03,
}
_WITH_YEAR = {"loudness": 0.08, "valence": -0.12, "duration_ms": -0.13}
# Weak tracks are the odd ones: how much wider each feature spreads a deviation further down.
_EXTREMES_WITH_STRENGTH = np.float32(0.05)
# What a title's remark says about the sound, in deviations within the genre.
_OF_KIND = {
    "plain": {"liveness": -0.07, "instrumentalness": -0.03},
    "live": {"liveness": 1.2, "acousticness": 0.2},
    "acoustic": {"acousticness": 1.3, "energy": -1.1, "loudness": -0.8},
    "instrumental": {"instrumentalness": 2.0, "speechiness": -0.5},
    "extended": {"duration_ms": 1.2, "danceability": 0.3},
    "radio edit": {"duration_ms": -0.5},
    "remix": {"danceability": 0.4, "energy": 0.3},
    "intro": {"duration_ms": -2.0, "instrumentalness": 0.6},
    "guest": {"speechiness": 0.4},
}
# Below this Spotify writes 0.
_SMALLEST = 1e-6
_ZERO_GENRES = ("sleep", "grindcore")
_ODD_METRES = ((0.78, 3), (0.915, 5), (1.0, 1))


def draw_sounds(world: World, artists: Artists, rows: Rows, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Draw the features of some tracks; `ids` are their numbers, those of `rows.song` being numbers too."""
    latent = _latent(world, artists, rows, ids, seed)
    sounds = {name: feature_at(world, number, latent[:, number]) for number, name in enumerate(FEATURES)}
    sounds["instrumentalness"][sounds["instrumentalness"] < _SMALLEST] = 0
    sounds["duration_ms"] = np.rint(sounds["duration_ms"]).astype(np.int64)
    sounds["tempo"] = np.rint(sounds["tempo"] * 1000) / 1000
    sounds["loudness"] = np.rint(sounds["loudness"] * 1000) / 1000
    key = np.searchsorted(world.key_cdf, uniforms(seed, "key", rows.song))
    sounds["key"] = np.minimum(key, 11).astype(np.int8)
    sounds["mode"] = (uniforms(seed, "mode", rows.song) < world.major_share[sounds["key"]]).astype(np.int8)
    sounds["time_signature"] = _metre(latent, rows.song, seed)
    _plant_failed_analyses(world, rows, ids, sounds, seed)
    return sounds


def _latent(world: World, artists: Artists, rows: Rows, ids: np.ndarray, seed: int) -> np.ndarray:
    """Draw correlated latent numbers around each genre's means, shape (n_rows, 10)."""
    n_features = len(FEATURES)
    latent = np.float32(np.sqrt(_SONG_SHARE)) * normals(seed, "sound of a song", rows.song, n_features)
    latent += np.float32(np.sqrt(_ROW_SHARE)) * normals(seed, "sound of a row", ids, n_features)
    latent += np.float32(np.sqrt(_ARTIST_SHARE)) * artists.sound[rows.artist]
    _mix(latent, world.mixing)
    latent *= world.feature_spread[rows.genre]
    latent *= (1 - _EXTREMES_WITH_STRENGTH * rows.strength)[:, None]
    latent += world.feature_shift[rows.genre]
    years = ((rows.year - 2012) / 6.8).astype(np.float32)
    for name, effect in _WITH_YEAR.items():
        latent[:, FEATURES.index(name)] += np.float32(effect) * years
    for name, effect in _WITH_STRENGTH.items():
        latent[:, FEATURES.index(name)] += np.float32(effect) * rows.strength
    for kind, effects in _OF_KIND.items():
        is_kind = np.flatnonzero(rows.kind == KIND_NUMBER[kind])
        for name, effect in effects.items():
            latent[is_kind, FEATURES.index(name)] += np.float32(effect)
    return latent


def _mix(latent: np.ndarray, mixing: np.ndarray) -> None:
    """Give independent columns their correlation, in place.

    Column by column, not as one matrix product: its sums would depend on the processor and on the number of
    rows, and with them the bytes of a sample.
    """
    for row in range(len(mixing) - 1, -1, -1):
        mixed = mixing[row, 0] * latent[:, 0]
        for column in range(1, row + 1):
            mixed += mixing[row, column] * latent[:, column]
        latent[:, row] = mixed


def _metre(latent: np.ndarray, song: np.ndarray, seed: int) -> np.ndarray:
    """Draw time signatures: four in 87 % of tracks, less often where one can't dance."""
    danceability, energy = latent[:, FEATURES.index("danceability")], latent[:, FEATURES.index("energy")]
    odd = 1 / (1 + np.exp(2.30 + 0.62 * danceability + 0.5 * energy))
    draw = uniforms(seed, "is odd", song)
    which = uniforms(seed, "which metre", song)
    metre = np.select([which < share for share, _ in _ODD_METRES], [beats for _, beats in _ODD_METRES], 1)
    return np.where(draw < odd, metre, 4).astype(np.int8)


def _plant_failed_analyses(world: World, rows: Rows, ids: np.ndarray, sounds: dict[str, np.ndarray], seed: int) -> None:
    """Set the five features to zero that a failed analysis leaves, in 0.1 % of tracks."""
    is_prone = np.isin(rows.genre, [world.genres.index(name) for name in _ZERO_GENRES])
    failed = uniforms(seed, "failed analysis", ids) < np.where(is_prone, 0.014, 0.0006)
    for name in ("danceability", "speechiness", "valence", "tempo", "time_signature"):
        sounds[name][failed] = 0
