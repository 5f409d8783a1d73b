"""Read the numbers of one column that are written with commas, units, clocks or words: text in, plain text out."""

import math
import re
from collections.abc import Collection

from songpop.audio_features import SHARES
from songpop.loading.read_dates import Reading

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\uff0d": "-"})
# separators of thousands that are no comma and no point: blanks of any sort, apostrophes, underlines
_APART = re.compile(r"([+-]?\d{1,3})((?:[ \u00a0\u2007\u2009\u202f'\u2019_]\d{3})+)(?=\D|$)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_UNITS = {
    "tempo": re.compile(r"(?i)\s*bpm$"),
    "loudness": re.compile(r"(?i)\s*(db|dbfs|db\s?fs|lufs)$"),
    "popularity": re.compile(r"\s*(%|/\s?100)$"),
}
_PERCENT = re.compile(r"\s*%$")

_MINUTES = re.compile(r"(\d{1,3}):([0-5]\d)(?:[.,](\d+))?")
_HOURS = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d+))?")
# the unit of the last part goes without saying: 3 min 42, 3'42
_SHORT = re.compile(r"(\d{1,3})\s*(?:m|mins?|minutes?|['\u2032])\s*([0-5]\d)", re.IGNORECASE)
_CLOCK_UNIT = re.compile(r"(?i)(?<=:\d\d)\s*(?:mins?\.?|minutes?|minuten)$")
_ISO = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:(\d+)\s*(?:h|hrs?|hours?)\s*)?(?:(\d+)\s*(?:m|mins?|minutes?|['\u2032])\s*)?"
    r"(?:(\d+(?:\.\d+)?)\s*(?:s|secs?|seconds?|[\"\u2033]|''))?",
    re.IGNORECASE,
)
_MS = re.compile(r"(?i)\s*(ms|msecs?|milliseconds?)$")

_PITCHES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_KEY = re.compile(r"(?P<letter>[A-Ga-g])\s*(?P<sign>[#b]?)(?:\s*/\s*[A-Ga-g][#b])?\s*(?P<mode>[A-Za-z]*)")
_CAMELOT = re.compile(r"0?(1[0-2]|[1-9])([ABab])")
_OPEN_KEY = re.compile(r"0?(1[0-2]|[1-9])([dm])")
_MODES = {"major": "1", "maj": "1", "true": "1", "minor": "0", "min": "0", "false": "0"}
_METRE = re.compile(r"(\d{1,2})\s*/\s*(?:1|2|4|8|16)")
_WORDS = "music_is_read_in_words"


def has_decimal_comma(column: str, texts: Collection[str]) -> bool:
    """Say whether texts of a column can be read with decimal commas only."""
    commas = [_bare(column, text) for text in texts if "," in text]
    return any(_PLAIN.fullmatch(text.replace(",", ".")) and not _THOUSANDS.fullmatch(text) for text in commas)


def read_numbers(column: str, texts: Collection[str], *, is_whole: bool) -> dict[str, Reading]:
    """Read the texts of a column that no number is cast from; those that can't be read are left out.

    Args:
        column: its name, which tells the units that it may have.
        texts: without outer blanks.
        is_whole: its values have no fraction, so a comma before three digits sets thousands apart.
    """
    if column == "duration_ms":
        return _read_durations(texts)
    is_thousands = is_whole and not has_decimal_comma(column, texts)
    found = {text: _read_number(column, text, is_thousands) for text in texts}
    return {text: reading for text, reading in found.items() if reading is not None}


def read_music(column: str, texts: Collection[str]) -> dict[str, Reading]:
    """Read key, mode or time signature from their names; those that can't be read are left out."""
    read = {"key": read_key, "mode": _read_mode, "time_signature": _read_metre}[column]
    found = {text: read(text) for text in texts}
    return {text: reading for text, reading in found.items() if reading is not None}


def read_key(text: str) -> Reading | None:
    """Read a key's name: C# minor, Dbm, F, or the numbers of DJs' wheels, 8A and 1m."""
    plain = text.strip().replace("\u266f", "#").replace("\u266d", "b")
    if match := _CAMELOT.fullmatch(plain) or _OPEN_KEY.fullmatch(plain):
        number, is_major = int(match[1]), match[2] in "Bbd"
        steps = number - 8 if match[2] in "ABab" else number - 1
        # a step on the wheel is a fifth; 8B and 1d are C major, 8A and 1m are A minor
        return Reading(str((steps * 7 + (0 if is_major else 9)) % 12), _WORDS, mode="1" if is_major else "0")
    plain = re.sub(r"(?i)[\s-]*sharp", "#", plain)
    plain = re.sub(r"(?i)[\s-]*flat", "b", plain)
    match = _KEY.fullmatch(plain)
    if match is None:
        return None
    word = match["mode"]
    mode = {"": None, "m": "0", "M": "1"}.get(word, _MODES.get(word.lower(), "?"))
    if mode == "?" or word.lower() in ("true", "false"):
        return None
    pitch = _PITCHES[match["letter"].lower()] + {"#": 1, "b": -1, "": 0}[match["sign"]]
    return Reading(str(pitch % 12), _WORDS, mode=mode)


def _read_mode(text: str) -> Reading | None:
    value = _MODES.get(text.lower())
    return Reading(value, _WORDS) if value else None


def _read_metre(text: str) -> Reading | None:
    match = _METRE.fullmatch(text)
    return Reading(match[1], _WORDS) if match else None


def _bare(column: str, text: str) -> str:
    """Return a text without its unit and its thin separators."""
    bare = text.translate(_MINUS)
    for pattern in (
        _UNITS.get(column),
        _PERCENT if column in SHARES else None,
        _MS if column == "duration_ms" else None,
    ):
        bare = pattern.sub("", bare) if pattern else bare
    return bare


def _read_number(column: str, text: str, is_thousands: bool) -> Reading | None:
    bare = _bare(column, text)
    has_unit = bare != text.translate(_MINUS)
    number, rule = _plain_number(bare, is_thousands)
    if number is None:
        return None
    if has_unit and column in SHARES:
        return Reading(divide(number), "shares_are_not_percent", is_marked=True)
    return Reading(number, "units_are_left_out" if has_unit else rule)


def divide(number: str) -> str:
    """Return a hundredth of a number, without the digits that binary fractions leave."""
    return f"{float(number) / 100:.15g}"


def _plain_number(text: str, is_thousands: bool) -> tuple[str | None, str]:
    """Return the plain number of a text, or None, and the rule that it is read by."""
    rule = "decimal_marks_are_points"
    joined = _APART.sub(lambda match: match[1] + re.sub(r"\D", "", match[2]), text)
    if joined != text:
        rule = "thousands_are_not_set_apart"
    if "," in joined and (joined.count(",") > 1 or is_thousands) and _THOUSANDS.fullmatch(joined):
        joined, rule = joined.replace(",", ""), "thousands_are_not_set_apart"
    elif "," in joined and "." in joined:
        thousands, mark = (",", ".") if joined.rindex(".") > joined.rindex(",") else (".", ",")
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(\{thousands}\d{{3}})+\{mark}\d*", joined):
            return None, rule
        joined = joined.replace(thousands, "").replace(mark, ".")
    elif joined.count(".") > 1 and re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+", joined):
        joined, rule = joined.replace(".", ""), "thousands_are_not_set_apart"
    elif joined.count(",") == 1:
        joined = joined.replace(",", ".")
    if not _PLAIN.fullmatch(joined) or not math.isfinite(float(joined)):
        return None, rule
    return joined, rule


def _read_durations(texts: Collection[str]) -> dict[str, Reading]:
    """Read lengths with a clock or a unit, and numbers with commas, whose unit the column tells."""
    hours = [match for text in texts if (match := _HOURS.fullmatch(text))]
    # minutes and seconds that were typed into a spreadsheet come out as hours and minutes
    is_shifted = (len(hours) > 1 or any(int(match[1]) > 1 for match in hours)) and all(
        int(match[1]) > 0 and match[3] == "00" and not match[4] for match in hours
    )
    is_thousands = not has_decimal_comma("duration_ms", texts)
    readings = {}
    for text in texts:
        if is_shifted and (match := _HOURS.fullmatch(text)):
            seconds: float | None = int(match[1]) * 60 + int(match[2])
            rule = "durations_are_plausible"
        else:
            seconds, rule = _seconds(text), "durations_are_written_in_ms"
        if seconds is not None:
            readings[text] = Reading(str(round(seconds * 1000)), rule, is_marked=True)
        elif reading := _read_number("duration_ms", text, is_thousands):
            is_ms = _MS.search(text) is not None
            readings[text] = Reading(reading.value, reading.rule, is_marked=is_ms)
    return readings


def _seconds(text: str) -> float | None:
    """Return the seconds of a length with a clock or units of time, None where it has neither."""
    text = _CLOCK_UNIT.sub("", text)
    if match := _SHORT.fullmatch(text):
        return int(match[1]) * 60 + int(match[2])
    if match := _MINUTES.fullmatch(text):
        return int(match[1]) * 60 + int(match[2]) + float(f"0.{match[3] or 0}")
    if match := _HOURS.fullmatch(text):
        return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) + float(f"0.{match[4] or 0}")
    match = _ISO.fullmatch(text) or _NAMED.fullmatch(text.replace(",", "."))
    if match is None or not any(match.groups()):
        return None
    return int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + float(match[3] or 0)
