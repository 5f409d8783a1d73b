"""The order of an album's songs: a planted one is learned, calibrated and kept; nothing is made up where none is."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from songpop.errors import ModelError
from songpop.estimators.album_order import COLUMNS, MIN_ALBUMS, AlbumOrder, contrasts, group_numbers
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

Planted = tuple[EncodedRows, np.ndarray, pl.Series, np.ndarray]


def _planted(n_albums: int, seed: int = 0, effect: float = 6.0) -> Planted:
    """Make albums of four whose title track is the better one, and distributions that know nothing of it."""
    draw = np.random.default_rng(seed)
    n = 4 * n_albums
    numeric = draw.normal(0, 1, (n, len(NUMERIC))).astype(np.float32)
    title = NUMERIC.index("is_title_track")
    numeric[:, title] = np.arange(n) % 4 == draw.integers(0, 4, n_albums).repeat(4)
    level = draw.uniform(20, 60, n_albums).repeat(4)
    popularity = np.clip(np.round(level + effect * numeric[:, title] + draw.normal(0, 5, n)), 0, 100)
    pmf = np.exp(-0.5 * ((np.arange(101) - level[:, None] - draw.normal(0, 2, n)[:, None]) / 8) ** 2)
    album = pl.Series([f"album {i // 4}" for i in range(n)])
    rows = EncodedRows(numeric, np.zeros((n, len(CATEGORIES)), np.int32))
    return rows, pmf / pmf.sum(axis=1, keepdims=True), album, popularity


@pytest.fixture(scope="module")
def order() -> AlbumOrder:
    rows, pmf, album, popularity = _planted(300)
    found = AlbumOrder.fit(rows, pmf, album, popularity, seed=0, threads=1)
    assert found is not None
    return found


def test_a_planted_order_is_learned_and_beats_the_score(order: AlbumOrder) -> None:
    rows, pmf, album, popularity = _planted(200, seed=1)
    chance = order.chances(rows, pmf, album).to_numpy().reshape(-1, 4)
    right = popularity.reshape(-1, 4)[np.arange(200), chance.argmax(axis=1)] == popularity.reshape(-1, 4).max(axis=1)

    assert order.measured["pair_accuracy"] > order.measured["pair_accuracy_by_score"] + 0.05
    assert right.mean() > 0.45
    np.testing.assert_allclose(chance.sum(axis=1), 1)


def test_chances_come_true_on_other_albums(order: AlbumOrder) -> None:
    rows, pmf, album, popularity = _planted(600, seed=2)
    chance = order.chances(rows, pmf, album).to_numpy()
    best = popularity.reshape(-1, 4) == popularity.reshape(-1, 4).max(axis=1, keepdims=True)
    hit = (best / best.sum(axis=1, keepdims=True)).ravel()
    for low, high in ((0.0, 0.2), (0.4, 1.0)):
        part = (chance >= low) & (chance < high)
        assert part.sum() > 100
        assert abs(chance[part].mean() - hit[part].mean()) < 0.06


def test_what_all_songs_of_an_album_share_orders_nothing(order: AlbumOrder) -> None:
    rows, pmf, album, _ = _planted(5, seed=3)
    shifted = EncodedRows(rows.numeric + np.repeat(np.arange(5), 4)[:, None].astype(np.float32), rows.categories)
    group = group_numbers(album)
    one, other = (contrasts(part, pmf, group) for part in (rows, shifted))
    np.testing.assert_allclose(one[:, 6:15], other[:, 6:15], atol=1e-5)


def test_utilities_are_shared_out_over_the_columns_to_the_last(order: AlbumOrder) -> None:
    rows, pmf, album, _ = _planted(20, seed=6)
    x = contrasts(rows, pmf, group_numbers(album))
    shares, utility = order.shares(x), order.utilities(x)

    np.testing.assert_allclose(shares.sum(axis=1) - shares.sum(axis=1)[0], utility - utility[0], atol=1e-9)
    assert np.abs(shares - shares.mean(axis=0)).mean(axis=0).argmax() == COLUMNS.index("is_title_track")


def test_a_lone_song_and_one_without_an_album_have_no_chance(order: AlbumOrder) -> None:
    rows, pmf, _, _ = _planted(1)
    album = pl.Series([None, "one", "two", "two"])
    assert order.chances(rows, pmf, album).is_null().to_list() == [True, True, False, False]


def test_unknown_values_stand_at_the_albums_mean() -> None:
    rows, pmf, album, _ = _planted(1)
    rows.numeric[1] = np.nan
    assert np.isfinite(contrasts(rows, pmf, group_numbers(album))).all()


def test_few_albums_and_noise_teach_no_order() -> None:
    few, noise = _planted(MIN_ALBUMS - 1), _planted(300, effect=0.0)
    assert AlbumOrder.fit(*few, seed=0, threads=1) is None
    draw = np.random.default_rng(5)
    rows, pmf, album, _ = noise
    mean = pmf @ np.arange(101)
    told = np.clip(np.round(mean + draw.normal(0, 3, len(mean))), 0, 100)
    found = AlbumOrder.fit(rows, pmf, album, told, seed=0, threads=1)
    assert found is None or found.measured["pair_accuracy"] < found.measured["pair_accuracy_by_score"] + 0.03


def test_a_saved_order_gives_the_same_chances(order: AlbumOrder, tmp_path: Path) -> None:
    assert AlbumOrder.load(tmp_path) is None
    order.save(tmp_path)
    rows, pmf, album, _ = _planted(20, seed=4)
    loaded = AlbumOrder.load(tmp_path)
    assert loaded is not None
    np.testing.assert_allclose(loaded.chances(rows, pmf, album), order.chances(rows, pmf, album), atol=1e-9)

    trees = tmp_path / "album_order.txt"
    trees.write_text(trees.read_text()[:2000])
    with pytest.raises(ModelError, match=r"however album_order.json or album_order.txt of"):
        AlbumOrder.load(tmp_path)


def test_the_same_seed_gives_the_same_order(order: AlbumOrder) -> None:
    again = AlbumOrder.fit(*_planted(300), seed=0, threads=1)
    assert again is not None
    np.testing.assert_array_equal(again.slopes, order.slopes)
    assert again.measured == order.measured
