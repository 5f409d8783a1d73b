"""One track's score under changed features, and over the range of one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from songpop.features import GROUPS, MODEL_COLUMNS
from songpop.features.assumed_dates import assume_dates, without_assumed_dates
from songpop.published.tracks import PublishedTrack
from songpop.scoring import what_if_inputs
from songpop.scoring.contributions import ASSOCIATION, FeaturePart, contributions
from songpop.scoring.explain import explain_features, one_row, remarks_on
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
        before, after: `PREDICTION_COLUMNS`, `family` and `benchmark_score`.
        difference: after minus before, in points of the score.
        contributions: points of each feature group before and after and their difference, largest difference first.
        features: what matters within the groups of the changed track; one at a time, so not additive.
        outside: why the model has no experience of a value of the changed track, by column.
        remarks: what the model does not know about the changed track.
    """

    track_id: str
    model_version: str
    reference_score: float
    changes: list[Change]
    before: dict[str, Any]
    after: dict[str, Any]
    difference: float
    contributions: list[dict[str, Any]]
    features: list[FeaturePart]
    outside: dict[str, str]
    remarks: list[str]

    def to_document(self, track: PublishedTrack | None, notes: Sequence[str] = ()) -> dict[str, Any]:
        """Return the JSON document of a what-if, the same for command, page and API; the new score at the top.

        Args:
            track: the track in the readers' file, None for a song that is not there.
            notes: what to say about how the changes were read.
        """
        of_track = track.remarks_on(self.before["score"]) if track else []
        return {
            "track": track.facts if track else None,
            **asdict(self),
            "remarks": [*of_track, *notes, *self.remarks],
            **self.after,
            "association": ASSOCIATION,
        }


def what_if(
    frame: pl.DataFrame, changes: Mapping[str, Any], model: ScoringModel, as_of_date: date | None = None
) -> WhatIf:
    """Score one track under changed features: what goes with such a track, not what a change would cause.

    Args:
        frame: one row, as for `score_releases`.
        changes: new values by column (`what_if_inputs.SETTABLE`), as text or typed; None is unknown. A date brings
            its year along, and a year moves the date into it. What is so already is no change.
        model: from `load_model`.
        as_of_date: when a song without a date and a year counts as released; None leaves a known track's unknown.

    Raises:
        SettingsError: a change can't be made.
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = without_assumed_dates(one_row(frame))
    row = frame.row(0, named=True)
    own = _differing(row, changes)
    full = what_if_inputs.with_implied(row, own)
    changed = _dated(_changed(frame, full), as_of_date)
    new_row = changed.row(0, named=True)
    rows = model.encoder.transform(pl.concat([_dated(frame, as_of_date), changed]))
    new_rows = rows.take(np.array([1]))
    table, reference = contributions(model.scorer, rows, model.reference, exact=True, read_scores=model.read_scores)
    before, after = model.predict(rows).to_dicts()
    moved = [
        {"group": group, "before": float(a), "after": float(b), "difference": float(b - a)}
        for group, a, b in zip(GROUPS, table[0], table[1], strict=True)
    ]
    remarks = remarks_on(changed, new_rows, model, but=full)
    if "artist_name" in own and "artist_popularity" not in changes:
        remarks.append("artist_popularity stays that of the present artist. Set it too, or leave it blank for unknown.")
    return WhatIf(
        track_id=row["track_id"],
        model_version=model.model_version,
        reference_score=reference,
        changes=[
            Change(name, row[name], value, SETTABLE[name].unit, name not in own, _outside(name, value, model))
            for name, value in full.items()
            if name in SETTABLE
        ],
        before=before,
        after=after,
        difference=after["score"] - before["score"],
        contributions=sorted(moved, key=lambda part: -abs(part["difference"])),
        features=explain_features(new_rows, model),
        outside=_all_outside(new_row, model),
        remarks=remarks,
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

    def to_document(self) -> dict[str, Any]:
        """Return the JSON document of a sweep, the same for command, page and API."""
        return {**asdict(self), "association": ASSOCIATION}


def sweep(
    frame: pl.DataFrame,
    name: str,
    model: ScoringModel,
    changes: Mapping[str, Any] | None = None,
    as_of_date: date | None = None,
) -> Sweep:
    """Score one track over the range of one feature, with other changes where there are any, in one batch.

    Numbers go over the model's experience, and as far as the track's own value; genres over those it learned.

    Raises:
        SettingsError: the feature has no range to go over, or a change can't be made.
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = without_assumed_dates(one_row(frame))
    row = frame.row(0, named=True)
    frame = _changed(frame, what_if_inputs.with_implied(row, _differing(row, changes or {})))
    row = frame.row(0, named=True)
    values = what_if_inputs.values_over(name, row.get(name), model.experience, model.encoder.genres)
    frames = [_changed(frame, what_if_inputs.with_implied(row, {name: value})) for value in values]
    scores = model.predict(model.encoder.transform(_dated(pl.concat(frames), as_of_date)))
    points = [
        {
            "value": value,
            **{key: float(scores[key][i]) for key in ("score", "score_low", "score_high")},
            "is_present": value == row[name],
            "outside": _outside(name, value, model),
        }
        for i, value in enumerate(values)
    ]
    return Sweep(name, SETTABLE[name].unit, points)


def _differing(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check changes and return those that differ from the track, typed."""
    typed = {name: what_if_inputs.checked(name, value) for name, value in changes.items()}
    return {name: value for name, value in typed.items() if value != row[name]}


def _changed(frame: pl.DataFrame, changes: Mapping[str, Any]) -> pl.DataFrame:
    columns = [pl.lit(value, dtype=MODEL_COLUMNS[name]).alias(name) for name, value in changes.items()]
    if "artist_name" in changes and "artist_key" in frame.columns:
        # another name is another artist
        columns.append(pl.lit(None, dtype=pl.String).alias("artist_key"))
    return frame.with_columns(columns)


def _dated(frame: pl.DataFrame, as_of_date: date | None) -> pl.DataFrame:
    return frame if as_of_date is None else assume_dates(frame, as_of_date)


def _outside(name: str, value: Any, model: ScoringModel) -> str | None:
    return what_if_inputs.outside_experience(name, value, model.experience, model.encoder.genres)


def _all_outside(row: Mapping[str, Any], model: ScoringModel) -> dict[str, str]:
    # a date is outside where its year is, which stands there
    found = {name: _outside(name, row[name], model) for name in SETTABLE if name != "release_date"}
    return {name: message for name, message in found.items() if message is not None}
