"""What a model version learned from: the ids of its training tracks, as hashes beside its weights."""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl

FILE = "trained_on.parquet"


def save_learned(folder: Path, track_ids: pl.Series) -> None:
    """Write the hashes of a version's training tracks into its folder: 8 bytes a track."""
    pl.DataFrame({"track_hash": np.unique(_hashes(track_ids))}).write_parquet(folder / FILE)


def find_fresh(folder: Path, track_ids: pl.Series) -> np.ndarray:
    """Find the tracks that a version did not learn from, a mask of shape (n,).

    A version whose folder does not tell may have learned from any of them.
    """
    try:
        learned = pl.read_parquet(folder / FILE)["track_hash"].to_numpy()
    except (OSError, pl.exceptions.PolarsError):
        return np.zeros(len(track_ids), bool)
    return ~np.isin(_hashes(track_ids), learned)


def _hashes(track_ids: pl.Series) -> np.ndarray:
    digests = (hashlib.blake2b(str(track_id).encode(), digest_size=8).digest() for track_id in track_ids)
    return np.frombuffer(b"".join(digests), np.uint64)
