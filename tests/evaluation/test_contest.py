"""The contest: same rows and same resamples for all, over several seeds, by slices, and resumed where it was cut."""

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.estimators.baselines import GenreYearMean, MedianBaseline
from songpop.estimators.lightgbm_trees import LightGBMTrees
from songpop.evaluation import SPLITS, Split
from songpop.evaluation.contest import Contest, Contestant, Fold, evaluate_models
from songpop.evaluation.encoding import encode_with
from songpop.features import FeatureEncoder

_TWINS = ("median", "twin")


def _hold(**changes: object) -> Contest:
    contestants = [
        Contestant.of_estimator("lightgbm", "benchmark", lambda encoder: LightGBMTrees()),
        Contestant.of_estimator("genre_year_mean", "baseline", lambda encoder: GenreYearMean()),
        *(Contestant.of_estimator(name, "baseline", lambda encoder: MedianBaseline()) for name in _TWINS),
    ]
    arguments: dict[str, object] = {
        "seeds": dict.fromkeys(SPLITS, (0, 1, 2)),
        "threads": 1,
        "encode": encode_with(FeatureEncoder),
        "progress": lambda line: None,
        "compare": "median",
    }
    return evaluate_models(planted_frame(600), changes.pop("contestants", contestants), **(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found() -> Contest:
    return _hold()


def test_every_family_is_judged_on_every_split_over_three_seeds(found: Contest) -> None:
    assert {(row["split"], row["family"]) for row in found.rows} == {
        (split, family) for split in SPLITS for family in ("lightgbm", "genre_year_mean", *_TWINS)
    }
    assert {row["n_seeds"] for row in found.rows} == {3}
    for rows in (found.rows, found.measures):
        assert {row["family"]: row["role"] for row in rows} == {
            "lightgbm": "benchmark",
            "genre_year_mean": "baseline",
            **dict.fromkeys(_TWINS, "baseline"),
        }
    assert len(found.manifests) == len(found.places.columns) - 1 == 9
    for manifest in found.manifests:
        assert len(manifest["train_rows_sha256"]) == 64


def test_every_metric_has_an_interval_around_its_value_and_a_spread_over_seeds(found: Contest) -> None:
    whole = [one for one in found.measures if one["slice"] == "all" and one["family"] == "lightgbm"]
    assert len({one["metric"] for one in whole}) == 18
    for one in whole:
        if one["metric"] not in ("accuracy_majority", "macro_f1", "calibration_error"):  # bent upwards by resampling
            assert one["low"] - 1e-9 <= one["value"] <= one["high"] + 1e-9, one
        assert one["seed_sd"] is not None, one


def test_slices_have_what_the_whole_is_made_of(found: Contest) -> None:
    slices = {(one["slice"], one["slice_value"]) for one in found.measures if one["split"] == "artist"}
    assert ("artist", "new") in slices
    assert ("artist", "known") not in slices
    temporal = [
        one for one in found.measures if (one["split"], one["metric"], one["family"]) == ("temporal", "mae", "twin")
    ]
    n = {(one["slice"], one["slice_value"]): one["n"] for one in temporal}
    assert n.get(("artist", "known"), 0) + n.get(("artist", "new"), 0) <= n["all", "all"]
    assert sum(size for (name, _), size in n.items() if name == "genre") <= n["all", "all"]
    assert "release year" in {name for name, _ in n}


def test_twins_do_not_differ_and_a_better_one_surely_does(found: Contest) -> None:
    gaps = {(one["split"], one["against"]): one for one in found.differences if one["metric"] == "mae"}
    for split in SPLITS:
        twin, better = gaps[split, "twin"], gaps[split, "lightgbm"]
        assert (twin["difference"], twin["low"], twin["high"]) == (0, 0, 0)
        assert 0 < better["low"] < better["difference"] < better["high"]


def test_a_contestant_never_gets_the_labels_of_what_it_is_judged_on() -> None:
    given: list[Fold] = []

    def look(fold: Fold) -> pl.DataFrame:
        given.append(fold)
        return MedianBaseline().fit(fold.encoded.rows, fold.popularity).predict(fold.encoded.unseen)

    _hold(contestants=[Contestant("looker", "baseline", look)], seeds={"random": (0,)}, compare=None)
    assert "popularity" not in given[0].test.columns
    assert not set(given[0].train["track_id"]) & set(given[0].test["track_id"])


def test_what_a_store_has_is_not_fitted_again() -> None:
    class Kept:
        def __init__(self) -> None:
            self.found: dict[tuple[str, int, str], tuple[pl.DataFrame, float]] = {}

        def load(self, split: Split, family: str) -> tuple[pl.DataFrame, float] | None:
            return self.found.get((split.name, split.seed, family))

        def save(self, split: Split, family: str, predictions: pl.DataFrame, seconds: float) -> None:
            self.found[split.name, split.seed, family] = predictions, seconds

    def refuse(fold: Fold) -> pl.DataFrame:
        raise AssertionError("fitted again")

    store = Kept()
    whole = [Contestant.of_estimator("median", "baseline", lambda encoder: MedianBaseline())]
    first = _hold(contestants=whole, store=store, compare=None)
    again = _hold(contestants=[Contestant("median", "baseline", refuse)], store=store, compare=None)
    np.testing.assert_equal(again.rows, first.rows)
