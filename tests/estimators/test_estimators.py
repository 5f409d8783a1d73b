"""Estimators: what the network, the benchmark and the baselines learn and keep."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.estimators import BIN_COLUMNS, PREDICTION_COLUMNS, Estimator, bin_of, lightgbm_trees
from songpop.estimators.baselines import GenreYearMean, MedianBaseline
from songpop.estimators.dead_ids import DeadIds
from songpop.estimators.distribution import predictions_of, quantile
from songpop.estimators.keras_net import KerasNet
from songpop.estimators.lightgbm_trees import LightGBMTrees
from songpop.estimators.onnx_net import OnnxNet
from songpop.estimators.recipe import Recipe, assign_folds
from songpop.evaluation import measure
from songpop.evaluation.encoding import make_lesson
from songpop.features import FeatureEncoder
from songpop.features.encoder import NUMERIC

QUICK = dataclasses.replace(Recipe.for_rows(400), n_members=8, n_folds=4, width=32, epochs=12)


@pytest.fixture(scope="module")
def fitted() -> tuple[FeatureEncoder, KerasNet]:
    return _fit_net(planted_frame(400), seed=3)


def _fit_net(frame: pl.DataFrame, seed: int) -> tuple[FeatureEncoder, KerasNet]:
    encoder, rows = FeatureEncoder.fit(frame, seed)
    return encoder, KerasNet(encoder, QUICK).fit(rows, frame["popularity"].to_numpy(), seed=seed, threads=1)


def _holds(predictions: pl.DataFrame) -> None:
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    assert predictions.null_count().sum_horizontal().item() == 0
    score, low, high = (predictions[name].to_numpy() for name in ("score", "score_low", "score_high"))
    assert ((low >= 0) & (low <= score) & (score <= high) & (high <= 100)).all()
    assert predictions["score_mean"].is_between(0, 100).all()
    np.testing.assert_allclose(predictions.select(BIN_COLUMNS).to_numpy().sum(axis=1), 1, atol=1e-6)


def test_the_net_learns_a_planted_signal(fitted: tuple[FeatureEncoder, KerasNet]) -> None:
    encoder, net = fitted
    later = planted_frame(300, seed=1)
    predictions = net.predict(encoder.transform(later))
    _holds(predictions)
    found = measure(later, predictions)
    mae, spearman = found["mae"], found["spearman"]
    assert mae is not None
    assert mae < 8  # the planted noise alone gives 3.2, the median 16
    assert spearman is not None
    assert spearman > 0.85


def test_the_net_scores_rows_whatever_their_order_and_company(fitted: tuple[FeatureEncoder, KerasNet]) -> None:
    encoder, net = fitted
    frame = planted_frame(40, seed=2)
    scores = net.predict(encoder.transform(frame))["score"].to_numpy()
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(
        net.predict(encoder.transform(frame[order]))["score"].to_numpy(), scores[order], atol=1e-3
    )
    np.testing.assert_allclose(net.predict(encoder.transform(frame[:1]))["score"].to_numpy(), scores[:1], atol=1e-3)


def test_onnx_and_keras_give_the_same_scores(fitted: tuple[FeatureEncoder, KerasNet], tmp_path: Path) -> None:
    encoder, net = fitted
    net.save(tmp_path)
    frame = planted_frame(200, seed=2)
    odd = pl.DataFrame({"track_id": ["x"], "artist_name": ["Nobody"]})
    for rows in (encoder.transform(frame), encoder.transform(odd)):
        portable, own = OnnxNet.load(tmp_path).predict(rows), net.predict(rows)
        reloaded = KerasNet.load(tmp_path, encoder).predict(rows)
        _holds(portable)
        np.testing.assert_allclose(portable["score"].to_numpy(), own["score"].to_numpy(), atol=1e-4)
        np.testing.assert_allclose(
            portable.select(BIN_COLUMNS).to_numpy(), own.select(BIN_COLUMNS).to_numpy(), atol=1e-5
        )
        np.testing.assert_allclose(reloaded["score"].to_numpy(), own["score"].to_numpy(), atol=1e-4)


def test_the_same_seed_gives_the_same_weights(fitted: tuple[FeatureEncoder, KerasNet]) -> None:
    _, net = fitted
    again = _fit_net(planted_frame(400), seed=3)[1]
    assert again.digest() == net.digest()
    assert again.margins.to_json() == net.margins.to_json()


def test_many_rows_get_fewer_epochs() -> None:
    few, many, most = (Recipe.for_rows(n) for n in (5_000, 100_000, 1_000_000))
    assert few.epochs > many.epochs > most.epochs
    assert few.batch < many.batch < most.batch
    assert Recipe.for_rows(100).batch >= 32


def test_loading_the_net_for_scores_needs_no_tensorflow(
    fitted: tuple[FeatureEncoder, KerasNet], tmp_path: Path
) -> None:
    _, net = fitted
    net.save(tmp_path)
    code = (
        "import sys, pathlib, songpop.scoring, songpop.training; from songpop.estimators.onnx_net import OnnxNet; "
        f"OnnxNet.load(pathlib.Path({str(tmp_path)!r})); "
        "print([name for name in ('tensorflow', 'keras', 'matplotlib', 'great_expectations') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_broken_net_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text("{}")
    with pytest.raises(ModelError, match=r"however net.json or model.onnx of .* can't be read"):
        OnnxNet.load(tmp_path)


@pytest.mark.parametrize("make", [LightGBMTrees, GenreYearMean, MedianBaseline])
def test_peers_predict_the_same_columns_in_range(make: type[Estimator]) -> None:
    frame = planted_frame(400)
    encoder, rows = FeatureEncoder.fit(frame, 0)
    estimator = make().fit(rows, frame["popularity"].to_numpy(), seed=0, threads=1)
    later = planted_frame(100, seed=1)
    predictions = estimator.predict(encoder.transform(later))
    _holds(predictions)
    mae = measure(later, predictions)["mae"]
    assert mae is not None
    assert mae < {"lightgbm": 8, "genre_year_mean": 14, "median": 20}[estimator.family]


def test_the_benchmark_is_saved_and_repeats_itself(tmp_path: Path) -> None:
    frame = planted_frame(300)
    encoder, rows = FeatureEncoder.fit(frame, 0)
    label = frame["popularity"].to_numpy()
    first, second = (LightGBMTrees().fit(rows, label, seed=1, threads=1) for _ in range(2))
    first.save(tmp_path)
    unseen = encoder.transform(planted_frame(50, seed=1))
    assert first.predict(unseen).equals(second.predict(unseen))
    assert LightGBMTrees.load(tmp_path).predict(unseen).equals(first.predict(unseen))
    assert sum(first.importance().values()) == pytest.approx(1)


def test_the_benchmark_tunes_on_rows_left_out_by_chance_and_on_the_newest_and_keeps_what_it_tried() -> None:
    frame = planted_frame(400)
    lesson = make_lesson(frame, 0)
    trees = LightGBMTrees().fit(lesson.rows, lesson.popularity, seed=0, threads=1, source=lesson.source)

    for part in ("chance", "newest"):
        assert [one["settings"]["objective"] for one in trees.tuning[part]] == ["l1", "huber"]
        assert all(one["mae"] > 0 and one["n_trees"] >= 10 for one in trees.tuning[part])
    assert trees.tuning["seconds"] > 0
    later = planted_frame(300, seed=1)
    rows = lesson.encoder.transform(later)
    pmf = trees.predict_distribution(rows)
    np.testing.assert_allclose(pmf.sum(axis=1), 1, atol=1e-6)
    found = trees.predictions_of(rows, pmf)
    np.testing.assert_allclose(found["score"].to_numpy(), quantile(pmf, 0.5))
    covered = later["popularity"].is_between(found["score_low"], found["score_high"])
    assert covered.mean() == pytest.approx(0.9, abs=0.08)


def test_the_copies_of_a_judged_track_are_not_fitted_on() -> None:
    source = np.array([0, 1, 2, 3, 1, 3])
    fit, judged = lightgbm_trees._without(np.array([False, True, False, False]), source, 0)
    assert judged.tolist() == [1]
    assert fit.tolist() == [0, 2, 3, 5]


def test_a_broken_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"however benchmark.json of"):
        LightGBMTrees.load(tmp_path)


def test_bins_end_at_25_50_and_75() -> None:
    assert bin_of(np.array([0, 25, 25.4, 25.6, 26, 50, 51, 75, 76, 100])).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]


def test_a_certain_distribution_has_a_certain_score() -> None:
    pmf = np.zeros((2, 101), np.float32)
    pmf[0, 0] = pmf[1, 70] = 1
    found = predictions_of(pmf, 0.05)
    assert found["score"].to_list() == pytest.approx([0, 70], abs=0.5)
    assert found["score_high"].to_list() == pytest.approx([0, 70], abs=0.5)
    assert found.select(BIN_COLUMNS).rows() == [(1, 0, 0, 0), (0, 0, 1, 0)]


def test_the_score_is_the_median_of_the_distribution_and_its_mean_stands_beside_it() -> None:
    pmf = np.zeros((1, 101))
    pmf[0, [10, 20, 90]] = 0.4, 0.3, 0.3

    found = predictions_of(pmf, 0.05)

    assert found["score_mean"][0] == pytest.approx(0.4 * 10 + 0.3 * 20 + 0.3 * 90)
    assert found["score"][0] == quantile(pmf, 0.5)[0] < found["score_mean"][0]


def test_the_median_baseline_has_the_mean_of_what_it_learned_from() -> None:
    frame = planted_frame(60)
    _, rows = FeatureEncoder.fit(frame, 0)
    popularity = np.concatenate([np.full(40, 10.0), np.full(20, 70.0)])

    found = MedianBaseline().fit(rows, popularity).predict(rows)

    assert set(found.select("score", "score_mean").rows()) == {(10.0, 30.0)}


def test_the_median_is_interpolated_inside_a_value() -> None:
    pmf = np.full((1, 101), 1 / 101)
    assert quantile(pmf, 0.5)[0] == pytest.approx(50)
    assert quantile(pmf, np.array([0.25]))[0] == pytest.approx(24.75)


def test_the_newest_dated_rows_are_left_out_together_and_set_the_width() -> None:
    frame = planted_frame(2200)
    _, rows = FeatureEncoder.fit(frame, 0)
    fold, judged = assign_folds(rows, 8, seed=0)
    newest = frame["release_date"].gather(judged)
    assert newest.min() >= frame["release_date"].gather(np.flatnonzero(fold != 0)).max()  # type: ignore[operator]
    assert len(judged) == pytest.approx(220, abs=10)
    assert set(fold) == set(range(8))


def test_rows_without_dates_are_left_out_by_chance() -> None:
    frame = planted_frame(300).with_columns(pl.lit(None, pl.Date).alias("release_date"))
    _, rows = FeatureEncoder.fit(frame, 0)
    fold, judged = assign_folds(rows, 8, seed=0)
    assert sorted(judged.tolist()) == list(range(300))
    assert np.bincount(fold).min() >= 37


def test_dead_ids_come_back_in_known_years_alone(fitted: tuple[FeatureEncoder, KerasNet]) -> None:
    rows = fitted[0].transform(planted_frame(60, seed=1))
    last = float(np.nanmax(rows.numeric[:, NUMERIC.index("release_time")]))
    dead = DeadIds(np.array([2000.0, last]), np.array([0.4, 0.4]), np.array([1.0, 0, 0, 0]), last, {})
    alive = np.zeros((60, 101))
    alive[:, 70] = 1

    mixed = dead.mix(alive, rows)

    is_newest = rows.numeric[:, NUMERIC.index("release_time")] >= last
    assert is_newest.any()
    np.testing.assert_allclose(mixed[is_newest, 70], 1)
    np.testing.assert_allclose(mixed[~is_newest, 0], 0.4)
    np.testing.assert_allclose(mixed.sum(axis=1), 1)
