"""A scoring model with a planted rule in place of the network, for tests of what is told about scores."""

from functools import cache

import numpy as np
import polars as pl
from small_frames import planted_frame

from songpop.estimators.distribution import predictions_of
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.encoder import CATEGORIES, NUMERIC
from songpop.scoring.contributions import reference_row
from songpop.scoring.model import ScoringModel
from songpop.scoring.what_if_inputs import experience_of


class PlantedNet:
    """Popularity follows danceability, the artist's popularity, the genre and remixes; genre and sound play together.

    Attributes:
        n_rows: how many rows it was asked for, in all.
    """

    family = "planted"
    margin = 0.05

    def __init__(self) -> None:
        """Begin to count."""
        self.n_rows = 0

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict bell curves over 0..100, shape (n, 101)."""
        self.n_rows += len(rows)
        danceability, popularity, remix = (
            np.nan_to_num(rows.numeric[:, NUMERIC.index(name)], nan=missing).astype(float)
            for name, missing in (("danceability", 0.5), ("artist_popularity", 40.0), ("is_remix", 0.0))
        )
        is_pop = rows.categories[:, CATEGORIES.index("genre")] == 1
        mean = 20 + 20 * danceability * (1 + is_pop) + 0.3 * popularity + 10 * is_pop - 12 * remix + self.more(rows)
        pmf = np.exp(-0.5 * ((np.arange(101) - mean[:, None]) / 9) ** 2)
        shares: np.ndarray = (pmf / pmf.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares

    def more(self, rows: EncodedRows) -> np.ndarray:
        """Return what another rule adds to each row's popularity, shape (n,)."""
        return np.zeros(len(rows))

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive predictions with one margin for all."""
        return predictions_of(pmf, self.margin)


class DatedNet(PlantedNet):
    """New songs are more popular, too: by a point a year, and those of unknown age are as if of 1995."""

    def more(self, rows: EncodedRows) -> np.ndarray:
        """Return points for how new each row is, shape (n,)."""
        years: np.ndarray = np.nan_to_num(rows.numeric[:, NUMERIC.index("release_time")], nan=1995.0) - 2015
        return years


class PlantedTrees:
    """A benchmark that says 30."""

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict 30, n times."""
        return pl.DataFrame({"score": np.full(len(rows), 30.0)})


@cache
def _fitted() -> tuple[FeatureEncoder, dict[str, float | None], dict[str, list[float]]]:
    frame = planted_frame(300)
    encoder, _ = FeatureEncoder.fit(frame, 0)
    return encoder, reference_row(encoder.transform(frame)), experience_of(frame)


def planted_model(net: PlantedNet | None = None) -> ScoringModel:
    """Return a model with the planted network or another, and an encoder fitted on a planted frame."""
    encoder, reference, experience = _fitted()
    net = net or PlantedNet()
    return ScoringModel("keras-planted", encoder, net, net, PlantedTrees(), reference, experience)
