"""Training, scoring, explaining and promotion, on one model trained on a small planted frame."""

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from quick_training import train_quickly
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.estimators.picks import measure_records
from songpop.evaluation import SPLITS
from songpop.scoring.contributions import contributions
from songpop.scoring.model import ScoringModel, load_model
from songpop.scoring.score import score_releases
from songpop.training.promotion import decide
from songpop.training.train import TrainedModel, train
from songpop.training.training_tracks import find_fresh

AS_OF = date(2026, 11, 22)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        train_quickly(patch, headline_seeds=2)  # a spread takes two
        return train(
            planted_frame(400), models_dir=folder, seed=0, threads=1, as_of_date=AS_OF, snapshot_ids=["tracks-1"]
        )


@pytest.fixture(scope="module")
def model(trained: TrainedModel) -> ScoringModel:
    return load_model(trained.path)


def test_a_version_lies_complete_in_its_folder(trained: TrainedModel) -> None:
    assert trained.model_version.startswith("keras-2026-11-22-")
    assert trained.path.name == trained.model_version
    assert [path.name for path in trained.path.parent.iterdir()] == [trained.model_version]
    names = {path.name for path in trained.path.iterdir()}
    assert {"features.json", "metrics.json", "model.keras", "model.onnx", "benchmark.txt", "card.md"} <= names
    metrics = json.loads((trained.path / "metrics.json").read_text())
    assert metrics["seed"] == 0
    assert metrics["snapshot_ids"] == ["tracks-1"]
    assert json.loads((trained.path / "net.json").read_text())["weights_sha256"][:6] == trained.model_version[-6:]


def test_every_family_is_judged_on_every_split(trained: TrainedModel) -> None:
    judged = {(row["family"], row["split"]) for row in trained.scoreboard}
    families = ("keras", "lightgbm", "blend", "genre_year_mean", "median")
    assert judged == {(family, split) for family in families for split in SPLITS}
    mae = {(row["family"], row["split"]): row["mae"] for row in trained.scoreboard}
    assert all(mae["keras", split] < mae["median", split] for split in SPLITS)


def test_the_card_reads_and_shows_its_plots(trained: TrainedModel) -> None:
    card = (trained.path / "card.md").read_text()
    assert "400 tracks" in card
    assert "**network**" in card
    for line in card.splitlines():
        if line.startswith("!["):
            assert (trained.path / line.split("(")[1].rstrip(")")).stat().st_size > 5_000
    assert card.count("![") == 4


def test_the_card_tells_protocol_spread_and_surety(trained: TrainedModel) -> None:
    card = (trained.path / "card.md").read_text()
    assert card.count("### Temporal split") == 1
    assert re.search(r"\| \*\*network\*\* \| \d\.\d\d \(\d\.\d\d to \d\.\d\d\) \| ± \d\.\d\d, 2 seeds", card)
    assert re.search(r"less LightGBM's is [+-]\d\.\d\d \(90 % of resamples", card)
    for heading in ("## By known or new artist", "## Data and protocol", "## Limits"):
        assert heading in card
    assert ("No order was learned" in card) is (trained.metrics["album_order"] is None)
    for words in trained.metrics["protocol"].values():
        assert words in card


def test_the_record_of_singles_can_be_recounted_from_the_models_folder(trained: TrainedModel) -> None:
    songs = pl.read_parquet(trained.path / "album_predictions.parquet")

    assert measure_records(songs) == trained.metrics["single_records"]
    assert songs["seed"].unique().sort().to_list() == [0, 1]
    assert set(songs["track_id"]) < set(pl.read_parquet(trained.path / "eval_predictions.parquet")["track_id"])
    albums = songs.group_by("seed", "album_id").agg(pl.len(), pl.col("n_songs").first(), pl.col("p_best").sum())
    assert albums["len"].to_list() == albums["n_songs"].to_list()
    np.testing.assert_allclose(albums["p_best"].to_numpy(), 1, atol=1e-6)
    assert songs["n_songs"].min() == 2
    assert set(songs["n_album_tracks"]) == {3}
    assert set(songs["evidence"]) <= {"full", "some"}


def test_the_card_shows_the_record_of_singles_by_size(trained: TrainedModel) -> None:
    card = (trained.path / "card.md").read_text()
    n_pairs = next(row["n_albums"] for row in trained.metrics["single_records"] if row["size_class"] == "2")

    assert re.search(rf"^\| two songs \| {n_pairs} \| not known \|", card, re.MULTILINE)
    assert "and the lift is 1.2 or more: none of the 3 sizes has one." in card


def test_releases_are_scored_in_their_order(model: ScoringModel) -> None:
    releases = planted_frame(30, seed=5).drop("popularity")
    scores = score_releases(releases, model)
    assert scores["track_id"].to_list() == releases["track_id"].to_list()
    assert scores["score"].is_between(0, 100).all()
    assert scores["benchmark_score"].is_between(0, 100).all()
    by_album = releases.with_columns(scores["p_best"]).group_by("album_id").agg(pl.col("p_best").sum())
    np.testing.assert_allclose(by_album["p_best"].to_numpy(), 1, atol=1e-6)


def test_a_release_with_a_title_alone_gets_a_score(model: ScoringModel) -> None:
    bare = pl.DataFrame({"track_id": ["x", "y"], "artist_name": ["Nobody", "Nobody"], "track_name": ["One", None]})
    scores = score_releases(bare, model)
    assert scores["score"].is_between(0, 100).all()
    assert scores["p_best"].null_count() == 2
    assert scores["drivers"].str.len_chars().min() > 0  # type: ignore[operator]


def test_no_releases_give_no_scores(model: ScoringModel) -> None:
    assert score_releases(planted_frame(3).clear(), model).height == 0


def test_drivers_name_what_was_planted(model: ScoringModel) -> None:
    frame = planted_frame(1, seed=5).with_columns(
        pl.lit("Song - Club Remix").alias("track_name"),
        pl.lit("tango").alias("genre"),
        pl.lit(85.0).alias("artist_popularity"),
    )
    words = score_releases(frame, model)["drivers"][0]
    assert "genre and year" in words
    assert "remix" in words or "artist's popularity" in words


def test_contributions_add_up_to_the_score(model: ScoringModel) -> None:
    frame = planted_frame(8, seed=5)
    table, reference = contributions(model.scorer, model.encoder.transform(frame), model.reference)
    scores = score_releases(frame, model)["score"].to_numpy()
    np.testing.assert_allclose(reference + table.sum(axis=1), scores, atol=1e-3)


def test_scores_do_not_depend_on_the_rows_beside_them(model: ScoringModel) -> None:
    frame = planted_frame(20, seed=5)
    alone, together = score_releases(frame[3:4], model), score_releases(frame, model)[3:4]
    assert alone["score"][0] == pytest.approx(together["score"][0], abs=1e-3)


def test_a_missing_model_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="must lie complete in its folder"):
        load_model(tmp_path / "keras-2026-11-22-000000")


_FILES = [
    "features.json", "levels.parquet", "artists.parquet", "versions.parquet", "net.json", "model.onnx",
    "benchmark.json", "benchmark.txt",
    "benchmark_bins.txt", "blend.json",
]  # fmt: skip


@pytest.mark.parametrize("name", _FILES)
@pytest.mark.parametrize("state", ["missing", "truncated", "of another layout"])
def test_a_model_with_a_broken_file_can_t_score(trained: TrainedModel, tmp_path: Path, name: str, state: str) -> None:
    folder = tmp_path / trained.model_version
    folder.mkdir()
    for file in _FILES:
        content = (trained.path / file).read_bytes()
        if file != name:
            (folder / file).write_bytes(content)
        elif state == "truncated":
            (folder / file).write_bytes(content[: len(content) // 2])
        elif state == "of another layout":
            (folder / file).write_bytes(b"{}")
    with pytest.raises(ModelError, match="Train again with"):
        load_model(folder)


def test_a_model_without_a_name_or_a_reference_can_t_score(trained: TrainedModel, tmp_path: Path) -> None:
    for file in _FILES:
        (tmp_path / file).write_bytes((trained.path / file).read_bytes())
    words = json.loads((tmp_path / "features.json").read_text())
    for field in ("model_version", "reference"):
        (tmp_path / "features.json").write_text(json.dumps({k: v for k, v in words.items() if k != field}))
        with pytest.raises(ModelError, match=f"must lie complete in its folder.*KeyError: '{field}'"):
            load_model(tmp_path)


def test_too_few_tracks_can_t_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="must have 50 tracks with a popularity"):
        train(planted_frame(49), models_dir=tmp_path, seed=0, threads=1, as_of_date=AS_OF, snapshot_ids=[])
    assert not list(tmp_path.iterdir())


def _copy(trained: TrainedModel, folder: Path, name: str, shift: float) -> Path:
    """Write what promotion reads of a model that is off by `shift` more."""
    target = folder / name
    target.mkdir()
    metrics = json.loads((trained.path / "metrics.json").read_text()) | {"model_version": name}
    (target / "metrics.json").write_text(json.dumps(metrics))
    rows = pl.read_parquet(trained.path / "eval_predictions.parquet")
    away = pl.when(pl.col("score") >= pl.col("popularity")).then(shift).otherwise(-shift)
    rows.with_columns((pl.col("score") + away).alias("score")).write_parquet(target / "eval_predictions.parquet")
    return target


def test_the_first_model_becomes_the_champion(trained: TrainedModel) -> None:
    decision = decide(None, trained.path)
    assert (decision.decision, decision.champion) == ("promoted", trained.model_version)
    assert "becomes the champion, as there is no other. " in decision.reason
    assert "LightGBM" in decision.reason


def test_a_surely_worse_challenger_is_kept_back(trained: TrainedModel, tmp_path: Path) -> None:
    worse = _copy(trained, tmp_path, "keras-2026-11-23-000000", 2.0)
    decision = decide(trained.path, worse)
    assert (decision.decision, decision.champion) == ("kept", trained.model_version)
    assert decision.challenger == worse.name
    assert "does not replace" in decision.reason
    assert "mean absolute error is 2.00 higher" in decision.reason
    assert "surely worse" in decision.reason


def test_a_better_challenger_replaces_the_champion(trained: TrainedModel, tmp_path: Path) -> None:
    worse = _copy(trained, tmp_path, "keras-2026-11-21-000000", 2.0)
    decision = decide(worse, trained.path)
    assert (decision.decision, decision.champion) == ("promoted", trained.model_version)
    assert "surely better" in decision.reason


def test_the_same_weights_are_not_promoted_again(trained: TrainedModel) -> None:
    decision = decide(trained.path, trained.path)
    assert (decision.decision, decision.champion) == ("kept", trained.model_version)
    assert "is the champion already" in decision.reason


def test_models_without_shared_tracks_can_t_be_compared(trained: TrainedModel, tmp_path: Path) -> None:
    other = _copy(trained, tmp_path, "keras-2026-11-21-000000", 0.0)
    path = other / "eval_predictions.parquet"
    pl.read_parquet(path).with_columns(pl.format("other {}", "track_id").alias("track_id")).write_parquet(path)
    decision = decide(other, trained.path)
    assert decision.decision == "promoted"
    assert "too few to compare" in decision.reason


def test_a_model_no_better_than_the_median_scores_only_where_no_other_can(
    trained: TrainedModel, tmp_path: Path
) -> None:
    poor = _copy(trained, tmp_path, "keras-2026-11-23-000000", 0.0)
    metrics = json.loads((poor / "metrics.json").read_text())
    for row in metrics["scoreboard"]:
        row["mae"] = 9.0 if row["family"] == "median" else 10.0
    (poor / "metrics.json").write_text(json.dumps(metrics))

    beside, alone = decide(trained.path, poor), decide(None, poor)

    assert (beside.decision, beside.champion) == ("kept", trained.model_version)
    assert "is kept back: on held-out tracks its error is not below" in beside.reason
    assert (alone.decision, alone.champion) == ("promoted", poor.name)
    assert "though on held-out tracks its error is not below that of the median" in alone.reason


def test_a_champion_scores_the_fresh_tracks_as_it_is_shipped(trained: TrainedModel, tmp_path: Path) -> None:
    fresh = planted_frame(150, seed=8)
    challenger = _copy(trained, tmp_path, "keras-2026-11-23-000000", 0.0)
    away = pl.col("popularity") + 30.0
    rows = fresh.select("track_id", "artist_name", "popularity", away.alias("score"), away.alias("benchmark_score"))
    rows.write_parquet(challenger / "eval_predictions.parquet")
    shipped = score_releases(fresh.drop("popularity"), load_model(trained.path))["score"]

    decision = decide(trained.path, challenger, pl.concat([planted_frame(400), fresh]))

    assert (decision.decision, decision.basis) == ("kept", "fresh tracks")
    assert decision.difference is not None
    assert decision.difference.first == pytest.approx(30)
    assert decision.difference.second == pytest.approx((shipped - fresh["popularity"]).abs().mean(), abs=1e-3)
    assert not find_fresh(trained.path, planted_frame(400)["track_id"]).any()


def test_a_folder_without_metrics_can_t_be_judged(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must lie complete in its folder, however metrics.json of"):
        decide(None, tmp_path)


def test_a_folder_without_test_predictions_can_t_be_judged(trained: TrainedModel, tmp_path: Path) -> None:
    broken = _copy(trained, tmp_path, "keras-2026-11-23-000000", 0.0)
    (broken / "eval_predictions.parquet").write_bytes(b"not parquet")
    with pytest.raises(ModelError, match=r"however eval_predictions.parquet of"):
        decide(trained.path, broken)
