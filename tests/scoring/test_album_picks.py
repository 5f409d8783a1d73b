"""Singles: chances add up, and a pick is only clear when it leads."""

from datetime import date

import duckdb
import numpy as np
import polars as pl
import pytest

from songpop import resources
from songpop.scoring.album_picks import (
    CLEAR,
    TOO_CLOSE,
    best_chances,
    chances_of_best,
    measure_picks,
    pick_singles,
    standing_together,
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


def _scored() -> pl.DataFrame:
    albums = ["a", "a", "b", "b", "c"]
    return pl.DataFrame(
        {
            "album_id": albums,
            "track_id": list("12345"),
            "track_name": ["one", "two", "three", "four", "five"],
            "score": [30.0, 70.0, 50.0, 51.0, 60.0],
            "p_best": best_chances(pl.Series(albums), _around(30, 70, 50, 51, 60)),
        }
    )


def test_a_clear_single_and_one_too_close_to_call() -> None:
    found = pick_singles(_scored())
    assert found["album_id"].to_list() == ["a", "b"]
    assert found["single_track_name"].to_list() == ["two", "four"]
    assert found["runner_up_track_name"].to_list() == ["one", "three"]
    assert found["verdict"].to_list() == [CLEAR, TOO_CLOSE]


def test_picks_are_measured_against_chance() -> None:
    found = measure_picks(_scored().with_columns(pl.Series("popularity", [10, 60, 55, 40, 1])))

    assert found["n_albums"] == 2
    assert found["right_share"] == 0.5
    assert found["chance_share"] == 0.5
    assert (found["n_clear"], found["clear_right_share"]) == (1, 1.0)


def test_the_mart_calls_the_same_albums_clear_as_the_module() -> None:
    """Generated albums, chances in hundredths, so that many stand on the rule's edges."""
    draw = np.random.default_rng(0)
    parts = [draw.multinomial(100, draw.dirichlet(np.full(n, 0.6))) / 100 for n in draw.integers(1, 6, 2000)]
    chances = np.concatenate(parts)
    scored = pl.DataFrame(
        {
            "album_id": np.repeat([f"album {i}" for i in range(len(parts))], [len(part) for part in parts]),
            "track_id": [f"t{i}" for i in draw.permutation(len(chances))],
            "track_name": [f"Song {i}" for i in range(len(chances))],
            "score": draw.integers(0, 5, len(chances)).astype(float),
            "p_best": chances,
        }
    )
    names = ("album_id", "n_tracks", "single_track_id", "p_best", "runner_up_track_name", "verdict")
    picked = pick_singles(scored).select(names).rows()
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.register("scored", scored)
        con.execute(
            "create table marts.ranked_releases as select *, '' as album_name, '' as artist_name, 'full' as evidence "
            "from scored"
        )
        con.execute("create table marts.scores as select track_id, p_best from scored")
        mart = resources.sql_path("marts", "album_singles").read_text()
        in_mart = con.execute(f"select {', '.join(names)} from ({mart}) order by album_id").fetchall()

    assert picked == in_mart
    assert 100 < sum(row[-1] == CLEAR for row in picked) < len(picked) - 100


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
