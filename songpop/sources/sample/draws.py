"""Random numbers as hashes of (seed, purpose, id), so no chunk size or order can change them."""

import hashlib
import math
from functools import cache

import numpy as np

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


@cache
def _normal_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tabulate the normal distribution: a grid, its distribution function there, 65,536 even quantiles."""
    grid = np.linspace(-6.5, 6.5, 6501)
    cdf = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in grid])
    return grid, cdf, np.interp((np.arange(65536) + 0.5) / 65536, cdf, grid).astype(np.float32)


def hashed(seed: int, purpose: str, ids: np.ndarray) -> np.ndarray:
    """Hash each id to 64 bits, independently for each seed and purpose.

    Source: the finaliser of SplitMix64, Steele, Lea and Flood 2014.
    """
    salt = np.uint64(int.from_bytes(hashlib.sha256(f"{seed}:{purpose}".encode()).digest()[:8], "little"))
    bits = ids.astype(np.uint64)
    bits *= np.uint64(0x9E3779B97F4A7C15)
    bits += salt
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def uniforms(seed: int, purpose: str, ids: np.ndarray) -> np.ndarray:
    """Draw one number in [0, 1) an id."""
    return (hashed(seed, purpose, ids) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def normals(seed: int, purpose: str, ids: np.ndarray, n_columns: int = 1) -> np.ndarray:
    """Draw standard normal numbers, shape (n_ids, n_columns); four come from each hash."""
    n_hashes = -(-n_columns // 4)
    words = np.empty((len(ids), n_hashes), dtype=np.uint64)
    for number in range(n_hashes):
        words[:, number] = hashed(seed, f"{purpose}/{number}", ids)
    return _normal_tables()[2][words.view(np.uint16)[:, :n_columns]]


def normal(seed: int, purpose: str, ids: np.ndarray) -> np.ndarray:
    """Draw one standard normal number an id, shape (n_ids,)."""
    return _normal_tables()[2][(hashed(seed, purpose, ids) >> np.uint64(48)).astype(np.uint16)]


def normal_cdf(values: np.ndarray) -> np.ndarray:
    """Look up the standard normal distribution function."""
    grid, cdf, _ = _normal_tables()
    shares: np.ndarray = np.interp(values, grid, cdf)
    return shares


def normal_quantile(shares: np.ndarray) -> np.ndarray:
    """Look up the inverse of the standard normal distribution function, within 6.5 deviations."""
    grid, cdf, _ = _normal_tables()
    values: np.ndarray = np.interp(shares, cdf, grid)
    return values


@cache
def _three_characters() -> np.ndarray:
    """Spell every number below 62 ** 3 in base 62, shape (238328, 3)."""
    number = np.arange(62**3)
    return np.stack([_ALPHABET[number // 3844], _ALPHABET[number // 62 % 62], _ALPHABET[number % 62]], axis=1)


def spotify_ids(seed: int, purpose: str, ids: np.ndarray) -> np.ndarray:
    """Make ids of 22 base-62 characters, as Spotify's are, as an array of bytes, shape (n_ids, 22)."""
    text = np.empty((len(ids), 22), dtype=np.uint8)
    text[:, 0] = _ALPHABET[(hashed(seed, purpose + "/first", ids) & np.uint64(7)).astype(np.int64)]
    position = 1
    for number, n_triples in enumerate((3, 3, 1)):
        bits = hashed(seed, f"{purpose}/{number}", ids)
        for _ in range(n_triples):
            text[:, position : position + 3] = _three_characters()[(bits % np.uint64(238328)).astype(np.int64)]
            bits //= np.uint64(238328)
            position += 3
    return text
