"""Scoring: releases in, scores out, from a model's folder and without TensorFlow."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import changing
from songpop.changing import PITCHES, SETTABLE
from songpop.errors import ModelError
from songpop.estimators import PREDICTION_COLUMNS
from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.lightgbm_trees import LightGBMTrees
from songpop.estimators.onnx_net import OnnxNet
from songpop.explaining import CONTRIBUTION_COLUMNS, FeaturePart, contributions, drivers, feature_parts
from songpop.features import ANALYSIS, GROUPS, MODEL_COLUMNS, EncodedRows, FeatureEncoder, conform
from songpop.features.encoder import NUMERIC
from songpop.singles import chances_within

# Rows are scored in pieces, so that a million releases need no more memory than these.
PIECE = 50_000
# Up to so many rows each has its exact contributions, for 128 predictions; beyond, 44 do (see `contributions`).
EXACT_ROWS = 2_000


@dataclass(frozen=True)
class ScoringModel:
    """A model version as scoring uses it.

    Args:
        model_version: its name.
        encoder: fitted; decides order and scaling.
        net: the network from ONNX.
        trees: the benchmark.
        order: of an album's songs; None where the training tracks taught none.
        reference: the typical track that explanations compare with.
        experience: where the training tracks lie, as `changing.experience_of` has it; empty in older models.
    """

    model_version: str
    encoder: FeatureEncoder
    net: OnnxNet
    trees: LightGBMTrees
    reference: dict[str, Any]
    experience: dict[str, list[float]] = field(default_factory=dict)
    order: AlbumOrder | None = None


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
            words.get("experience", {}),
            AlbumOrder.load(model_dir),
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
        p_76_100, benchmark_score, p_best, reference_score, drivers` and CONTRIBUTION_COLUMNS, in points: they add up
        to `score - reference_score`.

    Raises:
        ModelError: `frame` lacks `track_id` or `artist_name`.
    """
    frame = conform(frame)
    parts, pieces, distributions = [], [], []
    for start in range(0, max(frame.height, 1), PIECE):
        rows = model.encoder.transform(frame[start : start + PIECE])
        pmf = model.net.predict_distribution(rows)
        parts.append(_score_piece(rows, pmf, model, exact=frame.height <= EXACT_ROWS))
        pieces.append(rows)
        distributions.append(pmf.astype(np.float32))
    p_best = chances_within(model.order, EncodedRows.concat(pieces), np.concatenate(distributions), frame["album_id"])
    scores = pl.concat(parts).with_columns(frame["track_id"], p_best)
    words = ("benchmark_score", "p_best", "reference_score", "drivers")
    return scores.select("track_id", *PREDICTION_COLUMNS, *words, *CONTRIBUTION_COLUMNS)


def _score_piece(rows: EncodedRows, pmf: np.ndarray, model: ScoringModel, *, exact: bool) -> pl.DataFrame:
    predictions = model.net.predictions_of(rows, pmf)
    table, reference = contributions(model.net, rows, model.reference, exact=exact)
    if len(rows) == 0:
        benchmark = pl.Series("benchmark_score", [], pl.Float64)
    else:
        benchmark = model.trees.predict(rows)["score"].alias("benchmark_score")
    return predictions.with_columns(
        benchmark,
        drivers(table, rows),
        pl.lit(reference).alias("reference_score"),
        *[pl.Series(name, table[:, j]) for j, name in enumerate(CONTRIBUTION_COLUMNS)],
    )


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
    table, reference = contributions(model.net, rows, model.reference, exact=frame.height <= EXACT_ROWS)
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


@dataclass(frozen=True)
class Explanation:
    """What pushed one track's score up and down.

    Args:
        prediction: `PREDICTION_COLUMNS` and `benchmark_score`.
        contributions: points of each feature group, the largest first; with `reference_score` they make the score.
        features: what mattered within the groups; one at a time, so not additive.
        remarks: what the model does not know about the track.
    """

    track_id: str
    model_version: str
    reference_score: float
    prediction: dict[str, float]
    contributions: dict[str, float]
    features: list[FeaturePart]
    remarks: list[str]


def explain(frame: pl.DataFrame, model: ScoringModel) -> Explanation:
    """Explain one track's score: exact contributions of the groups, and what mattered within them.

    Args:
        frame: one row, as for `score_releases`.
        model: from `load_champion`.

    Raises:
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = _one_row(frame)
    rows = model.encoder.transform(frame)
    table, reference = contributions(model.net, rows, model.reference, exact=True)
    points = sorted(zip(GROUPS, table[0].tolist(), strict=True), key=lambda part: -abs(part[1]))
    features = [_named(part, model.encoder) for part in feature_parts(model.net, rows, model.reference)]
    remarks = _remarks(frame.row(0, named=True), rows, model)
    prediction = model.net.predict(rows).with_columns(model.trees.predict(rows)["score"].alias("benchmark_score"))
    return Explanation(
        frame["track_id"][0],
        model.model_version,
        reference,
        prediction.to_dicts()[0],
        dict(points),
        features,
        remarks,
    )


def _named(part: FeaturePart, encoder: FeatureEncoder) -> FeaturePart:
    """Put names for the codes of a category; an unknown one is None."""
    names = {"genre": [None, *encoder.genres], "key": [None, *PITCHES]}.get(part.feature)
    if names is None:
        return part
    return replace(part, value=names[int(part.value)], typical=names[int(part.typical)])


@dataclass(frozen=True)
class Change:
    """One changed column: what it was, what it is now, and what to know about that.

    Args:
        is_implied: another change brought it along.
        outside: why the model has no experience of the new value, None where it has.
    """

    name: str
    before: Any
    after: Any
    unit: str
    is_implied: bool
    outside: str | None


@dataclass(frozen=True)
class WhatIf:
    """One track's score under changed features, beside the present one.

    Args:
        before, after: `PREDICTION_COLUMNS`.
        difference: after minus before, in points of the score.
        contributions: points of each feature group before and after and their difference, largest difference first.
        remarks: what the model does not know about the changed track.
    """

    track_id: str
    model_version: str
    reference_score: float
    changes: list[Change]
    before: dict[str, float]
    after: dict[str, float]
    difference: float
    contributions: list[dict[str, Any]]
    remarks: list[str]


def what_if(frame: pl.DataFrame, changes: Mapping[str, Any], model: ScoringModel) -> WhatIf:
    """Score one track under changed features: what goes with such a track, not what a change would cause.

    Args:
        frame: one row, as for `score_releases`.
        changes: new values by column (`changing.SETTABLE`), as text or typed; None is unknown. A date brings its year
            along, and a year moves the date into it.
        model: from `load_champion`.

    Raises:
        SettingsError: a change can't be made.
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = _one_row(frame)
    row = frame.row(0, named=True)
    asked = {name: changing.checked(name, value) for name, value in changes.items()}
    full = changing.with_implied(row, asked)
    after = _changed(frame, full)
    rows = model.encoder.transform(pl.concat([frame, after]))
    table, reference = contributions(model.net, rows, model.reference, exact=True)
    old, new = model.net.predict(rows).to_dicts()
    moved = [
        {"group": group, "before": float(a), "after": float(b), "difference": float(b - a)}
        for group, a, b in zip(GROUPS, table[0], table[1], strict=True)
    ]
    remarks = _remarks(after.row(0, named=True), rows.take(np.array([1])), model, but=full)
    if "artist_name" in asked and "artist_popularity" not in asked:
        remarks.append("artist_popularity stays that of the present artist. Set it too, or leave it blank for unknown.")
    return WhatIf(
        row["track_id"],
        model.model_version,
        reference,
        [_told(name, row[name], value, name not in asked, model) for name, value in full.items() if name in SETTABLE],
        old,
        new,
        new["score"] - old["score"],
        sorted(moved, key=lambda part: -abs(part["difference"])),
        remarks,
    )


@dataclass(frozen=True)
class Sweep:
    """One track's score over the values of one feature.

    Args:
        points: `value, score, score_low, score_high, is_present, outside`, in the order of the values; `outside` as in
            `Change`.
    """

    name: str
    unit: str
    points: list[dict[str, Any]]


def sweep(frame: pl.DataFrame, name: str, model: ScoringModel, changes: Mapping[str, Any] | None = None) -> Sweep:
    """Score one track over the range of one feature, with other changes where there are any, in one batch.

    Numbers go over the model's experience, and as far as the track's own value; genres over those it learned.

    Raises:
        SettingsError: the feature has no range to go over, or a change can't be made.
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = _one_row(frame)
    asked = {key: changing.checked(key, value) for key, value in (changes or {}).items()}
    frame = _changed(frame, changing.with_implied(frame.row(0, named=True), asked))
    row = frame.row(0, named=True)
    values = changing.values_over(name, row.get(name), model.experience, model.encoder.genres)
    frames = [_changed(frame, changing.with_implied(row, {name: value})) for value in values]
    scores = model.net.predict(model.encoder.transform(pl.concat(frames)))
    points = [
        {
            "value": value,
            **{key: float(scores[key][i]) for key in ("score", "score_low", "score_high")},
            "is_present": value == row[name],
            "outside": changing.outside_experience(name, value, model.experience, model.encoder.genres),
        }
        for i, value in enumerate(values)
    ]
    return Sweep(name, SETTABLE[name].unit, points)


def _one_row(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.height != 1:
        raise ModelError(f"A track to explain must be one row of a model frame, however there are {frame.height}.")
    return conform(frame).select(list(MODEL_COLUMNS))


def _changed(frame: pl.DataFrame, changes: Mapping[str, Any]) -> pl.DataFrame:
    return frame.with_columns([pl.lit(value, dtype=MODEL_COLUMNS[name]).alias(name) for name, value in changes.items()])


def _told(name: str, before: Any, after: Any, is_implied: bool, model: ScoringModel) -> Change:
    outside = changing.outside_experience(name, after, model.experience, model.encoder.genres)
    return Change(name, before, after, SETTABLE[name].unit, is_implied, outside)


def _remarks(row: Mapping[str, Any], rows: EncodedRows, model: ScoringModel, but: Collection[str] = ()) -> list[str]:
    """Say what the model does not know of a track; its encoded row has shape (1, ...); `but` some columns."""
    words = []
    flags = {name: rows.numeric[0, NUMERIC.index(name)] == 1 for name in _FLAG_WORDS if name in NUMERIC}
    if row["genre"] is not None and flags.pop("is_genre_missing", False):
        words.append(f"The genre '{row['genre']}' is none that the model learned, so it counts as unknown.")
    words = [_FLAG_WORDS[name] for name, is_set in flags.items() if is_set] + words
    if not flags.get("is_audio_missing") and not flags.get("is_analysis_failed"):
        words += _gaps(row)
    if row["duration_ms"] is None:
        words.append("The length is unknown.")
    odd = [name for name in model.experience if name not in but and _is_outside(name, row[name], model)]
    if odd:
        values = ", ".join(
            f"{name} {changing.number(name, row[name])} ({changing.span(name, model.experience)})" for name in odd
        )
        words.append(f"Outside the range of 98 % of the training tracks, so the score is less sure: {values}.")
    if not model.experience:
        words.append("This model version does not tell where it has experience. Train again with `songpop train`.")
    return words


def _gaps(row: Mapping[str, Any]) -> list[str]:
    """Name the blank columns of an analysis, which `fill_gaps` fills."""
    blank = [name.replace("_", " ") for name in ANALYSIS if row[name] is None]
    if not blank:
        return []
    *others, last = blank
    names = f"{', '.join(others)} and {last}" if others else last
    verb = "are" if others else "is"
    return [f"{names.capitalize()} {verb} unknown and taken as usual."]


def _is_outside(name: str, value: Any, model: ScoringModel) -> bool:
    return changing.outside_experience(name, value, model.experience, model.encoder.genres) is not None


_FLAG_WORDS = {
    "is_artist_new": "The model learned from no track of this artist, so there is no record to go by.",
    "is_artist_popularity_missing": "The artist's popularity is unknown.",
    "is_audio_missing": "There is no audio analysis; once one of its features is set, the others are taken as usual.",
    "is_analysis_failed": "The audio analysis failed (all zeros), so it counts as unknown.",
    "is_genre_missing": "The genre is unknown.",
    "is_year_missing": "The year is unknown.",
}
