"""Picks: when one is clear, and how often it was the best song of its album."""

import numpy as np
import pytest

from songpop.estimators.picks import is_clear, judge_picks, measure_hits


@pytest.mark.parametrize(
    ("first", "second", "clear"),
    [(0.5, 0.3, True), (0.49, 0.1, False), (0.6, 0.41, False), (0.75, 0.5, True), (1.0, 0.0, True)],
)
def test_a_pick_is_clear_from_a_half_on_and_well_ahead_of_the_next(first: float, second: float, clear: bool) -> None:
    assert is_clear(first, second) == clear


def test_a_pick_hits_where_it_is_as_popular_as_the_best_and_ties_share_it() -> None:
    observed = np.array([10.0, 60, 60, 5, 40])
    found = judge_picks(observed, np.array([0.1, 0.7, 0.2, 0.5, 0.5]), np.array([0, 0, 0, 1, 1]))

    np.testing.assert_allclose(found, [[1, 2 / 3, 0], [0.5, 0.5, 17.5]])
    assert judge_picks(observed[:0], observed[:0], np.zeros(0, int)).shape == (0, 3)


def test_hits_are_counted_over_albums_in_any_order_of_rows() -> None:
    album = np.array([1, 0, 1, 0, 2, 2])
    chance = np.array([0.2, 0.9, 0.8, 0.1, 0.5, 0.5])
    observed = np.array([70, 60, 10, 20, 30, 40])

    assert measure_hits(chance, observed, album) == {
        "n_albums": 3, "right_share": 1 / 3, "chance_share": 0.5, "n_clear": 2, "clear_right_share": 0.5,
    }  # fmt: skip
    assert measure_hits(chance[4:], observed[4:], album[:2] * 0)["right_share"] == 0.0
    assert measure_hits(chance[:0], observed[:0], album[:0]) == {
        "n_albums": 0, "right_share": None, "chance_share": None, "n_clear": 0, "clear_right_share": None,
    }  # fmt: skip
