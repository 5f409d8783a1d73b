"""Estimators: fitted things that turn encoded rows into predictions, all with the same outputs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
import polars as pl

from songpop.features import EncodedRows, FeatureEncoder

if TYPE_CHECKING:
    from songpop.estimators.dead_ids import DeadIds

BIN_EDGES = (25, 50, 75)
BIN_COLUMNS = ("p_0_25", "p_26_50", "p_51_75", "p_76_100")
# The score minimises the absolute error and leans to the median; sums, averages and R² ask for the mean.
PREDICTION_COLUMNS = ("score", "score_mean", "score_low", "score_high", *BIN_COLUMNS)
N_VALUES = 101
COVERAGE = 0.90

# The network scores releases, the benchmark is always fitted beside it, a blend of both scores where it is surely
# better, and a baseline is what doing nothing gives.
Role = Literal["network", "benchmark", "blend", "baseline"]


class Predictor(Protocol):
    """What scoring asks of a fitted estimator."""

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict `PREDICTION_COLUMNS`, one row an encoded row, in the same order."""


@runtime_checkable
class DistributionPredictor(Predictor, Protocol):
    """What scoring asks of a fitted network.

    Attributes:
        family: its name in tables.
    """

    family: str

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive `PREDICTION_COLUMNS` from the distributions of rows, shape (n, 101)."""


class Estimator(Predictor, Protocol):
    """What training and evaluation ask of every estimator, the network and its peers alike.

    Attributes:
        family: its name in tables.
        label: its name for a person.
    """

    family: str
    label: str

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int,
        threads: int,
        source: np.ndarray | None = None,
        dead: "DeadIds | None" = None,
    ) -> Any:
        """Fit on encoded training rows and their popularity, shape (n,); as the network shipped is."""

    def save(self, folder: Path) -> None:
        """Write the fitted estimator into a model's folder."""


class Benchmark(Estimator, DistributionPredictor, Protocol):
    """What training asks of the benchmark besides.

    Attributes:
        packages: whose versions its fit depends on.
        tuning: what was tried in the last fit, with errors and seconds.
    """

    packages: tuple[str, ...]
    tuning: dict[str, Any]

    @classmethod
    def load(cls, folder: Path) -> DistributionPredictor:
        """Read what `save` wrote, or raise a ModelError."""

    def importance(self) -> dict[str, float]:
        """Return the share of each feature in what was learned."""


class Network(Estimator, Protocol):
    """What training asks of the network besides.

    Attributes:
        packages, scoring_packages: whose versions its fit and its scores depend on.
        held_out: numbers of rows of the last fit, shape (m,), and distributions for them by what had not seen them,
            shape (m, 101).
    """

    packages: tuple[str, ...]
    scoring_packages: tuple[str, ...]
    held_out: tuple[np.ndarray, np.ndarray]

    def __init__(self, encoder: FeatureEncoder) -> None:
        """Make an unfitted network for the arrays of one encoder."""

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""

    def digest(self) -> str:
        """Compute a SHA-256 of what was fitted; its first digits end the version's name."""

    @classmethod
    def load_for_scoring(cls, folder: Path, threads: int = 1) -> DistributionPredictor:
        """Open what `save` wrote without what only training needs, or raise a ModelError."""


def bin_of(popularity: np.ndarray) -> np.ndarray:
    """Number the course project's four bins, 0 for 0-25 up to 3 for 76-100; scores are rounded first."""
    return np.digitize(np.round(popularity), np.asarray(BIN_EDGES) + 0.5)
