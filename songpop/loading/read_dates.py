"""Read the dates of one column, in whatever way they are written: text in, text of the declared form out."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    *("january", "february", "march", "april", "june", "july", "august", "september", "october", "november"),
    *("december", "sept"),
)
# months in German, French, Spanish, Portuguese and Italian, in the order of the year, where they are not as in English
_OTHER_MONTHS = (
    "januar jänner janvier janv enero ene janeiro gennaio gen",
    "februar février fevrier févr fév febrero fevereiro fev febbraio",
    "märz maerz mrz mär mars marzo março marco",
    "avril avr abril abr aprile",
    "mai mayo maio maggio mag",
    "juni juin junio junho giugno giu",
    "juli juillet juil julio julho luglio lug",
    "août aout agosto ago",
    "septembre septiembre setiembre setembro settembre set",
    "oktober okt octobre octubre outubro out ottobre ott",
    "novembre noviembre novembro",
    "dezember dez décembre decembre déc diciembre dic dezembro dicembre",
)
_MONTH_NUMBERS = {word: number for number, words in enumerate(_OTHER_MONTHS, start=1) for word in words.split()}
_SMALL_WORDS = ("de", "del", "of")
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_050  # days since 1899-12-30: 1927 to 2099
_SERIAL_DAY_0 = date(1899, 12, 30)

_UNKNOWN = "unknown_date_parts_are_left_out"

_TIME = (
    r"(?:(?:[T ]\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_YEAR = re.compile(r"(\d{4})(?:\.0+)?")
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/. ])\s*(?P<m>\d{{1,2}})(?P=sep)\s*(?P<d>\d{{1,2}})\.?{_TIME}")
_YEAR_MONTH = re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})")
_COMPACT = re.compile(
    r"(?P<y>[12]\d{3})(?P<m>\d{2})(?P<d>\d{2})(?:\.0+|T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>Z)?)?"
)
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})\s*(?P<sep>[-/. ])\s*(?P<b>\d{{1,2}})\s*(?P=sep)\s*(?P<y>\d{{4}}){_TIME}")
_SHORT_YEAR = re.compile(rf"\d{{1,2}}([/.])\d{{1,2}}\1\d{{2}}{_TIME}")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_CLOCK_AT_END = re.compile(rf"(?P<date>.*?[A-Za-z].*?\d){_TIME}")
_WEEKDAY = re.compile(r"\b(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?\b\.?,?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """How one text is read.

    Attributes:
        value: the text that it stands for; None is blank.
        rule: by which rule, as in `value_rules`.
        refused: why a line with it is kept out, in words; "" where it is not.
        mode: the mode that a key's name tells.
        is_marked: the text itself tells its unit, so that the column's unit does not concern it.
    """

    value: str | None
    rule: str
    refused: str = ""
    mode: str | None = None
    is_marked: bool = False


@dataclass(frozen=True)
class _Parts:
    """A date taken apart; `first` and `second` where the order of day and month is open."""

    year: int
    month: int = 0
    day: int = 0
    clock: str = ""
    rule: str = "dates_are_read_as_meant"
    is_open: bool = False


def read_dates(
    column: str,
    texts: Mapping[str, int],
    *,
    is_moment: bool,
    is_alone: bool,
    last_year: int,
    has_decimal_commas: bool = False,
) -> dict[str, Reading]:
    """Read the texts of one column that are not of the declared form; those that are no date are left out.

    Args:
        column: its name, for words.
        texts: without outer blanks, each with how often it stands there.
        is_moment: the column holds times, not days.
        is_alone: no other value of the column is of the declared form.
        last_year: no year of two digits is later.
        has_decimal_commas: the file has decimal commas, so the day comes before the month.
    """
    parsed = {text: parts for text in texts if (parts := _parse(text, last_year)) is not None}
    serials = {text for text in texts if _is_serial(text)}
    if is_alone and serials and serials == set(texts):
        return {text: Reading(_from_serial(text, is_moment), "serial_dates_are_dates") for text in texts}
    order = _find_order([parts for parts in parsed.values() if parts.is_open], has_decimal_commas)
    readings = {}
    for text in texts:
        if text in parsed:
            reading = _read_open(column, text, parsed[text], order, is_moment, parsed)
        elif _SHORT_YEAR.fullmatch(text):
            reading = Reading(
                text,
                "years_have_four_digits",
                f"{column} must have a year of four digits, however '{text}' has two. Write YYYY-MM-DD",
            )
        else:
            reading = None
        if reading is not None and (reading.value != text or reading.refused):
            readings[text] = reading
    return readings


def read_year(text: str, last_year: int) -> Reading | None:
    """Read the text of a year: that of a date, or blank where it is zeros."""
    if re.fullmatch(r"0+(\.0+)?", text):
        return Reading(None, _UNKNOWN)
    parts = _parse(text, last_year)
    if parts is None or (not _is_date(parts) and not (parts.is_open and _is_date(_swapped(parts)))):
        return None
    if not parts.year:
        return Reading(None, _UNKNOWN)
    return Reading(str(parts.year), "dates_are_read_as_meant")


def _parse(text: str, last_year: int) -> _Parts | None:
    if match := _YEAR.fullmatch(text):
        return _numbered(int(match[1]))
    if text == "0":
        return _numbered(0)
    if match := _COMPACT.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
        clock = _clock(match)
        return None if clock is None else _numbered(int(match["y"]), int(match["m"]), int(match["d"]), clock)
    if match := _YEAR_MONTH.fullmatch(text):
        month = int(match["m"])
        return _numbered(int(match["y"]), month, clock="") if month else _Parts(int(match["y"]), rule=_UNKNOWN)
    if match := _YEAR_LAST.fullmatch(text):
        clock = _clock(match)
        if clock is None:
            return None
        rule = "day_and_month_are_told_apart"
        return _Parts(int(match["y"]), int(match["b"]), int(match["a"]), clock, rule, is_open=True)
    return _parse_words(text, last_year)


def _numbered(year: int, month: int | None = None, day: int | None = None, clock: str = "") -> _Parts:
    is_partial = year == 0 or month == 0 or day == 0
    return _Parts(year, month or 0, day or 0, clock, _UNKNOWN if is_partial else "dates_are_read_as_meant")


def _parse_words(text: str, last_year: int) -> _Parts | None:
    """Read a date whose month is a word, as in 20 Nov 2026 or Nov 20, 2026."""
    match = _CLOCK_AT_END.fullmatch(_WEEKDAY.sub("", text))
    clock = _clock(match) if match else None
    if match is None or clock is None:
        return None
    words = re.split(r"[\s,./-]+", re.sub(r"(\d)(st|nd|rd|th|er|º|°)(?!\w)", r"\1", match["date"]))
    words = [word for word in words if word and word.lower() not in _SMALL_WORDS]
    sorts = "".join("m" if _month(word) else "y" if re.fullmatch(r"\d{4}", word) else
                    "d" if re.fullmatch(r"\d{1,2}", word) else "?" for word in words)  # fmt: skip
    if sorts in ("dmy", "mdy", "ymd", "my", "ym"):
        found = dict(zip(sorts, words, strict=True))
        return _Parts(int(found["y"]), _month(found["m"]), int(found.get("d", 0)), clock)
    if sorts == "dmd" and len(words[2]) == 2:
        year = last_year // 100 * 100 + int(words[2])
        year -= 100 if year > last_year else 0
        return _Parts(year, _month(words[1]), int(words[0]), clock, "years_have_four_digits")
    return None


def _month(word: str) -> int:
    """Return the number of a month's name, 0 where it is none."""
    small = unicodedata.normalize("NFC", word.lower())
    is_english = small in MONTHS or small in _FULL_MONTHS
    return MONTHS.index(small[:3]) + 1 if is_english else _MONTH_NUMBERS.get(small, 0)


def _clock(match: re.Match[str]) -> str | None:
    """Return the time of day in a match as HH:MM:SS with its zone, "" where it has none, None where it can't be."""
    found = match.groupdict()
    if not found.get("hour"):
        return ""
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found.get("second") or 0)
    if half := found.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = f".{found['fraction'][:6]}" if found.get("fraction") else ""
    zone = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get(found.get("zone") or "", found.get("zone") or "")
    return f"{hour:02}:{minute:02}:{second:02}{fraction}{zone}"


def _swapped(parts: _Parts) -> _Parts:
    return _Parts(parts.year, parts.day, parts.month, parts.clock, parts.rule, is_open=True)


def _is_date(parts: _Parts) -> bool:
    if parts.day and not parts.month:
        return False
    try:
        date(parts.year or 2000, parts.month or 1, parts.day or 1)
    except ValueError:
        return False
    return True


def _find_order(open_parts: list[_Parts], has_decimal_commas: bool) -> str:
    """Say which comes first in a column: day, month, either (nothing tells) or both (two lines contradict)."""
    known = [(_is_date(parts), _is_date(_swapped(parts))) for parts in open_parts]
    day_first = any(pair == (True, False) for pair in known)
    month_first = any(pair == (False, True) for pair in known)
    if day_first or month_first:
        return "both" if day_first and month_first else "day" if day_first else "month"
    return "day" if has_decimal_commas else "either"


def _read_open(
    column: str, text: str, parts: _Parts, order: str, is_moment: bool, parsed: Mapping[str, _Parts]
) -> Reading | None:
    if parts.is_open and order == "both":
        one = next(other for other, each in parsed.items() if each.is_open and not _is_date(each))
        two = next(other for other, each in parsed.items() if each.is_open and not _is_date(_swapped(each)))
        why = f"'{two}' and '{one}' both stand in the column"
        return Reading(
            text, parts.rule, f"{column} must have day and month in one order, however {why}. Write YYYY-MM-DD"
        )
    if parts.is_open and order == "either" and parts.day != parts.month and _is_date(parts):
        why = f"'{text}' may be {_spoken(parts)} or {_spoken(_swapped(parts))}, and no other value tells"
        return Reading(text, parts.rule, f"{column} must tell day and month apart, however {why}. Write YYYY-MM-DD")
    if parts.is_open and order == "month":
        parts = _swapped(parts)
    return _write(parts, is_moment)


def _spoken(parts: _Parts) -> str:
    return f"{parts.day} {MONTHS[parts.month - 1].capitalize()}"


def _write(parts: _Parts, is_moment: bool) -> Reading | None:
    if not parts.year:
        return Reading(None, _UNKNOWN)
    if parts.is_open and 0 in (parts.month, parts.day):
        return None
    if (parts.day and not parts.month) or not _is_date(parts):
        return None
    if is_moment:
        day = f"{parts.year:04}-{parts.month:02}-{parts.day:02}"
        return Reading(f"{day} {parts.clock or '00:00:00'}", parts.rule) if parts.day else None
    pieces = [f"{parts.year:04}", *(f"{part:02}" for part in (parts.month, parts.day) if part)]
    return Reading("-".join(pieces), parts.rule)


def _is_serial(text: str) -> bool:
    match = _SERIAL.fullmatch(text)
    return bool(match and _FIRST_SERIAL <= int(match[1]) <= _LAST_SERIAL)


def _from_serial(text: str, is_moment: bool) -> str:
    day = _SERIAL_DAY_0 + timedelta(days=int(float(text)))
    seconds = round(float(text) % 1 * 86_400) if is_moment else 0
    if not is_moment:
        return day.isoformat()
    day += timedelta(days=seconds // 86_400)
    seconds %= 86_400
    return f"{day.isoformat()} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
