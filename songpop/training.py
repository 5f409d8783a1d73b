"""Training: judge the network and its peers on every split, then fit on all rows and write a model version."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop.errors import ModelError
from songpop.estimators import bin_of
from songpop.evaluation import HEADLINE, SPLITS, Split, data_sha256, measure, split_rows
from songpop.explaining import reference_row
from songpop.features import FeatureEncoder
from songpop.ids import make_model_version

# Splits of more rows than this are judged on a sample of this size: their metrics would move in the third digit only.
EVALUATION_ROWS = 120_000
MIN_ROWS = 50
_PACKAGES = ("keras", "tensorflow", "lightgbm", "numpy", "polars", "onnx", "onnxruntime")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainedModel:
    """A model version that lies complete on disk.

    Args:
        model_version: its name, `keras-<as_of_date>-<6 hex of the weights>`.
        path: its folder.
        scoreboard: one dict a family and split, with the columns of `marts.model_scoreboard` but `is_champion`.
        metrics: what metrics.json holds.
    """

    model_version: str
    path: Path
    scoreboard: list[dict[str, Any]]
    metrics: dict[str, Any]


def train(
    frame: pl.DataFrame,
    *,
    models_dir: Path,
    seed: int,
    threads: int,
    as_of_date: date,
    snapshot_ids: Sequence[str],
    progress: Progress | None = None,
) -> TrainedModel:
    """Evaluate the network, LightGBM and the baselines on three splits, then fit on all rows and write a version.

    Args:
        frame: a model frame with `popularity`, one row a track.
        models_dir: folder of the model versions; the new one appears in it complete or not at all.
        seed: of all randomness; the same seed, rows and machine give the same weights.
        threads: for TensorFlow and LightGBM.
        as_of_date: the day the model speaks for.
        snapshot_ids: which data it was fitted on, for its card.
        progress: told a line a step.

    Raises:
        ModelError: there are too few rows to fit on.
    """
    tell = progress or (lambda line: None)
    frame = _usable(frame)
    results, judged = _evaluate_all(frame, seed, threads, tell)
    tell(f"fitting on all {frame.height:,} rows")
    encoder, net, trees = _fit_final(frame, seed, threads)
    models_dir.mkdir(parents=True, exist_ok=True)
    name = make_model_version(net.family, as_of_date, net.digest())
    scoreboard = [{"model_version": name, **row} for row in results["rows"]]
    metrics = {
        "model_version": name,
        "as_of_date": as_of_date.isoformat(),
        "seed": seed,
        "snapshot_ids": list(snapshot_ids),
        "n_rows": frame.height,
        "data_sha256": data_sha256(frame),
        "weights_sha256": net.digest(),
        "splits": results["splits"],
        "scoreboard": scoreboard,
        "packages": {package: version(package) for package in _PACKAGES},
    }
    folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=models_dir))
    try:
        _write(folder, encoder, net, trees, frame, metrics, judged)
        path = _move(folder, models_dir / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return TrainedModel(name, path, scoreboard, metrics)


def _usable(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows with a label, in an order that does not depend on how they came."""
    has_label = "popularity" in frame.columns
    rows = frame.filter(pl.col("popularity").is_not_null()).sort("track_id") if has_label else frame.clear()
    if rows.height < MIN_ROWS:
        raise ModelError(
            f"Training must have {MIN_ROWS} tracks with a popularity at least, however there are {rows.height}. "
            "Load a tracks file first, with `songpop load --tracks FILE`."
        )
    return rows


def _evaluate_all(
    frame: pl.DataFrame, seed: int, threads: int, tell: Progress
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    sample = frame
    if frame.height > EVALUATION_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(frame.height, EVALUATION_ROWS, replace=False))
        sample = frame[chosen]
    rows: list[dict[str, Any]] = []
    manifests, judged = [], {}
    for name in SPLITS:
        split = split_rows(sample, name, seed)
        manifests.append({**split.manifest, "n_sampled_from": frame.height})
        if len(split.test) == 0 or len(split.train) < MIN_ROWS // 2:
            continue
        tell(f"judging on the {name} split: {len(split.train):,} rows to fit, {len(split.test):,} to judge")
        found, predictions = _evaluate(sample, split, seed, threads)
        rows += found
        judged[name] = predictions
    return {"rows": rows, "splits": manifests}, judged


def _evaluate(frame: pl.DataFrame, split: Split, seed: int, threads: int) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    from songpop.estimators.baselines import GenreYearMean, MedianBaseline
    from songpop.estimators.keras_net import KerasNet
    from songpop.estimators.lightgbm_trees import LightGBMTrees

    train, test = frame[split.train], frame[split.test]
    encoder, rows = FeatureEncoder.fit(train, seed)
    popularity = train["popularity"].to_numpy().astype(np.float64)
    majority = int(np.bincount(bin_of(popularity)).argmax())
    unseen = encoder.transform(test)
    estimators = [KerasNet(encoder), LightGBMTrees(), GenreYearMean(), MedianBaseline()]
    found, predictions = [], {}
    for estimator in estimators:
        predictions[estimator.family] = estimator.fit(rows, popularity, seed=seed, threads=threads).predict(unseen)
        metrics = measure(test, predictions[estimator.family], majority)
        found.append({"family": estimator.family, "split": split.name, **metrics})
    keep = [name for name in ("track_id", "artist_name", "genre", "year", "album_id") if name in test.columns]
    judged = (
        test.select(*keep, pl.col("popularity").cast(pl.Float64))
        .with_columns(predictions["keras"].get_columns())
        .with_columns(predictions["lightgbm"]["score"].alias("benchmark_score"))
    )
    return found, judged


def _fit_final(frame: pl.DataFrame, seed: int, threads: int) -> tuple[FeatureEncoder, Any, Any]:
    from songpop.estimators.keras_net import KerasNet
    from songpop.estimators.lightgbm_trees import LightGBMTrees

    encoder, rows = FeatureEncoder.fit(frame, seed)
    popularity = frame["popularity"].to_numpy().astype(np.float64)
    trees = LightGBMTrees().fit(rows, popularity, seed=seed, threads=threads)
    return encoder, KerasNet(encoder).fit(rows, popularity, seed=seed, threads=threads), trees


def _write(
    folder: Path,
    encoder: FeatureEncoder,
    net: Any,
    trees: Any,
    frame: pl.DataFrame,
    metrics: dict[str, Any],
    judged: dict[str, pl.DataFrame],
) -> None:
    from songpop.cards import write_card

    rows = encoder.transform(frame.sample(min(frame.height, 20_000), seed=metrics["seed"]))
    encoder.save(folder, {"model_version": metrics["model_version"], "reference": reference_row(rows)})
    net.save(folder)
    trees.save(folder)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    predictions = judged.get(HEADLINE, next(iter(judged.values()), pl.DataFrame({"track_id": []})))
    predictions.write_parquet(folder / "eval_predictions.parquet")
    write_card(folder, metrics, predictions, trees.importance())


def _move(folder: Path, target: Path) -> Path:
    """Put a complete folder in its place; the same version fitted again replaces the old files."""
    if target.exists():
        old = target.with_name(f".replaced-{target.name}")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(target)
    target.chmod(0o755)
    return target
