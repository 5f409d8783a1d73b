"""Score one song: a track of the readers' file, or one that is not out yet, under whatever is entered for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from songpop.errors import SettingsError
from songpop.scoring import what_if_inputs
from songpop.web.controls import BY_NAME, written
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest

if TYPE_CHECKING:
    import polars as pl

    from songpop.published.tracks import PublishedTrack
    from songpop.scoring.model import ScoringModel

# stands in for a name where none was entered; no artist is called so
NOBODY = "(no artist named)"
UNRELEASED = "unreleased"


class BadValues(BadRequest):
    """Some values can't be used.

    Attributes:
        faults: what is wrong, by column.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        """Join the messages of all of them."""
        super().__init__(" ".join(faults.values()), 422)
        self.faults = dict(faults)


@dataclass(frozen=True)
class Beginning:
    """What the form begins with.

    Attributes:
        frame: one row of the model frame, its date as it is known.
        as_of_date: when the song counts as released where neither date nor year is entered; None leaves that unknown.
        track: as the readers' file has it, None for a song that is not out yet.
    """

    frame: "pl.DataFrame"
    as_of_date: date | None
    track: "PublishedTrack | None" = None

    @property
    def row(self) -> dict[str, Any]:
        """Return the row."""
        row: dict[str, Any] = self.frame.row(0, named=True)
        return row


@dataclass(frozen=True)
class Entered:
    """What was entered for a song.

    Attributes:
        changes: typed.
        notes: what to say about how it was read.
        faults: what is wrong, by column; none of that is among the changes.
    """

    changes: dict[str, Any]
    notes: list[str]
    faults: dict[str, str]


def begin(reader: PublishedReader, track_id: str | None) -> Beginning:
    """Begin with a track of the readers' file, or with a typical song.

    Raises:
        BadRequest: there is no such track.
        ModelError: there is no champion.
        WarehouseError: nothing was published yet.
    """
    from songpop.features import conform
    from songpop.features.assumed_dates import without_assumed_dates
    from songpop.published import tracks

    if track_id is None:
        return Beginning(_typical(reader), reader.edition().as_of_date)
    try:
        track = reader.kept(f"track {track_id}", lambda: tracks.read_track(reader.settings, track_id))
    except SettingsError as error:
        raise BadRequest(f"There is no track '{track_id[:80]}' in the published file.", 404) from error
    return Beginning(without_assumed_dates(conform(track.frame)), track.as_of_date, track)


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


def read_values(
    reader: PublishedReader, row: Mapping[str, Any], values: Mapping[str, Any], *, is_form: bool = False
) -> Entered:
    """Read what was entered for a song: a changed date wins over a year.

    Args:
        reader: knows the artists.
        row: what the song begins with.
        values: by column, as text or typed.
        is_form: every value of the song is there, changed or not, in the digits that a form shows.
    """
    values, notes = _with_artist(reader, row, values)
    changes, faults = {}, {}
    for name, text in values.items():
        if name == "artist_name" and not str(text or "").strip():
            text = NOBODY
        try:
            value = what_if_inputs.checked(name, text)
        except SettingsError as error:
            faults[name] = str(error).splitlines()[0]
            continue
        if not is_form or written(value) != written(row[name]):
            changes[name] = value
    if changes.get("release_date") not in (None, row["release_date"]):
        changes.pop("year", None)
    return Entered(changes, notes, faults)


def _with_artist(
    reader: PublishedReader, row: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    from songpop.published import artists

    def find(names: list[str]) -> "pl.DataFrame":
        with reader.reading() as con:
            return artists.find_artists(con, names)

    return what_if_inputs.with_artist(row, values, find)


def score_song(
    reader: PublishedReader, beginning: Beginning, changes: Mapping[str, Any], notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Score a song as entered, beside its score as it was; see `WhatIf.to_document`."""
    from songpop.scoring import what_if

    return what_if(beginning.frame, changes, _model_for(reader, beginning), beginning.as_of_date).to_document(
        beginning.track, notes
    )


def _model_for(reader: PublishedReader, beginning: Beginning) -> "ScoringModel":
    """Return the champion as it scores a track of the readers' file, or a song of no list."""
    model = reader.champion()
    return model.adjusted(beginning.track.adjustment) if beginning.track else model


def sweep_song(reader: PublishedReader, beginning: Beginning, changes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Score a song over the range of one feature; see `Sweep.to_document`.

    Raises:
        BadRequest: the feature has no range.
    """
    from songpop.scoring import sweep

    try:
        model = _model_for(reader, beginning)
        return sweep(beginning.frame, name, model, changes, beginning.as_of_date).to_document()
    except SettingsError as error:
        raise BadRequest(str(error).splitlines()[0], 422) from error
