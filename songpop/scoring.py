"""Scoring: releases in, scores out, from a model's folder and without TensorFlow."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop.errors import ModelError
from songpop.estimators import PREDICTION_COLUMNS
from songpop.estimators.distribution import predictions_of
from songpop.estimators.lightgbm_trees import LightGBMTrees
from songpop.estimators.onnx_net import OnnxNet
from songpop.explaining import contributions, drivers
from songpop.features import GROUPS, EncodedRows, FeatureEncoder, conform
from songpop.features.encoder import NUMERIC
from songpop.singles import best_chances

# Rows are scored in pieces, so that a million releases need no more memory than these.
PIECE = 50_000


@dataclass(frozen=True)
class ScoringModel:
    """A model version as scoring uses it.

    Args:
        model_version: its name.
        encoder: fitted; decides order and scaling.
        net: the network from ONNX.
        trees: the benchmark.
        reference: the typical track that explanations compare with.
    """

    model_version: str
    encoder: FeatureEncoder
    net: OnnxNet
    trees: LightGBMTrees
    reference: dict[str, Any]


def load_champion(model_dir: Path, threads: int = 1) -> ScoringModel:
    """Load a model version from its folder.

    Raises:
        ModelError: the folder is not there, incomplete, or of other features than this version of songpop has.
    """
    try:
        words = json.loads((model_dir / "features.json").read_text())
        return ScoringModel(
            words["model_version"],
            FeatureEncoder.load(model_dir),
            OnnxNet.load(model_dir, threads),
            LightGBMTrees.load(model_dir),
            {name: words["reference"][name] for name in NUMERIC},
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"A champion must lie complete in its folder, however '{model_dir.name}' does not ({type(error).__name__}: "
            f"{error}). Train again with `songpop train`."
        ) from error


def score_releases(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Score releases with a model version.

    Args:
        frame: one row a track, columns as in the model frame; all but `track_id` and `artist_name` may be absent.
        model: from `load_champion`.

    Returns:
        One row a row of `frame`, in its order: `track_id, score, score_low, score_high, p_0_25, p_26_50, p_51_75,
        p_76_100, benchmark_score, p_best, reference_score, drivers`.

    Raises:
        ModelError: `frame` lacks `track_id` or `artist_name`.
    """
    frame = conform(frame)
    parts, distributions = [], []
    for start in range(0, max(frame.height, 1), PIECE):
        rows = model.encoder.transform(frame[start : start + PIECE])
        pmf = model.net.predict_distribution(rows)
        parts.append(_score_piece(rows, pmf, model))
        distributions.append(pmf.astype(np.float32))
    p_best = best_chances(frame["album_id"], np.concatenate(distributions))
    scores = pl.concat(parts).with_columns(frame["track_id"], p_best)
    return scores.select("track_id", *PREDICTION_COLUMNS, "benchmark_score", "p_best", "reference_score", "drivers")


def _score_piece(rows: EncodedRows, pmf: np.ndarray, model: ScoringModel) -> pl.DataFrame:
    predictions = predictions_of(pmf, model.net.margin)
    if len(rows) == 0:
        benchmark, words, reference = (
            pl.Series("benchmark_score", [], pl.Float64),
            pl.Series("drivers", [], pl.String),
            0.0,
        )
    else:
        benchmark = model.trees.predict(rows)["score"].alias("benchmark_score")
        table, reference = contributions(model.net, rows, model.reference)
        words = drivers(table, rows)
    return predictions.with_columns(benchmark, words, pl.lit(reference).alias("reference_score"))


def explain_tracks(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Explain scores in full: one row a track and feature group, largest contributions first within a track.

    For who asks in Python where a score came from; `score_releases` gives the same in words.

    Args:
        frame: as for `score_releases`.
        model: from `load_champion`.

    Returns:
        `track_id, feature_group, contribution, score, reference_score`; a track's contributions add up to
        `score - reference_score`.
    """
    frame = conform(frame)
    rows = model.encoder.transform(frame)
    table, reference = contributions(model.net, rows, model.reference)
    wide = pl.DataFrame({group: table[:, i] for i, group in enumerate(GROUPS)}).with_columns(
        frame["track_id"], model.net.predict(rows)["score"], pl.lit(reference).alias("reference_score")
    )
    long = wide.with_row_index("row").unpivot(
        GROUPS,
        index=["row", "track_id", "score", "reference_score"],
        variable_name="feature_group",
        value_name="contribution",
    )
    ordered = long.sort(["row", pl.col("contribution").abs()], descending=[False, True], maintain_order=True)
    return ordered.select("track_id", "feature_group", "contribution", "score", "reference_score")
