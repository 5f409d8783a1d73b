"""Dead ids: told from tracks that fade, by the file's own labels."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from songpop.estimators.dead_ids import DeadIds


def _frame(popularity: np.ndarray, year: np.ndarray) -> pl.DataFrame:
    n = len(popularity)
    return pl.DataFrame(
        {
            "track_id": [f"t{row}" for row in range(n)],
            "artist_name": "a",
            "popularity": popularity.astype(int),
            "release_date": [date(int(one), 6, 1) for one in year],
        }
    )


def _living(n: int, draw: np.random.Generator, level: np.ndarray | float = 45.0) -> np.ndarray:
    values: np.ndarray = np.clip(np.round(draw.normal(level, 15.0, n)), 0, 100)
    return values


def test_ids_that_died_with_age_are_found_with_their_share_by_time() -> None:
    draw = np.random.default_rng(0)
    year = draw.integers(2000, 2020, 6000)
    is_dead = draw.random(6000) < np.interp(year, [2000, 2019], [0.3, 0.02])
    popularity = np.where(is_dead, draw.integers(0, 3, 6000), np.maximum(_living(6000, draw), 4))

    found = DeadIds.find(_frame(popularity, year))

    assert found is not None
    assert found.shares[0] == pytest.approx(0.3, abs=0.06)
    assert found.shares[-1] == pytest.approx(0.02, abs=0.03)
    assert found.is_dead(pl.Series([0, 3, 4])).to_list() == [True, True, False]
    again = DeadIds.from_json(found.to_json())
    assert again is not None
    assert again.to_json() == found.to_json()


def test_tracks_that_fade_with_age_are_not_dead() -> None:
    draw = np.random.default_rng(1)
    year = draw.integers(2000, 2020, 6000)
    popularity = _living(6000, draw, np.interp(year, [2000, 2019], [8.0, 35.0]))
    assert (popularity <= 3).mean() > 0.1

    assert DeadIds.find(_frame(popularity, year)) is None


def test_unpopular_tracks_of_any_age_are_not_dead() -> None:
    draw = np.random.default_rng(2)
    year = draw.integers(2000, 2020, 6000)
    popularity = np.where(draw.random(6000) < 0.2, 0, np.maximum(_living(6000, draw), 4))

    assert DeadIds.find(_frame(popularity, year)) is None


def test_few_tracks_tell_nothing() -> None:
    year = np.arange(500) % 20 + 2000
    assert DeadIds.find(_frame(np.where(year < 2010, 0, 50), year)) is None
