"""Contributions: they add up, are Shapley values, and touch what they should."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.features import FEATURES, GROUPS, EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC
from songpop.scoring.contributions import (
    contributions,
    drivers,
    feature_parts,
)

_GROUP_OF = {feature.name: GROUPS.index(feature.group) for feature in FEATURES}


class _Game:
    """Scores a coalition of groups by a table of whole numbers; a row is of a group if its numbers are 1, not 0."""

    def __init__(self, worth: dict[frozenset[int], int]) -> None:
        self.worth = worth

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        at = [next(j for j, name in enumerate(NUMERIC) if _GROUP_OF[name] == group) for group in range(len(GROUPS))]
        pmf = np.zeros((len(rows), 101), np.float32)
        for i, own in enumerate(rows.numeric[:, at]):
            pmf[i, self.worth[frozenset(np.flatnonzero(own).tolist())]] = 1.0
        return pmf


def _played(worth: dict[frozenset[int], int], *, exact: bool) -> tuple[np.ndarray, float]:
    track = EncodedRows(np.ones((1, len(NUMERIC)), np.float32), np.zeros((1, len(CATEGORIES)), np.int32))
    table, reference = contributions(_Game(worth), track, dict.fromkeys(NUMERIC, 0.0), exact=exact)
    return table[0], reference


def _all_sets() -> list[frozenset[int]]:
    n = len(GROUPS)
    return [frozenset(chosen) for size in range(n + 1) for chosen in itertools.combinations(range(n), size)]


def _shapley(worth: dict[frozenset[int], int]) -> list[float]:
    """Compute the mean step of each group over all orders, from the definition."""
    n = len(GROUPS)
    return [
        sum(
            math.factorial(len(others)) * math.factorial(n - len(others) - 1) / math.factorial(n)
            * (worth[others | {group}] - worth[others])
            for others in _all_sets() if group not in others
        )
        for group in range(n)
    ]  # fmt: skip


def test_exact_contributions_are_the_shapley_values_of_any_game() -> None:
    draw = np.random.default_rng(3)
    worth = {chosen: int(draw.integers(0, 101)) for chosen in _all_sets()}
    table, reference = _played(worth, exact=True)

    np.testing.assert_allclose(table, _shapley(worth), atol=1e-9)
    assert reference == worth[frozenset()]


def test_chosen_coalitions_are_exact_where_no_more_than_two_groups_play_together() -> None:
    draw = np.random.default_rng(3)
    alone, pairs = draw.integers(-3, 4, len(GROUPS)), np.triu(draw.integers(-2, 3, (len(GROUPS), len(GROUPS))), 1)
    worth = {
        chosen: int(50 + alone[list(chosen)].sum() + pairs[np.ix_(list(chosen), list(chosen))].sum())
        for chosen in ((frozenset(sorted(chosen))) for chosen in _all_sets())
    }

    np.testing.assert_allclose(_played(worth, exact=False)[0], _shapley(worth), atol=1e-9)


@pytest.mark.parametrize("exact", [True, False])
def test_contributions_add_up_to_the_score_and_count_few_predictions(exact: bool) -> None:
    model, frame = planted_model(), planted_frame(20, seed=5)
    rows = model.encoder.transform(frame)
    table, reference = contributions(model.net, rows, model.reference, exact=exact)

    assert model.net.n_rows == 20 * (128 if exact else 44)  # type: ignore[attr-defined]
    np.testing.assert_allclose(reference + table.sum(axis=1), model.net.predict(rows)["score"].to_numpy(), atol=1e-3)
    again, _ = contributions(model.net, rows.take(np.arange(20)[::-1]), model.reference, exact=exact)
    np.testing.assert_allclose(again[::-1], table, atol=1e-4)


@pytest.mark.parametrize(("exact", "within"), [(True, 1e-3), (False, 0.1)])
def test_groups_that_do_not_matter_contribute_nothing(exact: bool, within: float) -> None:
    model = planted_model()
    rows = model.encoder.transform(planted_frame(20, seed=5))
    table, _ = contributions(model.net, rows, model.reference, exact=exact)

    idle = [GROUPS.index(group) for group in ("artist's record", "release date", "album")]
    np.testing.assert_allclose(table[:, idle], 0, atol=within)
    assert (np.abs(np.delete(table, idle, axis=1)).max(axis=0) > 1).all()


def test_features_are_compared_one_at_a_time_with_their_flags() -> None:
    model = planted_model()
    frame = planted_frame(1, seed=5).with_columns(
        pl.lit("pop").alias("genre"), pl.lit(0.9).alias("danceability"), pl.lit(90.0).alias("artist_popularity")
    )
    rows = model.encoder.transform(frame)
    parts = {part.feature: part for part in feature_parts(model.net, rows, model.reference)}

    score = model.net.predict(rows)["score"][0]
    usual = frame.with_columns(pl.lit(model.reference["artist_popularity"]).alias("artist_popularity"))
    at_usual = model.net.predict(model.encoder.transform(usual))["score"][0]
    assert parts["artist_popularity"].difference == pytest.approx(score - at_usual, abs=1e-3)
    assert (parts["danceability"].value, parts["danceability"].unit) == (pytest.approx(0.9), "0-1")
    assert parts["n_album_tracks"].value == pytest.approx(3)
    assert parts["valence"].difference == pytest.approx(0, abs=1e-4)
    assert "is_artist_popularity_missing" not in parts
    sizes = [abs(part.difference) for part in feature_parts(model.net, rows, model.reference)]
    assert sizes == sorted(sizes, reverse=True)


def test_a_typical_track_has_no_drivers() -> None:
    rows = planted_model().encoder.transform(planted_frame(1))
    assert drivers(np.zeros((1, len(GROUPS))), rows)[0] == "close to a typical track"
