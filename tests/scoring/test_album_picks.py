"""Singles: chances add up, and a pick is only clear when it leads and such leads are to be believed."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from songpop.scoring.album_picks import (
    CLEAR,
    TOO_CLOSE,
    best_chances,
    chances_of_best,
    standing_together,
    verdict_of,
)


def _around(*centres: float, spread: float = 5) -> np.ndarray:
    weights = np.exp(-0.5 * ((np.arange(101) - np.array(centres)[:, None]) / spread) ** 2)
    pmf: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return pmf


def test_equal_songs_have_equal_chances() -> None:
    np.testing.assert_allclose(chances_of_best(_around(40, 40, 40, 40)), 0.25, atol=1e-6)


def test_chances_are_those_of_drawing_from_the_distributions() -> None:
    pmf = _around(40, 45, 30, spread=8)
    draw = np.random.default_rng(0)
    drawn = np.stack([draw.choice(101, 40_000, p=row / row.sum()) for row in pmf]) + draw.random((3, 40_000))
    expected = np.bincount(drawn.argmax(axis=0), minlength=3) / 40_000
    np.testing.assert_allclose(chances_of_best(pmf), expected, atol=0.01)


def test_a_single_song_and_a_song_without_an_album_have_no_chance() -> None:
    found = best_chances(pl.Series(["a", None, "b", "b"]), _around(40, 50, 20, 80))
    assert found.is_null().to_list() == [True, True, False, False]
    assert found[3] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("chances", "has_clear", "is_fragment", "verdict"),
    [
        ((0.7, 0.3), True, False, CLEAR),
        ((0.52, 0.48), True, False, TOO_CLOSE),
        # such leads were not right often enough, or songs are missing
        ((0.7, 0.3), False, False, TOO_CLOSE),
        ((0.7, 0.3), True, True, TOO_CLOSE),
        ((0.25, 0.25, 0.25, 0.25), True, False, TOO_CLOSE),
    ],
)
def test_a_single_is_clear_where_it_leads_and_such_leads_are_to_be_believed(
    chances: tuple[float, ...], has_clear: bool, is_fragment: bool, verdict: str
) -> None:
    assert verdict_of(chances, has_clear=has_clear, is_fragment=is_fragment) == verdict


def test_an_order_is_learned_from_dated_albums_alone() -> None:
    frame = pl.DataFrame(
        {
            "track_id": ["1", "2", "3"],
            "artist_name": ["a"] * 3,
            "album_id": ["x", "x", None],
            "release_date": [date(2019, 1, 1), None, date(2019, 1, 1)],
        }
    )
    assert standing_together(frame).to_list() == ["x", None, None]
