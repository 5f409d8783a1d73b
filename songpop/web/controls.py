"""The controls of the form: what a song is asked for, in which range, and where the model has experience."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from songpop import audio_features
from songpop.scoring.what_if_inputs import PITCHES, SETTABLE

Kind = Literal["slider", "choice", "text", "date", "whole"]


@dataclass(frozen=True)
class Control:
    """One control of the form.

    Attributes:
        name: the column that it sets, as in `what_if_inputs.SETTABLE`.
        part: heading that it stands under.
        low, high, step: of a slider; a number beside it may go as far as the column does.
        help: what the number means.
        choices: value and label of each option; a blank value, unknown, is always there.
    """

    name: str
    label: str
    part: str
    kind: Kind
    help: str = ""
    low: float = 0
    high: float = 1
    step: float = 0.001
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def unit(self) -> str:
        """Return the unit, where it is not said by the name."""
        feature = audio_features.BY_NAME.get(self.name)
        return feature.unit if feature and not feature.is_class else ""


def _sound(name: str, help: str) -> Control:
    return Control(name, name.capitalize(), "Sound", "slider", help)


_KEYS = tuple((str(number), pitch) for number, pitch in enumerate(PITCHES))
_METRES = tuple((str(beats), f"{beats}/4") for beats in audio_features.BY_NAME["time_signature"].choices if beats)

CONTROLS: tuple[Control, ...] = (
    Control("genre", "Genre", "Song", "text", "One the model learned, or any other: that counts as unknown"),
    Control("track_name", "Title", "Song", "text", "Words such as remix, live or feat. count"),
    Control("artist_name", "Artist", "Song", "text", "A known one brings the record of earlier songs along"),
    Control("artist_popularity", "Artist's popularity", "Song", "slider", "0 to 100, as Spotify reports it", 0, 100, 1),
    Control("release_date", "Release date", "Song", "date", "Blank where only the year is known; without either, new"),
    Control("year", "Year", "Song", "whole", "Follows the date, where there is one"),
    Control("album_name", "Album", "Song", "text", "Its own title, where the song is not on one"),
    Control("n_album_tracks", "Tracks on the album", "Song", "whole", "1 for a single"),
    _sound("danceability", "How well it suits dancing"),
    _sound("energy", "Intensity and activity"),
    _sound("valence", "0 sad or angry, 1 cheerful"),
    Control("tempo", "Tempo", "Sound", "slider", "Beats a minute", 40, 220, 0.1),
    Control("loudness", "Loudness", "Sound", "slider", "Average level; 0 is the loudest a file can hold", -40, 2, 0.1),
    _sound("acousticness", "Confidence that it is acoustic"),
    _sound("instrumentalness", "Confidence that nobody sings"),
    _sound("speechiness", "Spoken words; above 0.66 nearly all speech"),
    _sound("liveness", "Confidence that an audience was there"),
    Control("duration_ms", "Length", "Sound", "slider", "Minutes and seconds", 30_000, 600_000, 1000),
    Control("key", "Key", "Sound", "choice", choices=(*_KEYS, ("-1", "none found"))),
    Control("mode", "Mode", "Sound", "choice", choices=(("1", "major"), ("0", "minor"))),
    Control("time_signature", "Time signature", "Sound", "choice", choices=(*_METRES, ("0", "none found"))),
)
NAMES = tuple(control.name for control in CONTROLS)
BY_NAME = {control.name: control for control in CONTROLS}


def written(value: Any) -> str:
    """Write a value as a control holds it; unknown is blank."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value.isoformat() if isinstance(value, date) else str(value)


def shown(
    row: Mapping[str, Any],
    base: Mapping[str, Any],
    texts: Mapping[str, str],
    faults: Mapping[str, str],
    experience: Mapping[str, list[float]],
    outside: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Describe each control as the template draws it.

    Args:
        row: of the model frame, as it is scored; `base` as the form began.
        texts: what was entered and can't be used.
        faults: what is wrong with it, by column.
        experience: of the model, and what of the song lies outside it.
    """
    drawn = []
    for control in CONTROLS:
        text = texts.get(control.name, written(row[control.name]))
        drawn.append(
            {
                "control": control,
                "value": text,
                "base": written(base[control.name]),
                "fault": faults.get(control.name),
                "position": _position(control, text),
                "band": _band(control, experience),
                "experience": experience.get(control.name),
                "outside": outside.get(control.name),
                "rule": SETTABLE[control.name].rule,
            }
        )
    return drawn


def _position(control: Control, text: str) -> float:
    """Return where a slider stands; one that is unknown stands in the middle."""
    try:
        value = float(text)
    except ValueError:
        value = (control.low + control.high) / 2
    return min(max(value, control.low), control.high)


def _band(control: Control, experience: Mapping[str, list[float]]) -> tuple[float, float] | None:
    """Return start and width of the model's experience on a slider, in percent."""
    if control.kind != "slider" or control.name not in experience:
        return None
    low, high = (
        100 * min(max((value - control.low) / (control.high - control.low), 0), 1) for value in experience[control.name]
    )
    return round(low, 2), round(max(high - low, 0.5), 2)
