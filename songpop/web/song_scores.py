"""Score one song: a track of the readers' file, or one that is not out yet, under whatever is entered for it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from songpop.errors import SettingsError
from songpop.scoring import what_if_inputs
from songpop.web.controls import BY_NAME, NAMES, written
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest

if TYPE_CHECKING:
    import polars as pl

    from songpop.scoring.model import ScoringModel

# stands in for a name where none was entered; no artist is called so
NOBODY = "(no artist named)"
UNRELEASED = "unreleased"
_BINS = ("p_0_25", "p_26_50", "p_51_75", "p_76_100")


class BadValues(BadRequest):
    """Some values can't be used.

    Attributes:
        faults: what is wrong, by column.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        """Join the words of all of them."""
        super().__init__(" ".join(faults.values()), 422)
        self.faults = dict(faults)


@dataclass(frozen=True)
class Beginning:
    """What the form begins with.

    Attributes:
        frame: one row of the model frame.
        facts: of the track in the readers' file, None for a song that is not out yet.
        remarks: what to know about its score.
    """

    frame: "pl.DataFrame"
    facts: dict[str, Any] | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def row(self) -> dict[str, Any]:
        """Return the row."""
        row: dict[str, Any] = self.frame.row(0, named=True)
        return row


def begin(reader: PublishedReader, track_id: str | None) -> Beginning:
    """Begin with a track of the readers' file, or with a typical song.

    Raises:
        BadRequest: there is no such track.
        ModelError: there is no champion.
        WarehouseError: nothing was published yet.
    """
    from songpop.published import tracks

    if track_id is None:
        return Beginning(_typical(reader))
    try:
        track = reader.kept(f"track {track_id}", lambda: tracks.read_track(reader.settings, track_id))
    except SettingsError as error:
        raise BadRequest(f"There is no track '{track_id[:80]}' in the published file.", 404) from error
    row = track.frame.row(0, named=True)
    names = ("track_id", "track_name", "artist_name", "album_id", "album_name", "genre", "release_date")
    facts = {name: row[name] for name in names} | {
        "is_release": track.is_release,
        "popularity": track.popularity,
        "popularity_date": track.popularity_date,
        "published_score": track.stored["score"] if track.stored else None,
    }
    remarks = []
    if not track.is_release:
        remarks.append(
            f"Models learn from this track (popularity {track.popularity} on {track.popularity_date}), so its score "
            "is no forecast."
        )
    return Beginning(track.frame, facts, remarks)


def _typical(reader: PublishedReader) -> "pl.DataFrame":
    """Make the row of a typical song: medians of the training tracks, the commonest genre, out on the as-of date."""
    import numpy as np
    import polars as pl

    from songpop.features import conform

    model, edition = reader.champion(), reader.edition()
    row: dict[str, Any] = {"track_id": UNRELEASED, "artist_name": NOBODY}
    for name, value in model.reference.items():
        if name in BY_NAME and value is not None and name not in ("year", "n_album_tracks"):
            step = BY_NAME[name].step if BY_NAME[name].kind == "slider" else 1
            row[name] = round(round(value / step) * step, 6)
    row["n_album_tracks"] = max(round(float(np.expm1(model.reference.get("n_album_tracks") or 0))), 1)
    row["genre"] = next((genre for genre in edition.genres if genre in model.encoder.genres), None)
    row["release_date"] = edition.as_of_date
    row["release_date_precision"] = "day"
    row["year"] = edition.as_of_date.year if edition.as_of_date else None
    return conform(pl.DataFrame([row]))


def changes_of(row: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, Any]:
    """Check what was entered and return what differs from the row, typed; a date wins over a year.

    Raises:
        BadValues: a value breaks the rule of its column, or there is no such column.
    """
    changes, faults = {}, {}
    for name, text in texts.items():
        if name == "artist_name" and not str(text or "").strip():
            text = NOBODY
        try:
            value = what_if_inputs.checked(name, text)
        except SettingsError as error:
            faults[name] = str(error).splitlines()[0]
            continue
        if written(value) != written(row[name]):
            changes[name] = value
    if faults:
        raise BadValues(faults)
    if changes.get("release_date") is not None:
        changes.pop("year", None)
    return changes


def changed_frame(frame: "pl.DataFrame", changes: Mapping[str, Any]) -> "pl.DataFrame":
    """Return the one-row frame with changes, and what they bring along."""
    import polars as pl

    from songpop.features import MODEL_COLUMNS, conform

    frame = conform(frame)
    full = what_if_inputs.with_implied(frame.row(0, named=True), changes)
    return frame.with_columns([pl.lit(value, dtype=MODEL_COLUMNS[name]).alias(name) for name, value in full.items()])


def tell_score(
    reader: PublishedReader, beginning: Beginning, changes: Mapping[str, Any], remarks: Sequence[str] = ()
) -> dict[str, Any]:
    """Score a song as entered, beside its score as it was, with what moved it and what the model does not know."""
    from songpop.features import GROUPS
    from songpop.scoring import explain
    from songpop.scoring.contributions import ASSOCIATION

    model = reader.champion()
    frame = changed_frame(beginning.frame, changes)
    told = explain(frame, model)
    outcome = told.prediction
    before = _plain_score(beginning.frame, model) if changes else outcome
    row = frame.row(0, named=True)
    return {
        "track": beginning.facts,
        "model_version": told.model_version,
        "score": outcome["score"],
        "score_low": outcome["score_low"],
        "score_high": outcome["score_high"],
        **{name: outcome[name] for name in _BINS},
        "benchmark_score": outcome["benchmark_score"],
        "reference_score": told.reference_score,
        "before": {name: before[name] for name in ("score", "score_low", "score_high")},
        "difference": outcome["score"] - before["score"],
        "changes": {name: {"before": beginning.row[name], "after": value} for name, value in changes.items()},
        "contributions": [{"group": group, "points": told.contributions[group]} for group in GROUPS],
        "features": [asdict(part) for part in told.features if abs(part.difference) >= _LEAST_TOLD],
        "outside": _outside(row, model),
        "remarks": [*beginning.remarks, *remarks, *told.remarks],
        "association": ASSOCIATION,
    }


_LEAST_TOLD = 0.1


def tell_sweep(reader: PublishedReader, beginning: Beginning, changes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Score a song over the range of one feature.

    Raises:
        BadRequest: the feature has no range.
    """
    from songpop.scoring import sweep
    from songpop.scoring.contributions import ASSOCIATION

    try:
        told = sweep(beginning.frame, name, reader.champion(), changes)
    except SettingsError as error:
        raise BadRequest(str(error).splitlines()[0], 422) from error
    return asdict(told) | {"association": ASSOCIATION}


def _plain_score(frame: "pl.DataFrame", model: "ScoringModel") -> dict[str, float]:
    from songpop.features import conform

    row: dict[str, float] = model.net.predict(model.encoder.transform(conform(frame))).row(0, named=True)
    return row


def _outside(row: Mapping[str, Any], model: "ScoringModel") -> dict[str, str]:
    # a date is outside where its year is, which is said there
    names = [name for name in NAMES if name != "release_date"]
    found = {
        name: what_if_inputs.outside_experience(name, row[name], model.experience, model.encoder.genres)
        for name in names
    }
    return {name: words for name, words in found.items() if words is not None}


def known_artist(reader: PublishedReader, name: str) -> dict[str, Any] | None:
    """Find an artist of the readers' file by name, in any case and without accents."""
    from songpop import queries

    with reader.reading() as con:
        rows = queries.read_rows(con, "lookups", "named_artist", name=name)
    return rows[0] if rows else None


def with_artist(
    reader: PublishedReader, row: Mapping[str, Any], texts: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Add the popularity of an artist that was named, where none was entered, and take the name as the tracks have it.

    Returns:
        What was entered with that, and what to say about it.
    """
    name = str(texts.get("artist_name") or "").strip()
    if not name or "artist_popularity" in texts or name == row["artist_name"]:
        return dict(texts), []
    artist = known_artist(reader, name)
    if artist is None:
        words = f"No artist called '{name[:80]}' is known, so popularity and record count as unknown."
        return {**texts, "artist_popularity": None}, [words]
    return {**texts, "artist_name": artist["artist_name"], "artist_popularity": artist["artist_popularity"]}, []


def as_day(value: Any) -> Any:
    """Write a date in ISO form; anything else stays."""
    return value.isoformat() if isinstance(value, date) else value
