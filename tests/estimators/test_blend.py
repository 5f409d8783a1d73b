"""The blend: half of each where it ships, the network alone elsewhere."""

import numpy as np
import polars as pl
import pytest
from planted_model import PlantedNet

from songpop.estimators import BIN_COLUMNS, N_VALUES, PREDICTION_COLUMNS
from songpop.estimators.blend import Blend, blend_of
from songpop.estimators.distribution import predictions_of, with_pmf
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC


class _Trees:
    """A benchmark that says 20."""

    family = "lightgbm"

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        pmf = np.zeros((len(rows), N_VALUES))
        pmf[:, 20] = 1
        return pmf

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        return predictions_of(pmf, 0.05)


def _rows() -> EncodedRows:
    """Rows of a known year, of the newest day, of a later one, and of no time."""
    numeric = np.zeros((4, len(NUMERIC)), np.float32)
    numeric[:, NUMERIC.index("release_time")] = [2010, 2019, 2020, np.nan]
    return EncodedRows(numeric, np.zeros((4, len(CATEGORIES)), np.int32))


@pytest.mark.parametrize(
    ("within", "to_come", "families"),
    [
        (True, False, ["blend", "planted", "planted", "planted"]),
        (False, True, ["planted", "blend", "blend", "planted"]),
        (False, False, ["planted"] * 4),
    ],
)
def test_each_period_is_blended_or_not_and_every_score_names_its_family(
    within: bool, to_come: bool, families: list[str]
) -> None:
    net, rows = PlantedNet(), _rows()
    blend = Blend(net, _Trees(), within, to_come, 2019.0)

    found, alone = blend.predict(rows), net.predict(rows)

    assert found["family"].to_list() == families
    assert set(PREDICTION_COLUMNS) <= set(found.columns)
    is_blend = np.array(families) == "blend"
    rest = [one.filter(~is_blend).select(PREDICTION_COLUMNS).to_numpy() for one in (found, alone)]
    np.testing.assert_allclose(rest[0], rest[1], rtol=1e-5)
    np.testing.assert_allclose(found.select(BIN_COLUMNS).to_numpy().sum(axis=1), 1, atol=1e-6)
    for name in ("score_low", "score_high"):
        halves = (alone[name] + _Trees().predict(rows)[name]) / 2
        bounded = found.filter(is_blend)[name].to_numpy()
        np.testing.assert_allclose(bounded, halves.filter(is_blend).to_numpy(), atol=1.5)


def test_the_contest_judges_what_is_shipped() -> None:
    net, trees, rows = PlantedNet(), _Trees(), _rows()
    parts = [with_pmf(one.predict(rows), one.predict_distribution(rows)) for one in (net, trees)]

    judged = blend_of(*parts)

    shipped = Blend(net, trees, True, True, 0.0).predict(rows.take(np.arange(3)))
    for name in PREDICTION_COLUMNS:
        np.testing.assert_allclose(judged[name].to_numpy()[:3], shipped[name].to_numpy(), atol=1e-4)
