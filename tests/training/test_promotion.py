"""Promotion on planted predictions: which tracks two versions are compared on, and what is decided."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from songpop.errors import ModelError
from songpop.evaluation.paired_bootstrap import compare_errors, compare_orders
from songpop.training import promotion
from songpop.training.promotion import FRESH, SHARED, compare_with_benchmark, decide
from songpop.training.training_tracks import find_fresh, save_learned

_N = 400
_OLD = [f"old{i}" for i in range(_N)]
_NEW = [f"new{i}" for i in range(_N)]
Make = Callable[..., Path]


def _truth(track_ids: list[str]) -> np.ndarray:
    return np.asarray([20 + hash_of % 60 for hash_of in (int(track_id[3:]) * 37 for track_id in track_ids)], float)


def _noise(seed: int, spread: float, n: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, n)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what writes a version that holds tracks out, learned from others, and errs by so much."""

    def write(name: str, held_out: list[str], learned: list[str] | None, spread: float, trees: float = 5.0) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        n, seed = len(held_out), len(name)
        rows = {
            "track_id": held_out,
            "artist_name": [f"artist {int(track_id[3:]) // 4}" for track_id in held_out],
            "popularity": _truth(held_out),
            "score": _truth(held_out) + _noise(seed, spread, n),
            "benchmark_score": _truth(held_out) + _noise(seed + 1, trees, n),
        }
        pl.DataFrame(rows).write_parquet(folder / "eval_predictions.parquet")
        families = {"keras": spread, "lightgbm": trees, "median": 15.0}
        board = [{"family": family, "split": "temporal", "mae": 0.8 * at} for family, at in families.items()]
        metrics = {"model_version": name, "scoreboard": board, "weights_sha256": f"sha of {name}"}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        if learned is not None:
            save_learned(folder, pl.Series(learned))
        return folder

    return write


def _frame(track_ids: list[str]) -> pl.DataFrame:
    artists = [f"artist {int(track_id[3:]) // 4}" for track_id in track_ids]
    return pl.DataFrame({"track_id": track_ids, "artist_name": artists, "popularity": _truth(track_ids)})


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Let shipped models err by what this says, and remember how many tracks they were asked for."""
    told: dict[str, float] = {"spread": 5.0, "asked": 0}

    def score(folder: Path, frame: pl.DataFrame) -> pl.Series:
        told["asked"] = frame.height
        assert not (set(frame["track_id"]) & set(_OLD))
        return pl.Series(frame["popularity"].to_numpy() + _noise(0, told["spread"], frame.height))

    monkeypatch.setattr(promotion, "_shipped_scores", score)
    return told


def test_fresh_tracks_decide_where_there_are_some(make: Make, shipped: dict[str, float]) -> None:
    champion = make("champion", _OLD[:100], _OLD, 1.0)
    challenger = make("challenger", _OLD[:100] + _NEW, None, 2.0)

    decision = decide(champion, challenger, _frame(_OLD + _NEW))

    assert (decision.decision, decision.champion, decision.basis) == ("promoted", "challenger", FRESH)
    assert shipped["asked"] == _N
    assert decision.difference is not None
    assert (decision.difference.n, decision.difference.n_artists) == (_N, _N // 4)
    assert decision.difference.first == pytest.approx(0.8 * 2, rel=0.1)
    assert decision.difference.second == pytest.approx(0.8 * 5, rel=0.1)
    assert decision.difference.low < decision.difference.value < decision.difference.high < 0
    assert "on 400 fresh tracks of 100 artists" in decision.reason
    assert "so it is surely better" in decision.reason
    assert "There its error is 1.62, the champion's 3.99, and LightGBM's 3." in decision.reason


def test_a_champion_that_is_surely_better_on_fresh_tracks_is_kept(make: Make, shipped: dict[str, float]) -> None:
    shipped["spread"] = 1.0
    champion = make("champion", _OLD[:100], _OLD, 9.0)
    decision = decide(champion, make("challenger", _OLD[:100] + _NEW, None, 2.0), _frame(_NEW))

    assert (decision.decision, decision.champion, decision.basis) == ("kept", "champion", FRESH)
    assert decision.difference is not None
    assert decision.difference.low > 0
    assert "does not replace" in decision.reason


def test_a_challenger_that_knew_less_of_the_latest_tracks_is_fitted_with_them(
    make: Make, shipped: dict[str, float]
) -> None:
    shipped["spread"] = 1.0
    champion, challenger = make("champion", [], _OLD, 9.0), make("challenger", _NEW, None, 2.0)
    asked = []

    def refit(rows: pl.DataFrame) -> np.ndarray:
        asked.append(rows)
        scores: np.ndarray = rows["popularity"].to_numpy() + _noise(3, 1.0, rows.height)
        return scores

    decision = decide(champion, challenger, _frame(_OLD + _NEW), refit=refit)

    assert [rows["track_id"].to_list() for rows in asked] == [_NEW]
    assert "score" not in asked[0].columns
    assert (decision.decision, decision.champion) == ("promoted", "challenger")
    assert "neither is surely better and the newer data decide" in decision.reason
    shipped["spread"] = 5.0
    assert decide(champion, challenger, _frame(_OLD + _NEW), refit=refit).decision == "promoted"
    assert len(asked) == 1


@pytest.mark.parametrize("n_fresh", [0, promotion.MIN_FRESH_ROWS - 1])
def test_too_few_fresh_tracks_leave_it_to_the_shared_ones(make: Make, shipped: dict[str, float], n_fresh: int) -> None:
    champion = make("champion", _OLD[:200], _OLD, 1.0)
    decision = decide(champion, make("challenger", _OLD[:200] + _NEW[:n_fresh], None, 2.0), _frame(_OLD + _NEW))

    assert (decision.decision, decision.basis) == ("kept", SHARED)
    assert decision.difference is not None
    assert decision.difference.n == 200
    assert shipped["asked"] == 0
    assert "on 200 shared held-out tracks of 50 artists" in decision.reason


def test_a_version_that_does_not_tell_what_it_learned_from_has_no_fresh_tracks(make: Make) -> None:
    champion = make("champion", _NEW, None, 2.0)
    decision = decide(champion, make("challenger", _NEW, None, 2.0), _frame(_NEW))

    assert (decision.decision, decision.basis) == ("promoted", SHARED)
    assert "neither is surely better" in decision.reason


def test_nothing_in_common_promotes_the_newer_without_a_figure(make: Make) -> None:
    decision = decide(make("champion", _OLD, None, 1.0), make("challenger", _NEW, None, 2.0), _frame(_NEW))

    assert (decision.decision, decision.basis, decision.difference) == ("promoted", None, None)
    assert "too few to compare" in decision.reason


def test_weights_that_were_rolled_back_are_not_promoted_again(make: Make) -> None:
    champion, challenger = make("champion", _OLD, None, 5.0), make("challenger", _OLD, None, 1.0)

    assert decide(champion, challenger, rolled_back=["sha of another"]).decision == "promoted"
    decision = decide(champion, challenger, rolled_back=["sha of challenger"])
    assert (decision.decision, decision.champion) == ("kept", "champion")
    assert "was rolled back" in decision.reason
    assert decide(None, challenger, rolled_back=["sha of challenger"]).decision == "promoted"


@pytest.mark.parametrize(
    ("family", "match"),
    [
        ("keras", "no row of its network"),
        ("lightgbm", "no row of its benchmark"),
        ("median", "no row of its baseline median"),
    ],
)
def test_a_version_that_was_not_judged_beside_its_peers_is_not_promoted(make: Make, family: str, match: str) -> None:
    challenger = make("challenger", _OLD, None, 2.0)
    metrics = json.loads((challenger / "metrics.json").read_text())
    metrics["scoreboard"] = [row for row in metrics["scoreboard"] if row["family"] != family]
    (challenger / "metrics.json").write_text(json.dumps(metrics))

    for champion in (None, make("champion", _OLD, None, 5.0)):
        with pytest.raises(ModelError, match=rf"metrics.json of 'challenger' has {match}"):
            decide(champion, challenger)


def test_the_benchmark_stands_beside_every_decision(make: Make) -> None:
    worse = decide(None, make("worse", _OLD, None, 6.0, trees=2.0)).reason
    better = decide(None, make("better", _OLD, None, 2.0, trees=6.0)).reason

    assert "error of 4.80 is above the benchmark's 1.60 (LightGBM, difference +" in worse
    assert "at or below" in better
    assert worse.endswith("so surely).")


def test_the_comparison_with_the_benchmark_tells_errors_and_orders(make: Make) -> None:
    compared = compare_with_benchmark(make("model", _OLD, None, 2.0, trees=9.0))

    assert compared is not None
    errors, orders = compared
    assert errors.high < 0
    assert orders is not None
    assert orders.low > 0
    assert orders.first > orders.second > 0.8


def test_one_artist_that_errs_alone_makes_nothing_sure() -> None:
    # 20 artists of 50 tracks; the second model is off by 5 on one artist, and by 0.1 less on all others
    artist = pl.Series([f"a{i // 50}" for i in range(1000)])
    observed = np.zeros(1000)
    first, second = np.full(1000, 1.0), np.where(np.arange(1000) < 50, 6.0, 0.9)

    by_artist = compare_errors(observed, first, second, artist)
    by_track = compare_errors(observed, first, second, pl.Series([str(i) for i in range(1000)]))

    assert by_artist.value == by_track.value == pytest.approx(-0.155)
    assert not by_artist.is_sure
    assert by_track.is_sure
    assert by_artist.n_artists == 20


def test_the_paired_interval_holds_as_often_as_it_says() -> None:
    draw = np.random.default_rng(1)
    held = 0
    for turn in range(200):
        observed, artist = np.zeros(300), pl.Series([str(i // 3) for i in range(300)])
        shared = np.repeat(draw.normal(0, 2, 100), 3)
        first, second = (10 + shared + draw.normal(0, 2, 300), 10 + draw.normal(0, 2, 300))
        difference = compare_errors(observed, first, second, artist, seed=turn)
        held += difference.low <= 0 <= difference.high
    assert 0.84 <= held / 200 <= 0.96


def test_a_constant_score_has_no_order() -> None:
    one, other = np.arange(20.0), np.full(20, 3.0)

    assert compare_orders(one, one, other, pl.Series([str(i) for i in range(20)])) is None
    same = compare_orders(one, one, one, pl.Series(["a"] * 20))
    assert same is not None
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert same.first == pytest.approx(1)


def test_what_a_version_learned_from_is_known_by_its_hashes(tmp_path: Path) -> None:
    save_learned(tmp_path, pl.Series(["b", "a", "a"]))

    assert find_fresh(tmp_path, pl.Series(["a", "c", "b"])).tolist() == [False, True, False]
    assert find_fresh(tmp_path, pl.Series([], dtype=pl.String)).tolist() == []
    assert (tmp_path / "trained_on.parquet").stat().st_size < 2_000
    (tmp_path / "trained_on.parquet").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"however trained_on.parquet of .* can't be read"):
        find_fresh(tmp_path, pl.Series(["c"]))
    (tmp_path / "trained_on.parquet").unlink()
    assert find_fresh(tmp_path, pl.Series(["c"])).tolist() == [False]
