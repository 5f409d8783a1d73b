"""Scoring: releases in, scores out, from a model's folder and without TensorFlow."""

from typing import NamedTuple

import numpy as np
import polars as pl

from songpop.estimators import PREDICTION_COLUMNS
from songpop.features import EncodedRows, conform
from songpop.scoring.adjusting import adjust_predictions
from songpop.scoring.album_picks import chances_within
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS, contributions, drivers
from songpop.scoring.model import SHIPPED_COLUMNS, ScoringModel

# Rows are scored in pieces, so that a million releases need no more memory than these.
PIECE = 50_000
# Up to so many rows each has its exact contributions, for 128 predictions; beyond, 44 do (see `contributions`).
EXACT_ROWS = 2_000


class Scored(NamedTuple):
    """Scores of n releases, and what they were made from.

    Args:
        scores: as `score_releases` returns them.
        rows: encoded.
        pmf: the network's distributions, by which songs of an album are ordered, shape (n, 101).
        shipped: the scorer's distributions, shape (n, 101): the same where the network scores alone.
    """

    scores: pl.DataFrame
    rows: EncodedRows
    pmf: np.ndarray
    shipped: np.ndarray


def score_releases(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Score releases with a model version.

    Args:
        frame: one row a track, columns as in the model frame; all but `track_id` and `artist_name` may be absent.
        model: from `load_model`.

    Returns:
        One row a row of `frame`, in its order: `track_id`, PREDICTION_COLUMNS, SHIPPED_COLUMNS, `family,
        benchmark_score, p_best, reference_score, drivers` and CONTRIBUTION_COLUMNS, in points: they add up to
        `score - reference_score`.

    Raises:
        ModelError: `frame` lacks `track_id` or `artist_name`.
    """
    return encode_and_score(frame, model).scores


def encode_and_score(frame: pl.DataFrame, model: ScoringModel) -> Scored:
    """Score releases as `score_releases` does, and return beside the scores what they were made from.

    Raises:
        ModelError: `frame` lacks `track_id` or `artist_name`.
    """
    frame = conform(frame)
    is_alone = model.scorer is model.net
    parts, pieces, distributions, shipped = [], [], [], []
    for start in range(0, max(frame.height, 1), PIECE):
        rows = model.encoder.transform(frame[start : start + PIECE])
        own = model.net.predict_distribution(rows)
        pmf = own if is_alone else model.scorer.predict_distribution(rows)
        distributions.append(own.astype(np.float32))
        shipped.append(distributions[-1] if is_alone else pmf.astype(np.float32))
        parts.append(_score_piece(rows, pmf, model, exact=frame.height <= EXACT_ROWS))
        pieces.append(rows)
    rows, distribution = EncodedRows.concat(pieces), np.concatenate(distributions)
    p_best = chances_within(model.order, rows, distribution, frame["album_id"])
    scores = pl.concat(parts).with_columns(frame["track_id"], p_best)
    told = (*PREDICTION_COLUMNS, *SHIPPED_COLUMNS.values(), "family", "benchmark_score", "p_best")
    names = ("track_id", *told, "reference_score", "drivers", *CONTRIBUTION_COLUMNS)
    return Scored(scores.select(names), rows, distribution, distribution if is_alone else np.concatenate(shipped))


def adjust_scores(scored: Scored, model: ScoringModel) -> pl.DataFrame:
    """Adjust scores anew, where what is known of their list came after them; contributions are as they were.

    Args:
        scored: of `encode_and_score`.
        model: adjusted by the same recalibration.
    """
    before = scored.scores.select(pl.col(kept).alias(name) for name, kept in SHIPPED_COLUMNS.items())
    adjusted = adjust_predictions(before, scored.shipped, model.adjustment)
    return scored.scores.with_columns(adjusted.get_columns())


def _score_piece(rows: EncodedRows, pmf: np.ndarray, model: ScoringModel, *, exact: bool) -> pl.DataFrame:
    table, reference = contributions(model.scorer, rows, model.reference, exact=exact, read_scores=model.read_scores)
    return model.predictions_of(rows, pmf).with_columns(
        drivers(table, rows),
        pl.lit(reference).alias("reference_score"),
        *[pl.Series(name, table[:, j]) for j, name in enumerate(CONTRIBUTION_COLUMNS)],
    )
