"""What may be changed about a track in a what-if: names, units and ranges, and where a model has experience."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl

from songpop.audio_features import AUDIO_FEATURES, AudioFeature
from songpop.errors import SettingsError
from songpop.features import conform
from songpop.names import genre_key

# A model has experience of what lies between these percentiles of its training tracks.
EXPERIENCE = (0.01, 0.99)
PITCHES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
# A sweep goes over a range in so many steps.
STEPS = 20


@dataclass(frozen=True)
class Settable:
    """A column of the model frame that a what-if may set.

    Args:
        kind: `number`, `whole`, `date` or `text`.
        unit: in words, "" where the name says it.
        low, high: the range, both included; None for dates and texts.
        choices: the only values, where a range would hold others too.
        is_needed: a track can't be without it.
    """

    kind: Literal["number", "whole", "date", "text"]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[int, ...] = ()
    is_needed: bool = False

    @property
    def rule(self) -> str:
        """Say what a value must be."""
        if self.kind == "text":
            return "a text"
        if self.kind == "date":
            return "a date of the form YYYY-MM-DD"
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        sort = "a whole number" if self.kind == "whole" else "a number"
        return f"{sort} from {self.low:.0f} to {self.high:.0f}"


# Narrower than by definition: a value that somebody sets beyond these is a slip.
_LIKELY = {"loudness": (-60, 7), "tempo": (0, 250), "duration_ms": (1, 36_000_000)}
_IN_FULL = {"ms": "milliseconds"}


def _audio(feature: AudioFeature) -> Settable:
    kind: Literal["number", "whole"] = "number" if feature.kind == "number" else "whole"
    unit = _IN_FULL.get(feature.unit, feature.unit)
    if feature.choices:
        return Settable(kind, unit, choices=feature.choices)
    return Settable(kind, unit, *_LIKELY.get(feature.name, (feature.low, feature.high)))


SETTABLE: dict[str, Settable] = {
    **{feature.name: _audio(feature) for feature in AUDIO_FEATURES},
    "genre": Settable("text"),
    "year": Settable("whole", "year of release", 1900, 2100),
    "release_date": Settable("date"),
    "artist_popularity": Settable("number", "0-100 on Spotify", 0, 100),
    "n_album_tracks": Settable("whole", "tracks of the album", 1, 10_000),
    "track_name": Settable("text"),
    "artist_name": Settable("text", is_needed=True),
    "album_name": Settable("text"),
}


def list_settable() -> str:
    """Write what can be set, one a line with range and unit."""
    width = max(map(len, SETTABLE))
    return "\n".join(
        f"  {name:<{width}}  {what.rule}{f' ({what.unit})' if what.unit else ''}" for name, what in SETTABLE.items()
    )


def read_changes(assignments: Iterable[str]) -> dict[str, Any]:
    """Read changes written as `name=value`; nothing after the sign means unknown.

    Raises:
        SettingsError: one is not of that form, is given twice, or can't be set so.
    """
    changes: dict[str, Any] = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign:
            raise SettingsError(
                f"A change must have the form name=value, as in danceability=0.8, however it is '{text}'."
            )
        if name in changes:
            raise SettingsError(f"A feature must be set once, however {name} is set twice.")
        changes[name] = checked(name, value)
    return changes


def refuse_unknown(name: str) -> Settable:
    """Return what is known about a feature that can be set.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in SETTABLE:
        near = [key for key in SETTABLE if name and key.startswith(name.lower())]
        near = near or difflib.get_close_matches(name.lower(), SETTABLE, 1)
        raise SettingsError(
            f"A feature to change must be one of those below, however it is '{name}'."
            f"{f' Did you mean {near[0]}?' if near else ''}\n{list_settable()}"
        )
    return SETTABLE[name]


def checked(name: str, value: Any) -> Any:
    """Return a value in the type of its column, from a text or from a value; None and a blank text mean unknown.

    Raises:
        SettingsError: there is no such feature, or the value is of another type or outside the range.
    """
    what = refuse_unknown(name)
    text = "" if value is None else str(value).strip()
    if not text:
        if what.is_needed:
            raise SettingsError(f"{name} must be {what.rule}, however it is blank.")
        return None
    try:
        fit = _typed(what, value, text)
    except (ValueError, OverflowError):
        fit = None
    if fit is None:
        unit = f" ({what.unit})" if what.unit else ""
        raise SettingsError(f"{name} must be {what.rule}{unit}, however it is '{text}'.")
    return fit


def _typed(what: Settable, value: Any, text: str) -> Any:
    """Return the value in its type, or None where it breaks the rule."""
    if what.kind == "text":
        return text
    if what.kind == "date":
        return value if isinstance(value, date) else date.fromisoformat(text)
    number = float(text)
    if not math.isfinite(number) or (what.kind == "whole" and number != int(number)):
        return None
    if what.choices:
        return int(number) if number in what.choices else None
    assert what.low is not None
    assert what.high is not None
    if not what.low <= number <= what.high:
        return None
    return int(number) if what.kind == "whole" else number


def with_artist(
    row: Mapping[str, Any], changes: Mapping[str, Any], find_artists: Callable[[list[str]], pl.DataFrame]
) -> tuple[dict[str, Any], list[str]]:
    """Add to changes of a track the popularity of an artist that they name, where they set none.

    Args:
        row: the track, of the model frame.
        changes: new values by column, as text or typed.
        find_artists: as `published.artists.find_artists`.

    Returns:
        The changes, with the artist's name as the tracks have it, and what to say about them.
    """
    name = str(changes.get("artist_name") or "").strip()
    if not name or "artist_popularity" in changes or name == row["artist_name"]:
        return dict(changes), []
    found = find_artists([name]).to_dicts()
    if not found:
        note = f"No artist called '{name[:80]}' is known, so popularity and record count as unknown."
        return {**changes, "artist_popularity": None}, [note]
    artist = {key: found[0][key] for key in ("artist_name", "artist_popularity")}
    return {**changes, **artist}, []


def with_implied(row: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Add to changes of a track what they bring along: a date has its year, and a year moves the date into it.

    Raises:
        SettingsError: a year and a date are set that contradict each other.
    """
    full = dict(changes)
    if changes.get("release_date") is not None:
        own_year = changes["release_date"].year
        if changes.get("year", own_year) != own_year:
            raise SettingsError(
                f"year must be that of release_date, however year is {changes['year']} and release_date "
                f"{changes['release_date']}. Set one of them."
            )
        full |= {"year": own_year, "release_date_precision": "day"}
    elif "year" in changes and "release_date" not in changes and row.get("release_date") is not None:
        full["release_date"] = _moved(row["release_date"], changes["year"])
    return full


def _moved(day: date, year: int | None) -> date | None:
    """Return the same day of another year; the 29th of February becomes the 28th."""
    if year is None:
        return None
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


def values_over(name: str, own: Any, experience: Mapping[str, list[float]], genres: list[str]) -> list[Any]:
    """Choose the values of a sweep, in order: the track's own is among them, where it has one.

    Numbers go over the experience, or else the range, in `STEPS` steps or in whole ones where there are few.

    Raises:
        SettingsError: the feature has no range to go over.
    """
    what = refuse_unknown(name)
    if name == "genre":
        return sorted({*genres, own} - {None})
    if what.choices:
        return list(what.choices)
    if what.kind not in ("number", "whole"):
        numbers = [key for key, other in SETTABLE.items() if other.kind in ("number", "whole")]
        raise SettingsError(
            f"A feature to sweep must be one of genre, {', '.join(numbers)}, however it is {name}. Set it instead."
        )
    low, high = experience.get(name, (what.low, what.high))
    if name == "key":
        low, high = what.low, what.high
    assert low is not None
    assert high is not None
    if own is not None:
        low, high = min(low, own), max(high, own)
    steps: list[Any]
    if what.kind == "whole":
        steps = np.unique(np.linspace(low, high, min(STEPS, int(high - low)) + 1).round()).astype(int).tolist()
    else:
        steps = np.linspace(low, high, STEPS + 1).round(4).tolist()
    # the track's own value takes the place of the nearest step
    if own is not None:
        steps[min(range(len(steps)), key=lambda i: abs(steps[i] - own))] = own
    return steps


def experience_of(frame: pl.DataFrame) -> dict[str, list[float]]:
    """Measure where a model frame's tracks lie: the 1st and 99th percentile of each number that can be set."""
    found = {}
    conformed = conform(frame)
    for name, what in SETTABLE.items():
        known = conformed[name].drop_nulls() if what.kind in ("number", "whole") else pl.Series([])
        if len(known):
            found[name] = np.quantile(known.to_numpy().astype(np.float64), EXPERIENCE, method="nearest").tolist()
    return found


def outside_experience(name: str, value: Any, experience: Mapping[str, list[float]], genres: list[str]) -> str | None:
    """Say in words why a model has no experience of a value, or return None where it has."""
    if name == "genre" and value is not None and genre_key(value) not in set(map(genre_key, genres)):
        near = difflib.get_close_matches(value.lower(), genres, 1)
        return f"not a genre it learned: scored as no genre{f' (nearest: {near[0]})' if near else ''}"
    if name == "release_date" and value is not None:
        name, value = "year", value.year
    if value is None or name not in experience or experience[name][0] <= value <= experience[name][1]:
        return None
    return f"outside {span(name, experience)}, where 98 % of its training tracks lie"


def span(name: str, experience: Mapping[str, list[float]]) -> str:
    """Write the range of a number's experience, as in `74.34 to 192`."""
    low, high = (number(name, value) for value in experience[name])
    return f"{low} to {high}"


def number(name: str, value: float) -> str:
    """Write a number of a column for a person: four digits, or whole from a thousand on."""
    if name == "year":
        return f"{value:.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
