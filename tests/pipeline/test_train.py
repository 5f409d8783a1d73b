"""The step that trains: when it is due, what it leaves in the ledger, and that another network takes one line."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from checked_warehouse import AS_OF, fill, opened, save_snapshot
from toy_network import ToyNetwork

from songpop import model_folder, warehouse
from songpop.errors import ModelError
from songpop.estimators.keras_net import KerasNet
from songpop.evaluation import contestants
from songpop.pipeline import train
from songpop.pipeline.score import score
from songpop.pipeline.train import Retrain
from songpop.run import open_run
from songpop.scoring import load_model, score_releases
from songpop.settings import Settings


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def _champion(settings: Settings) -> str:
    ((version,),) = _rows(settings, "select model_version from marts.champion")
    return str(version)


def _why_due(settings: Settings, retrain: Retrain = "auto", day: date = AS_OF) -> str | None:
    with open_run(settings, "train", as_of_date=day) as run:
        return train.is_training_due(run, retrain)


def test_a_network_that_one_line_names_is_trained_registered_and_promoted(toy: Settings) -> None:
    version = _champion(toy)

    assert version.startswith("histogram-2026-11-22-")
    assert _rows(toy, "select model_version, family, n_tracks from ledger.model_versions") == [
        (version, "histogram", 120)
    ]
    assert _rows(toy, "select decision, challenger, champion from ledger.promotions") == [
        ("promoted", version, version)
    ]
    roles = "select distinct family, role, is_champion from marts.model_scoreboard order by all"
    assert _rows(toy, roles) == [
        ("blend", "blend", False),
        ("genre_year_mean", "baseline", False),
        ("histogram", "network", True),
        ("lightgbm", "benchmark", False),
        ("median", "baseline", False),
    ]
    assert _rows(toy, "select distinct family, role from ledger.model_metrics order by all") == [
        row[:2] for row in _rows(toy, roles)
    ]
    assert _rows(toy, "select family, role from marts.model_measures where metric = 'r2' and split = 'temporal'") == [
        ("histogram", "network"),
        ("lightgbm", "benchmark"),
        ("blend", "blend"),
        ("genre_year_mean", "baseline"),
        ("median", "baseline"),
    ]
    card = (toy.models_dir / version / "card.md").read_text()
    assert "**histogram of the genre**" in card
    assert "tensorflow" not in json.loads((toy.models_dir / version / "metrics.json").read_text())["packages"]


def test_a_network_that_one_line_names_scores_releases(toy: Settings) -> None:
    model = load_model(toy.models_dir / _champion(toy))
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        result = score(run)
        with run.warehouse() as con:
            frame = warehouse.read_frame(con, "releases")

    scores = score_releases(frame, model)
    assert isinstance(model.net, ToyNetwork)
    assert (result.n_scored, result.model_version) == (12, _champion(toy))
    query = f"select track_id, score from ledger.scores where run_id = '{run.run_id}'"
    stored: dict[Any, Any] = dict(_rows(toy, query))  # type: ignore[arg-type]
    assert stored == pytest.approx(dict(scores.select("track_id", "score").iter_rows()))


def test_a_version_of_another_network_can_t_score_and_is_trained_anew(
    toy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "NETWORK", KerasNet)

    with pytest.raises(ModelError, match=r"must lie complete in its folder, however net.json"):
        load_model(toy.models_dir / _champion(toy))
    assert "or its files are gone" in str(_why_due(toy))


def test_the_same_data_again_keep_the_champion_and_register_nothing(toy: Settings) -> None:
    with open_run(toy, "train", as_of_date=AS_OF) as run:
        result = train.train(run)

    assert (result.decision, result.champion) == ("kept", _champion(toy))
    assert "the same data gave the same weights" in result.reason
    assert _rows(toy, "select count(*) from ledger.model_versions") == [(1,)]
    assert _rows(toy, "select decision from marts.champion") == [("kept",)]


def test_a_network_that_errs_more_than_its_benchmark_is_a_finding(toy: Settings) -> None:
    query = "select role, mae from marts.model_scoreboard where split = 'temporal'"
    mae: dict[Any, Any] = dict(_rows(toy, query))  # type: ignore[arg-type]
    ((severity, message),) = _rows(
        toy, "select severity, message from ledger.findings where check_name = 'network_beats_the_benchmark'"
    )

    assert severity == "warning"
    assert f"errs by {mae['network']:.2f} points and LightGBM by {mae['benchmark']:.2f} (difference +" in str(message)


@pytest.mark.parametrize(("shift", "severity"), [(0.0, "note"), (6.0, "warning")])
def test_a_network_that_is_even_with_its_benchmark_degrades_no_night(
    tmp_path: Path, shift: float, severity: str
) -> None:
    draw = np.random.default_rng(0)
    observed = draw.uniform(20, 80, 200)
    pl.DataFrame(
        {
            "track_id": [f"t{row}" for row in range(200)],
            "artist_name": [f"a{row}" for row in range(200)],
            "popularity": observed,
            "score": observed + shift + draw.normal(0, 3, 200),
            "benchmark_score": observed + draw.normal(0, 3, 200),
        }
    ).write_parquet(tmp_path / model_folder.PREDICTIONS)
    board: list[dict[str, object]] = [
        {"role": role, "mae": mae, "split": "temporal"} for role, mae in (("network", 9.07), ("benchmark", 9.05))
    ]

    (finding,) = train._benchmark_findings(tmp_path, board)

    assert finding.severity == severity
    assert ("not surely" in finding.message.partition(")")[0]) == (severity == "note")


def _lose_the_files(settings: Settings) -> None:
    for path in (settings.models_dir / _champion(settings)).glob("*.json"):
        path.unlink()


def _load_another_file(settings: Settings) -> None:
    with opened(settings) as con:
        save_snapshot(con, "albums", 2)
    with open_run(settings, "load", as_of_date=AS_OF) as run, run.warehouse() as con:
        run.build(con)


@pytest.mark.parametrize(
    ("change", "day", "retrain", "why"),
    [
        (None, AS_OF, "auto", None),
        (None, AS_OF, "always", "it was asked for"),
        (None, AS_OF + timedelta(days=6), "auto", None),
        (None, AS_OF + timedelta(days=7), "auto", "the newest version is 7 days old"),
        (None, AS_OF + timedelta(days=7), "never", None),
        (_lose_the_files, AS_OF, "auto", "or its files are gone"),
        (_load_another_file, AS_OF, "auto", "there are data that no version has seen"),
        (_load_another_file, AS_OF, "never", None),
    ],
)
def test_training_is_due_where_the_champion_is_old_or_unusable_or_knows_less(
    toy: Settings, change: Callable[[Settings], None] | None, day: date, retrain: Retrain, why: str | None
) -> None:
    if change:
        change(toy)
    found = _why_due(toy, retrain, day)

    assert (found is None) == (why is None)
    assert (why or "") in (found or "")


def test_without_a_champion_training_is_due_and_can_t_be_forbidden(settings: Settings, tmp_path: Path) -> None:
    with opened(settings) as con:
        fill(con)

    assert _why_due(settings) == "there is no champion yet"
    with pytest.raises(ModelError, match="must have a champion, however none was trained yet and --retrain never"):
        _why_due(settings, "never")
