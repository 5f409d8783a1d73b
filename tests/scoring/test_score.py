"""Scores of releases: in their order, with contributions that make them, whole or in pieces, from few columns."""

import dataclasses

import numpy as np
import polars as pl
import pytest
from planted_model import PlantedNet, planted_model
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.estimators import PREDICTION_COLUMNS
from songpop.features import GROUPS, EncodedRows
from songpop.pipeline.score import SCORE_COLUMNS
from songpop.scoring import score
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS, contribution_column
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import encode_and_score, score_releases


@pytest.fixture
def model() -> ScoringModel:
    return planted_model()


@pytest.fixture
def releases() -> pl.DataFrame:
    return planted_frame(30, seed=5).drop("popularity")


def test_scores_stand_in_the_order_of_the_releases(model: ScoringModel, releases: pl.DataFrame) -> None:
    shuffled = releases.sample(fraction=1, shuffle=True, seed=1)
    scores = score_releases(shuffled, model)

    assert scores["track_id"].to_list() == shuffled["track_id"].to_list()
    in_order = score_releases(releases, model)
    for name in ("score", "p_best", *CONTRIBUTION_COLUMNS):
        again = scores.sort("track_id")[name].to_numpy()
        np.testing.assert_allclose(again, in_order.sort("track_id")[name].to_numpy(), atol=1e-4)


def test_contributions_stand_beside_a_score_and_make_it(model: ScoringModel, releases: pl.DataFrame) -> None:
    scores = score_releases(releases, model)

    assert scores.columns[-len(GROUPS) :] == list(CONTRIBUTION_COLUMNS)
    explained = scores["reference_score"] + scores.select(pl.sum_horizontal(CONTRIBUTION_COLUMNS)).to_series()
    np.testing.assert_allclose(explained.to_numpy(), scores["score"].to_numpy(), atol=1e-3)
    assert contribution_column("artist's record") == "contribution_artist_record"
    assert set(CONTRIBUTION_COLUMNS).isdisjoint(SCORE_COLUMNS)


def test_pieces_score_as_the_whole(
    model: ScoringModel, releases: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, rows, distributions, _ = encode_and_score(releases, model)
    # albums of three songs, which pieces of seven cut
    monkeypatch.setattr(score, "PIECE", 7)
    pieces, rows_of_pieces, distributions_of_pieces, _ = encode_and_score(releases, model)

    assert pieces.select(pl.col(pl.String)).equals(whole.select(pl.col(pl.String)))
    numbers = pl.selectors.numeric()
    np.testing.assert_allclose(pieces.select(numbers).to_numpy(), whole.select(numbers).to_numpy(), atol=1e-4)
    np.testing.assert_array_equal(rows_of_pieces.numeric, rows.numeric)
    np.testing.assert_allclose(distributions_of_pieces, distributions, atol=1e-6)


def test_a_score_names_the_family_of_its_network_unless_its_predictions_do(
    model: ScoringModel, releases: pl.DataFrame
) -> None:
    class Mixed(PlantedNet):
        """Half of its rows are of another family."""

        def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
            """Say which."""
            families = ["blend" if row % 2 else self.family for row in range(len(rows))]
            return super().predictions_of(rows, pmf).with_columns(pl.Series("family", families, pl.String))

    plain = score_releases(releases, model)
    mixed = score_releases(releases, dataclasses.replace(model, scorer=Mixed()))

    assert set(plain["family"]) == {"planted"}
    assert mixed["family"][:3].to_list() == ["planted", "blend", "planted"]


def test_an_artist_alone_gets_a_score_and_an_id_is_needed(model: ScoringModel) -> None:
    bare = pl.DataFrame({"track_id": ["x"], "artist_name": ["Nobody"]})
    scores = score_releases(bare, model)

    # no danceability counts as 0.5, no popularity as 40, in the planted rule
    assert scores["score"][0] == pytest.approx(20 + 10 + 12, abs=0.01)
    assert (scores["p_best"][0], scores["benchmark_score"][0]) == (None, 30)
    for name in bare.columns:
        with pytest.raises(ModelError, match=name):
            score_releases(bare.drop(name), model)


def test_no_releases_give_no_scores_with_every_column(model: ScoringModel, releases: pl.DataFrame) -> None:
    empty = score_releases(releases.clear(), model)

    assert empty.height == 0
    assert empty.columns == score_releases(releases, model).columns
    assert set(PREDICTION_COLUMNS) <= set(empty.columns)
