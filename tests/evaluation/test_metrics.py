"""The protocol: what the splits keep apart, and what the metrics say."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.evaluation import measure, pair_accuracy, spearman, split_rows
from songpop.evaluation.uncertainty import bounds_of, draw_resamples, draw_weights, interval_of, mean_replicates


def _predictions(score: list[float], low: float = 0, high: float = 100) -> pl.DataFrame:
    n = len(score)
    bins = {
        name: np.full(n, share)
        for name, share in (("p_0_25", 0.7), ("p_26_50", 0.3), ("p_51_75", 0.0), ("p_76_100", 0.0))
    }
    return pl.DataFrame({"score": score, "score_low": np.full(n, low), "score_high": np.full(n, high), **bins})


def test_no_artist_is_on_both_sides_of_the_artist_split() -> None:
    frame = planted_frame(400).with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then(pl.col("artist_name").str.to_uppercase())
        .otherwise("artist_name")
        .alias("artist_name")
    )
    split = split_rows(frame, "artist", 0)
    names = frame["artist_name"].str.to_lowercase()
    assert not set(names.gather(split.train)) & set(names.gather(split.test))
    assert len(split.train) + len(split.test) == 400


def test_the_temporal_split_judges_later_releases_than_it_fits() -> None:
    frame = planted_frame(400)
    split = split_rows(frame, "temporal", 0)
    assert frame["release_date"].gather(split.train).max() < frame["release_date"].gather(split.test).min()  # type: ignore[operator]
    assert 0.1 < len(split.test) / 400 < 0.2


def test_a_file_of_years_sets_its_newest_year_apart() -> None:
    frame = planted_frame(400).with_columns(pl.lit(None, pl.Date).alias("release_date"))
    split = split_rows(frame, "temporal", 0)
    years = frame["year"]
    assert years.gather(split.test).max() < years.max()  # type: ignore[operator]
    assert years.gather(split.train).max() < years.gather(split.test).min()  # type: ignore[operator]
    assert split.manifest["n_immature"] == (years == years.max()).sum()


def test_popularity_seen_days_after_release_is_set_apart() -> None:
    frame = planted_frame(200).with_columns(pl.lit(date(2019, 3, 1)).alias("popularity_date"))
    split = split_rows(frame, "temporal", 0)
    assert frame["release_date"].gather(split.test).max() <= date(2019, 2, 1)  # type: ignore[operator]
    assert split.manifest["n_immature"] > 0


def test_tracks_of_one_moment_can_t_be_split_by_time() -> None:
    frame = planted_frame(60).with_columns(pl.lit(date(2019, 1, 1)).alias("release_date"))
    assert len(split_rows(frame, "temporal", 0).test) == 0


def test_splits_are_the_same_in_any_row_order() -> None:
    frame = planted_frame(200)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=4)
    for name in ("random", "artist", "temporal"):
        one, other = split_rows(frame, name, 0).manifest, split_rows(shuffled, name, 0).manifest
        assert one == other


def test_metrics_of_known_errors() -> None:
    test = pl.DataFrame({"track_id": list("abcd"), "artist_name": ["x", "x", "y", "z"], "popularity": [10, 20, 30, 40]})
    found = measure(test, _predictions([12.0, 18, 30, 50], low=15, high=35))
    assert found["mae"] == pytest.approx(3.5)
    assert found["rmse"] == pytest.approx(27**0.5)
    assert found["bias"] == pytest.approx(2.5)
    assert found["r2"] == pytest.approx(1 - 27 / 125)
    assert found["spearman"] == pytest.approx(1)
    assert found["accuracy_4bin"] == 0.5
    assert found["accuracy_majority"] == 0.5
    assert found["coverage_90"] == 0.5
    assert found["width_90"] == 20
    assert (found["pair_accuracy"], found["n_pairs"]) == (1.0, 1)


def test_pairs_are_taken_within_albums_and_ties_count_half() -> None:
    test = pl.DataFrame(
        {"album_id": ["a", "a", "a", None, None], "artist_name": ["x"] * 5, "popularity": [10, 20, 20, 30, 40]}
    )
    share, n = pair_accuracy(test, np.array([5.0, 5.0, 9.0, 1.0, 2.0]))
    assert (share, n) == (0.75, 2)


def test_a_constant_score_has_no_rank_correlation() -> None:
    assert spearman(np.ones(4), np.arange(4.0)) is None


def test_a_bootstrap_interval_holds_the_mean() -> None:
    values = np.random.default_rng(0).normal(3, 1, 200)
    low, high = bounds_of(mean_replicates(values, np.arange(200), seed=1))
    assert low < values.mean() < high
    assert high - low < 0.5


def test_whole_clusters_are_resampled() -> None:
    values, cluster = np.array([0.0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1])

    assert set(mean_replicates(values, cluster)) == {0.0, 0.5, 1.0}


def test_resamples_drawn_together_are_those_drawn_one_by_one() -> None:
    one_by_one = list(draw_resamples(9, seed=3, rounds=5))

    np.testing.assert_array_equal(draw_weights(9, seed=3, rounds=5), one_by_one)
    assert {resample.sum() for resample in one_by_one} == {9.0}


def test_an_interval_takes_half_of_the_replicates_or_more() -> None:
    nothing = np.nan

    assert interval_of(np.array([1.0, 1.0, nothing])) == (1.0, 1.0)
    assert interval_of(np.array([1.0, nothing, nothing])) == (None, None)
    assert interval_of(np.zeros(0)) == (None, None)
