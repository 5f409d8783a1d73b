"""Estimators: fitted things that turn encoded rows into predictions, all with the same outputs."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from songpop.features import EncodedRows

BIN_EDGES = (25, 50, 75)
BIN_COLUMNS = ("p_0_25", "p_26_50", "p_51_75", "p_76_100")
PREDICTION_COLUMNS = ("score", "score_low", "score_high", *BIN_COLUMNS)
N_VALUES = 101
COVERAGE = 0.90


class Estimator(Protocol):
    """What training and evaluation ask of every estimator, the network and its peers alike."""

    family: str

    def fit(self, rows: EncodedRows, popularity: np.ndarray, *, seed: int, threads: int) -> Any:
        """Fit on encoded training rows and their popularity, shape (n,)."""

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict `PREDICTION_COLUMNS`, one row an encoded row, in the same order."""

    def save(self, folder: Path) -> None:
        """Write the fitted estimator into a model's folder."""


def bin_of(popularity: np.ndarray) -> np.ndarray:
    """Number the course project's four bins, 0 for 0-25 up to 3 for 76-100; scores are rounded first."""
    return np.digitize(np.round(popularity), np.asarray(BIN_EDGES) + 0.5)
