"""What a model version learned from: the ids of its training tracks, as hashes beside its weights."""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl

from songpop import model_folder


def save_learned(folder: Path, track_ids: pl.Series) -> None:
    """Write the hashes of a version's training tracks into its folder: 8 bytes a track."""
    pl.DataFrame({"track_hash": np.unique(_hashes(track_ids))}).write_parquet(folder / model_folder.TRAINED_ON)


def find_fresh(folder: Path, track_ids: pl.Series) -> np.ndarray:
    """Find the tracks that a version did not learn from, a mask of shape (n,).

    A version of before the hashes were kept may have learned from any of them.

    Raises:
        ModelError: the hashes can't be read.
    """
    learned = model_folder.read_optional_parquet(folder, model_folder.TRAINED_ON, ["track_hash"])
    if learned is None:
        return np.zeros(len(track_ids), bool)
    return ~np.isin(_hashes(track_ids), learned["track_hash"].to_numpy())


def _hashes(track_ids: pl.Series) -> np.ndarray:
    digests = (hashlib.blake2b(str(track_id).encode(), digest_size=8).digest() for track_id in track_ids)
    return np.frombuffer(b"".join(digests), np.uint64)
