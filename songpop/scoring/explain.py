"""What pushed one track's score up and down, and what the model does not know about it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from songpop.errors import ModelError
from songpop.features import ANALYSIS, GROUPS, MODEL_COLUMNS, EncodedRows, FeatureEncoder, conform
from songpop.features.assumed_dates import describe_assumed
from songpop.features.encoder import NUMERIC
from songpop.published.tracks import PublishedTrack
from songpop.scoring import what_if_inputs
from songpop.scoring.contributions import ASSOCIATION, FeaturePart, contributions, feature_parts
from songpop.scoring.evidence import LITTLE, evidence_of
from songpop.scoring.model import ScoringModel
from songpop.scoring.what_if_inputs import PITCHES


@dataclass(frozen=True)
class Explanation:
    """What pushed one track's score up and down.

    Args:
        prediction: `PREDICTION_COLUMNS`, `family` and `benchmark_score`.
        contributions: points of each feature group, the largest first; with `reference_score` they make the score.
        features: what mattered within the groups; one at a time, so not additive.
        remarks: what the model does not know about the track.
    """

    track_id: str
    model_version: str
    reference_score: float
    prediction: dict[str, Any]
    contributions: dict[str, float]
    features: list[FeaturePart]
    remarks: list[str]

    def to_document(self, track: PublishedTrack) -> dict[str, Any]:
        """Return the JSON document of an explained track."""
        return {
            "track": track.facts,
            **asdict(self),
            "remarks": [*track.remarks_on(self.prediction["score"]), *self.remarks],
            "stored": track.stored,
            "association": ASSOCIATION,
        }


def explain(frame: pl.DataFrame, model: ScoringModel) -> Explanation:
    """Explain one track's score: exact contributions of the groups, and what mattered within them.

    Args:
        frame: one row, as for `score_releases`.
        model: from `load_model`.

    Raises:
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    frame = one_row(frame)
    rows = model.encoder.transform(frame)
    table, reference = contributions(model.scorer, rows, model.reference, exact=True, read_scores=model.read_scores)
    points = sorted(zip(GROUPS, table[0].tolist(), strict=True), key=lambda part: -abs(part[1]))
    return Explanation(
        frame["track_id"][0],
        model.model_version,
        reference,
        model.predict(rows).row(0, named=True),
        dict(points),
        explain_features(rows, model),
        remarks_on(frame, rows, model),
    )


def explain_features(rows: EncodedRows, model: ScoringModel) -> list[FeaturePart]:
    """Compare each feature of one track, shape (1, ...), with a typical one; categories by name, None where unknown."""
    parts = feature_parts(model.scorer, rows, model.reference, read_scores=model.read_scores)
    return [_named(part, model.encoder) for part in parts]


def _named(part: FeaturePart, encoder: FeatureEncoder) -> FeaturePart:
    names = {"genre": [None, *encoder.genres], "key": [None, *PITCHES]}.get(part.feature)
    if names is None:
        return part
    return replace(part, value=names[int(part.value)], typical=names[int(part.typical)])


def one_row(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a model frame of one track.

    Raises:
        ModelError: `frame` has not one row, or lacks `track_id` or `artist_name`.
    """
    if frame.height != 1:
        raise ModelError(f"A track to explain must be one row of a model frame, however there are {frame.height}.")
    return conform(frame).select(list(MODEL_COLUMNS))


def remarks_on(frame: pl.DataFrame, rows: EncodedRows, model: ScoringModel, but: Collection[str] = ()) -> list[str]:
    """Say what the model does not know of a track, one row of a model frame and encoded, and how scores are adjusted.

    Columns of `but` are left out.
    """
    row = frame.row(0, named=True)
    remarks = []
    flags = {name: rows.numeric[0, NUMERIC.index(name)] == 1 for name in _FLAG_REMARKS if name in NUMERIC}
    if row["genre"] is not None and flags.pop("is_genre_missing", False):
        remarks.append(f"The genre '{row['genre']}' is none that the model learned, so it counts as unknown.")
    remarks = [_FLAG_REMARKS[name] for name, is_set in flags.items() if is_set] + remarks
    if little_known(rows)[0]:
        remarks.insert(0, LITTLE_KNOWN.format("this song", "its score is"))
    if not flags.get("is_audio_missing") and not flags.get("is_analysis_failed"):
        remarks += _gaps(row)
    if row["duration_ms"] is None:
        remarks.append("The length is unknown.")
    if assumed := describe_assumed(frame):
        remarks.append(assumed)
    odd = [name for name in model.experience if name not in but and _is_outside(name, row[name], model)]
    if odd:
        values = ", ".join(
            f"{name} {what_if_inputs.number(name, row[name])} ({what_if_inputs.span(name, model.experience)})"
            for name in odd
        )
        remarks.append(f"Outside the range of 98 % of the training tracks, so the score is less sure: {values}.")
    if not model.experience:
        remarks.append("This model version does not tell where it has experience. Train again with `songpop train`.")
    return [*model.adjustment.remarks, *remarks]


def little_known(rows: EncodedRows) -> list[bool]:
    """Say of which encoded rows, shape (n, ...), neither sound nor artist is known: those of little evidence."""
    return [evidence == LITTLE for evidence in evidence_of(rows)]


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
    return what_if_inputs.outside_experience(name, value, model.experience, model.encoder.genres) is not None


LITTLE_KNOWN = "Little is known of {}, neither the sound nor the artist: {} near what any release gets."
_FLAG_REMARKS = {
    "is_artist_new": "The model learned from no track of this artist, so there is no record to go by.",
    "is_artist_popularity_missing": "The artist's popularity is unknown.",
    "is_audio_missing": "There is no audio analysis; once one of its features is set, the others are taken as usual.",
    "is_analysis_failed": "The audio analysis failed (all zeros), so it counts as unknown.",
    "is_genre_missing": "The genre is unknown.",
    "is_year_missing": "The year is unknown.",
}
