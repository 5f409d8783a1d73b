"""The quality benchmark: its contestants, what it keeps, and the page it writes."""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from benchmarks import fitting, keeping, quality
from benchmarks.contestants import Budget, peers
from benchmarks.course import course_network
from benchmarks.peer_parts import without_gaps
from benchmarks.quality_page import render_page
from benchmarks.quality_plot import draw_errors
from benchmarks.quality_tables import FAMILIES, Judged, headline_tables
from songpop.estimators import BIN_COLUMNS, PREDICTION_COLUMNS, blend
from songpop.estimators.baselines import GenreYearMean, MedianBaseline
from songpop.estimators.recipe import Recipe
from songpop.evaluation import SPLITS, split_rows
from songpop.evaluation.contest import Contestant, Fold
from songpop.evaluation.encoding import encode_with
from songpop.features import FeatureEncoder

BUDGET = Budget(course_epochs=1, tries=2, most_trees=5)


def _fold(frame: pl.DataFrame, split: str = "random") -> Fold:
    return Fold(frame, split_rows(frame, split, 0), 1, encode_with(FeatureEncoder))


@cache
def _predict(family: str) -> pl.DataFrame:
    """Let a contestant fit and predict on a small frame, with a small network."""
    contestant = next(one for one in fitting.all_contestants(BUDGET) if one.family == family)
    with pytest.MonkeyPatch.context() as patch:
        small = classmethod(lambda kind, n_rows: kind(n_members=2, n_folds=2, width=8, epochs=1))
        patch.setattr(Recipe, "for_rows", small)
        return contestant.compete(_fold(planted_frame(150)))


def _stand_ins() -> list[Contestant]:
    """Let quick baselines compete under every name."""
    alone = [
        Contestant.of_estimator(
            family,
            "baseline",
            (lambda encoder: GenreYearMean()) if family == "keras" else (lambda encoder: MedianBaseline()),
        )
        for family in FAMILIES
        if family != blend.FAMILY
    ]
    parts = ("keras", "lightgbm")
    return [*alone, Contestant(blend.FAMILY, "blend", lambda fold, network, trees: network, made_of=parts)]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Return what stand-ins did on a small frame."""
    data = fitting.DataSet("small tracks", planted_frame(700))
    store = data.store(tmp_path_factory.mktemp("kept"), BUDGET)
    return quality.judge(data, _stand_ins(), [0, 1], 1, store)


@pytest.mark.parametrize("family", [one.family for one in fitting.all_contestants(BUDGET) if not one.made_of])
def test_a_contestant_gives_valid_predictions(family: str) -> None:
    predicted = _predict(family)

    assert predicted.height == _fold(planted_frame(150)).test.height
    assert set(PREDICTION_COLUMNS) <= set(predicted.columns)
    assert (predicted["score_low"] <= predicted["score"]).all()
    assert (predicted["score"] <= predicted["score_high"]).all()
    assert predicted.select(PREDICTION_COLUMNS).null_count().sum_horizontal().item() == 0
    np.testing.assert_allclose(predicted.select(BIN_COLUMNS).sum_horizontal().to_numpy(), 1, atol=1e-5)


@pytest.mark.parametrize("contestant", peers(BUDGET), ids=lambda one: one.family)
def test_neither_test_labels_nor_gaps_in_the_analysis_tell_a_peer_anything(contestant: Contestant) -> None:
    fold = _fold(planted_frame(150))
    labels = fold.frame["popularity"].to_numpy().copy()
    labels[fold.split.test] = 100 - labels[fold.split.test]
    gaps = pl.when(pl.col("popularity") < 30).then(None).otherwise(pl.col("time_signature")).alias("time_signature")
    frame = fold.frame.with_columns(gaps, pl.Series("popularity", labels))
    other = Fold(frame, fold.split, 1, fold.encode)

    predicted = contestant.compete(other)

    assert "popularity" not in other.test.columns
    assert other.train["time_signature"].null_count() > 0
    assert [part["time_signature"].null_count() for part in without_gaps(other)] == [0, 0]
    assert predicted.equals(_predict(contestant.family))


def test_the_course_recipe_has_21_044_parameters_at_82_genres() -> None:
    assert course_network(13 + 82 + 1, seed=0, threads=1).count_params() == 21_044


def test_what_is_kept_is_not_fitted_again(tmp_path: Path) -> None:
    data = fitting.DataSet("small tracks", planted_frame(150))
    store = data.store(tmp_path, BUDGET)
    fits = [
        fit
        for fit in fitting.missing_fits(data, store, ["random"], [0], BUDGET, 1)
        if fit.family in {"median", "lightgbm"}
    ]
    lines: list[str] = []

    fitting.run_fits(fits, 1, lines.append)
    left = fitting.missing_fits(data, store, ["random"], [0], BUDGET, 1)

    assert {fit.family for fit in left} == set(FAMILIES) - {"median", "lightgbm", "blend"}
    assert len(lines) == 2
    assert "2 of 2 fits: small tracks, random 0, median" in lines[1]
    kept = store.load(fits[0].split, "lightgbm")
    assert kept is not None
    assert kept[1] > 0
    assert not list((tmp_path / "small_tracks").glob("*.unfinished"))


def test_other_rows_labels_or_code_are_fitted_anew(tmp_path: Path) -> None:
    frame = planted_frame(150)
    changed = frame.with_columns(pl.col("artist_popularity") + 1)
    split = split_rows(frame, "random", 0)
    codes = keeping.hash_families(BUDGET)
    stores = [keeping.KeptPredictions(tmp_path, keeping.hash_frame(one), codes) for one in (frame, changed)]
    richer = keeping.hash_families(Budget(tries=3))

    assert stores[0].path_of(split, "median") != stores[1].path_of(split, "median")
    assert stores[0].path_of(split, "median") != stores[0].path_of(split_rows(frame, "random", 1), "median")
    assert {family for family in codes if codes[family] != richer[family]} == {one.family for one in peers(BUDGET)}
    assert set(codes) == {one.family for one in fitting.all_contestants(BUDGET) if not one.made_of}


def test_comments_and_docstrings_do_not_count_as_code(tmp_path: Path) -> None:
    bare, worded, other = (tmp_path / f"{name}.py" for name in ("bare", "worded", "other"))
    bare.write_text("def double(x):\n    return 2 * x\n")
    worded.write_text('"""Words."""\n\n\ndef double(x):\n    """Double."""\n    return 2 * x  # twice\n')
    other.write_text("def double(x):\n    return 3 * x\n")

    assert keeping.hash_code([bare]) == keeping.hash_code([worded]) != keeping.hash_code([other])


def test_the_page_holds_every_contestant_split_and_slice(judged: Judged) -> None:
    page = render_page([judged], BUDGET, jobs=1, threads=1)

    for split in SPLITS:
        section = page.split(f"### Small tracks, {split} split")[1].split("###")[0]
        assert all(name in section for name in FAMILIES.values())
        for words in ("surely", "By genre", "By artist", "top-1 hit rate", "regret", "macro-F1", "pinball"):
            assert words in section, f"{words} in {split}"
    assert "mean of 2 seeds" in page
    assert "artist | tracks" in page
    assert str(Path(quality.__file__).parents[1]) not in page


def test_values_stand_with_their_intervals(judged: Judged) -> None:
    one = judged.measures["random", "keras", "all", "all", "mae"]
    words = f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"

    assert judged.cell("random", "keras", "mae") == words
    assert judged.cell("temporal", "keras", "mae") in headline_tables([judged])
    assert "–" in judged.cell("random", "median", "spearman")


def test_the_plot_is_drawn(judged: Judged, tmp_path: Path) -> None:
    draw_errors(tmp_path / "quality.png", [judged])
    assert (tmp_path / "quality.png").stat().st_size > 20_000


def test_files_are_gathered_into_data_sets() -> None:
    words = "--tracks a.csv --artists p.csv --tracks b.csv --albums l.csv --seeds 0"
    options = quality._read_options(words.split())
    assert options.files == [
        {"tracks": Path("a.csv"), "artists": Path("p.csv")},
        {"tracks": Path("b.csv"), "albums": Path("l.csv")},
    ]
    with pytest.raises(SystemExit):
        quality._read_options(["--albums", "l.csv"])


def test_rows_are_those_that_training_sees(tmp_path: Path) -> None:
    tracks = tmp_path / "my_tracks.csv"
    ids = pl.int_range(30).cast(pl.String).str.zfill(22).alias("track_id")
    columns = ("track_id", "artist_name", "track_name", "genre", "year", "popularity")
    planted_frame(30).with_columns(ids).select(columns).write_csv(tracks)

    (data,) = quality.load_data_sets([{"tracks": tracks}], 20)

    assert data.name == "my tracks"
    assert data.frame.height == 20
    assert data.frame["track_id"].is_sorted()
    assert {"popularity", "artist_popularity", "popularity_date"} <= set(data.frame.columns)
