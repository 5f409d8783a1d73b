"""One track's score under changed features, and over the range of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from songpop.features import GROUPS, MODEL_COLUMNS
from songpop.scoring import what_if_inputs
from songpop.scoring.contributions import contributions
from songpop.scoring.explain import one_row, remarks_on
from songpop.scoring.model import ScoringModel
from songpop.scoring.what_if_inputs import SETTABLE


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
        model: from `load_model`.

    Raises:
        SettingsError: a change can't be made.
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = one_row(frame)
    row = frame.row(0, named=True)
    asked = {name: what_if_inputs.checked(name, value) for name, value in changes.items()}
    full = what_if_inputs.with_implied(row, asked)
    after = _changed(frame, full)
    rows = model.encoder.transform(pl.concat([frame, after]))
    table, reference = contributions(model.net, rows, model.reference, exact=True)
    old, new = model.net.predict(rows).to_dicts()
    moved = [
        {"group": group, "before": float(a), "after": float(b), "difference": float(b - a)}
        for group, a, b in zip(GROUPS, table[0], table[1], strict=True)
    ]
    remarks = remarks_on(after.row(0, named=True), rows.take(np.array([1])), model, but=full)
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
    frame = one_row(frame)
    asked = {key: what_if_inputs.checked(key, value) for key, value in (changes or {}).items()}
    frame = _changed(frame, what_if_inputs.with_implied(frame.row(0, named=True), asked))
    row = frame.row(0, named=True)
    values = what_if_inputs.values_over(name, row.get(name), model.experience, model.encoder.genres)
    frames = [_changed(frame, what_if_inputs.with_implied(row, {name: value})) for value in values]
    scores = model.net.predict(model.encoder.transform(pl.concat(frames)))
    points = [
        {
            "value": value,
            **{key: float(scores[key][i]) for key in ("score", "score_low", "score_high")},
            "is_present": value == row[name],
            "outside": what_if_inputs.outside_experience(name, value, model.experience, model.encoder.genres),
        }
        for i, value in enumerate(values)
    ]
    return Sweep(name, SETTABLE[name].unit, points)


def _changed(frame: pl.DataFrame, changes: Mapping[str, Any]) -> pl.DataFrame:
    return frame.with_columns([pl.lit(value, dtype=MODEL_COLUMNS[name]).alias(name) for name, value in changes.items()])


def _told(name: str, before: Any, after: Any, is_implied: bool, model: ScoringModel) -> Change:
    outside = what_if_inputs.outside_experience(name, after, model.experience, model.encoder.genres)
    return Change(name, before, after, SETTABLE[name].unit, is_implied, outside)
