"""Margins: intervals hold what they promise, by genre, by what is known, and in the newest year."""

import numpy as np
import pytest

from songpop.estimators.distribution import interval_of
from songpop.estimators.margins import Margins, Unseen, quantile_of, reach_of, unknown_parts
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

GENRE = CATEGORIES.index("genre")


def _rows(n: int, genre: np.ndarray | int = 1, year: np.ndarray | float = 2010.0, **flags: np.ndarray) -> EncodedRows:
    numeric = np.zeros((n, len(NUMERIC)), np.float32)
    numeric[:, NUMERIC.index("year")] = year
    numeric[:, NUMERIC.index("is_release_date_missing")] = 1
    for name, values in flags.items():
        numeric[:, NUMERIC.index(name)] = values
    categories = np.zeros((n, len(CATEGORIES)), np.int32)
    categories[:, GENRE] = genre
    return EncodedRows(numeric, categories)


def _bell(centre: np.ndarray, width: float) -> np.ndarray:
    pmf = np.exp(-0.5 * ((np.arange(101) - centre[:, None]) / width) ** 2)
    shares: np.ndarray = pmf / pmf.sum(axis=1, keepdims=True)
    return shares


def _covered(pmf: np.ndarray, label: np.ndarray, margin: float | np.ndarray) -> np.ndarray:
    low, high = interval_of(pmf, margin)
    return (label >= low) & (label <= high)


def test_a_margin_gives_the_promised_coverage_on_too_narrow_distributions() -> None:
    draw = np.random.default_rng(0)
    centre = draw.uniform(30, 70, 4000)
    label = np.clip(np.round(centre + draw.normal(0, 8, 4000)), 0, 100)
    pmf = _bell(centre, 5)  # believes 5 where 8 is true

    margin = quantile_of(reach_of(pmf[:2000], label[:2000]))

    assert margin < 0.05
    assert _covered(pmf[2000:], label[2000:], margin).mean() == pytest.approx(0.9, abs=0.025)


def test_each_genre_has_the_margin_that_gives_its_coverage() -> None:
    draw = np.random.default_rng(2)
    genre = np.arange(6000) % 3
    label = np.clip(np.round(50 + draw.normal(0, np.array([4.0, 8.0, 16.0])[genre])), 0, 100)
    pmf, rows = _bell(np.full(6000, 50.0), 8), _rows(6000, genre)
    half = np.arange(3000)

    margins = Margins.fit(Unseen(pmf[half], label[half], rows.take(half)), 4)
    covered = _covered(pmf[3000:], label[3000:], margins.of(rows)[3000:])

    assert margins.genre[0] > margins.genre[1] > margins.genre[2]
    assert margins.genre[3] == pytest.approx(quantile_of(reach_of(pmf[half], label[half])))
    for code in range(3):
        assert abs(covered[genre[3000:] == code].mean() - 0.9) < 0.07


def test_the_newest_year_has_a_margin_of_its_own_where_only_years_are_known() -> None:
    draw = np.random.default_rng(3)
    year = np.where(np.arange(8000) % 8 == 0, 2023.0, 2015.0)
    label = np.clip(np.round(50 + draw.normal(0, np.where(year == 2023, 14.0, 6.0))), 0, 100)
    pmf, rows = _bell(np.full(8000, 50.0), 7), _rows(8000, year=year)
    half = np.arange(4000)

    margins = Margins.fit(Unseen(pmf[half], label[half], rows.take(half)), 2)
    covered = _covered(pmf[4000:], label[4000:], margins.of(rows)[4000:])

    assert margins.since == 2023
    assert covered[year[4000:] == 2023].mean() == pytest.approx(0.9, abs=0.05)
    assert Margins.from_json(margins.to_json()).of(rows).tolist() == margins.of(rows).tolist()


def test_a_track_of_which_less_is_known_has_an_interval_no_narrower() -> None:
    draw = np.random.default_rng(4)
    n = 3000
    centre = draw.uniform(30, 70, n)
    label = np.clip(np.round(centre + draw.normal(0, 6, n)), 0, 100)
    whole, blank = _bell(centre, 6), _bell(np.full(n, 50.0), 6)  # as sure as ever without the genre
    rows, partial = _rows(n), _rows(n, genre=0, is_genre_missing=np.ones(n))

    margins = Margins.fit(Unseen(whole, label, rows), 2, Unseen(blank, label, partial, whole))

    assert _covered(blank, label, margins.of(rows)).mean() < 0.75
    assert _covered(blank, label, margins.of(partial)).mean() == pytest.approx(0.9, abs=0.03)
    assert (np.diff([margins.unknown[part] for part in (0, 2, 2 | 1)]) <= 0).all()


def test_what_is_not_known_is_told_from_the_flags() -> None:
    one = np.ones(1)
    assert unknown_parts(_rows(1, is_analysis_failed=one)).tolist() == [1]
    assert unknown_parts(_rows(1, is_genre_missing=one, is_year_missing=one)).tolist() == [6]
    assert unknown_parts(_rows(1, is_artist_new=one)).tolist() == [0]
    assert unknown_parts(_rows(1, is_artist_new=one, is_artist_popularity_missing=one)).tolist() == [8]
