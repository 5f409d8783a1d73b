"""Tell the form of an input file by its bytes, and bring text of any usual form to UTF-8 with newlines.

Every change keeps the lines where they are: line 7 of what is read is line 7 of the file that was given.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from songpop.errors import SourceError
from songpop.loading import headers
from songpop.loading.csv_records import NotARecord, parse_record, read_line
from songpop.loading.input_schemas import Entity
from songpop.loading.unpacking import TAKEN_FORMS

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
HEADER_WITHIN = 10  # lines: a note or a title stands above many a header, a whole page above none

_CHUNK = 1 << 22
_HEAD = 1 << 16
_SEP_LINE = re.compile(r'"?sep=(.)"?[;,\t|]*', re.IGNORECASE)
# beginnings of files that are no table of songs, with what they are
_OTHER_FORMS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF. Save or export the table as CSV or Excel"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"RIFF", "a sound or an image"),
    (b"ID3", "a sound file (MP3)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"OggS", "a sound file (Ogg)"),
    (b"SQLite format 3\0", "an SQLite database. Export the table as CSV"),
    (b"{\\rtf", "a text document (RTF). Save its table as CSV or Excel"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it and pass the file in it"),
    (b"Rar!", "a RAR archive. Unpack it and pass the file in it"),
    (b"ARROW1", "an Arrow (Feather) file. Save it as Parquet"),
    (b"FEA1", "a Feather file. Save it as Parquet"),
    (b"ORC", "an ORC file. Save it as Parquet"),
    (b"BZh", "a bzip2 archive. Unpack it and pass the file in it"),
    (b"\xfd7zXZ", "an xz archive. Unpack it and pass the file in it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive. Unpack it and pass the file in it"),
)
_JSON = re.compile(rb'\s*(\{\s*("|\})|\[\s*(\{|\[|"|\]))')
_LISTENING = re.compile(rb'"(msPlayed|ms_played|endTime|master_metadata_track_name)"')
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|\?xml|svg|!--)", re.IGNORECASE)
# of a list of up to this many lines a single odd one is enough to tell Windows-1252; of longer ones so large a share
_LINES_PER_ODD = 500
# Windows-1252: these stand for nothing, and ÿ is a letter of next to no name
_NO_LETTERS = frozenset(b"\x81\x8d\x8f\x90\x9d\xff")
# of these a single one is believed: letters and apostrophes, but for the first halves of UTF-8's accented letters
_LETTERS = frozenset([*b"\x8a\x8c\x8e\x91\x92\x93\x94\x96\x9a\x9c\x9e\x9f\xa0\xb4", 0xC0, 0xC1, *range(0xC4, 0xFF)])
_MAC_LETTERS = frozenset(range(0x87, 0xA0))


@dataclass(frozen=True)
class Text:
    """A text file on its way to be read as a table.

    Attributes:
        path: UTF-8 with newlines, but for single lines that are damaged.
        notes: what was read otherwise than a plain CSV, in words.
        is_converted: it is a copy, so its encoding is settled.
        has_old_returns: lines ended in carriage returns alone.
    """

    path: Path
    notes: tuple[str, ...] = ()
    is_converted: bool = False
    has_old_returns: bool = False


@dataclass(frozen=True)
class FoundHeader:
    """Where a table begins: its separator, the physical line of its header, and the names in it."""

    names: tuple[str, ...]
    line: int = 1
    separator: str = ","
    notes: tuple[str, ...] = ()


def refuse_other_forms(path: Path, name: str) -> None:
    """Look whether a file is something else that is no table of songs.

    Raises:
        SourceError: it is; the message says what.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # a header may begin like a magic word; it holds no NUL
    is_binary = b"\0" in head or head.startswith((b"%PDF", b"{\\rtf"))
    seen = next((words for magic, words in _OTHER_FORMS if is_binary and head.startswith(magic)), None)
    if head[8:12] == b"DUCK":
        seen = "a DuckDB database. Export the table as CSV or Parquet"
    elif _JSON.match(head.removeprefix(codecs.BOM_UTF8)):
        if _LISTENING.search(head):
            seen = (
                "a listening history of Spotify's (JSON): it says what was played when, and has no list of tracks with "
                "their sound. Take a playlist's export instead, as exportify makes it"
            )
        else:
            seen = "JSON. Save its records as CSV or Parquet"
    elif _MARKUP.match(head.removeprefix(codecs.BOM_UTF8)):
        seen = (
            "a web page or XML, whatever its name. Where a spreadsheet opens it as a table, save it there as a "
            "workbook; where it is a log-in page or an error, download the file again"
        )
    if seen:
        raise SourceError(f"An input file must be {TAKEN_FORMS}, however {name} is {seen}.")


def settle_bytes(path: Path, scratch: Path, name: str) -> Text:
    """Bring UTF-16 to UTF-8, and lines that end in carriage returns alone to newlines; look at the beginning only.

    Raises:
        SourceError: it begins as UTF-16 and is not.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    text = Text(path)
    encoding = _utf16(head)
    if encoding:
        text = Text(_convert(path, scratch / "utf8", encoding, name), ("as UTF-16",), is_converted=True)
        with text.path.open("rb") as file:
            head = file.read(_HEAD)
    if b"\r" in head and b"\n" not in head and b"\0" not in head:
        target = scratch / "newlines"
        with text.path.open("rb") as source, target.open("wb") as file:
            last = b""
            while chunk := source.read(_CHUNK):
                # of a pair that a chunk parts the newline is gone already
                body = chunk[1:] if last == b"\r" and chunk.startswith(b"\n") else chunk
                file.write(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
                last = chunk[-1:]
        text = replace(
            text, path=target, notes=(*text.notes, "with carriage returns as line ends"), has_old_returns=True
        )
    return text


def settle_letters(text: Text, scratch: Path, name: str) -> Text:
    """Bring text that is not UTF-8 to it, where it is of another encoding as a whole.

    It is one of Windows-1252 (or of Mac Roman, where lines end as on an old Mac) if every odd line reads as such, at
    least one line of 500 is odd, and ten times as many are odd as are UTF-8 beyond ASCII. Else it is UTF-8 with
    damaged lines, each of which is rejected alone.
    """
    if text.is_converted:
        return text
    n_lines = n_odd = n_good = 0
    letters: dict[int, int] = {}
    with text.path.open("rb") as file:
        for line in file:
            n_lines += 1
            if line.isascii():
                continue
            try:
                line.decode()
            except UnicodeDecodeError:
                n_odd += 1
                for byte in line:
                    if byte > 127:
                        letters[byte] = letters.get(byte, 0) + 1
            else:
                n_good += 1
    if n_odd == 0 or n_odd * _LINES_PER_ODD < n_lines or n_good * 10 > n_odd:
        return text
    is_mac = text.has_old_returns and sum(letters.get(byte, 0) for byte in _MAC_LETTERS) * 2 > sum(letters.values())
    if not is_mac and (
        _NO_LETTERS.intersection(letters) or (n_odd == 1 and not (_LETTERS - {0xD7, 0xF7}).issuperset(letters))
    ):
        return text
    encoding, words = ("mac_roman", "as Mac Roman text") if is_mac else ("cp1252", "as Windows-1252 text")
    return replace(
        text,
        path=_convert(text.path, scratch / "letters", encoding, name),
        notes=(*text.notes, words),
        is_converted=True,
    )


def find_header(path: Path, name: str, entity: Entity | None, by_hand: Mapping[str, str]) -> FoundHeader:
    """Find the header of a text file: the first of its first lines that has what the entity needs.

    Where none has, it is the line that has most of its names, so that a message can say what is missing; without an
    entity it is line 1.

    Raises:
        SourceError: no line can be a header.
    """
    with path.open("rb") as file:
        raw = [line for _ in range(HEADER_WITHIN + 1) if (line := file.readline(_CHUNK))]
    raw[0] = raw[0].removeprefix(codecs.BOM_UTF8)
    texts = [_text_of(line) for line in raw]
    told = _SEP_LINE.fullmatch((texts[0] or "").strip())
    notes: tuple[str, ...] = ()
    first = 0
    separators: Sequence[str] = tuple(SEPARATORS)
    if told and len(texts) > 1:
        first, separators, notes = 1, (told[1],), (f"by its first line {texts[0]!r}",)
    candidates = [
        FoundHeader(names, number + 1, separator, notes)
        for number, text in enumerate(texts[: HEADER_WITHIN + first])
        if number >= first and text and text.strip()
        for separator in separators
        if (names := _split(text, separator))
    ]
    found = _best(candidates, entity, by_hand, first + 1)
    if found is None:
        raise _no_header(raw[first], name, first + 1)
    if found.separator != ",":
        words = SEPARATORS.get(found.separator, f"{found.separator!r}")
        found = replace(found, notes=(*found.notes, f"with {words} between the fields"))
    if found.line > first + 1:
        found = replace(found, notes=(*found.notes, f"with the header in line {found.line}, below other text"))
    return found


def describe(notes: Sequence[str]) -> str:
    """Say in words what is unusual about a file's form."""
    return ", ".join(notes[:-1]) + (" and " if len(notes) > 1 else "") + notes[-1] if notes else ""


def _best(
    candidates: list[FoundHeader], entity: Entity | None, by_hand: Mapping[str, str], first: int
) -> FoundHeader | None:
    on_first = [found for found in candidates if found.line == first]
    widest = max(on_first, key=lambda found: len(found.names), default=None)
    if entity is None:
        return widest
    for found in candidates:
        if headers.fits(found.names, entity, by_hand):
            return found
    known = max(candidates, key=lambda found: headers.count_known(found.names, entity), default=None)
    if known and headers.count_known(known.names, entity) > 0:
        return known
    return widest


def _split(text: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(parse_record(text, separator=separator))
    except NotARecord:
        return ()


def _text_of(raw: bytes) -> str | None:
    try:
        return read_line(raw)
    except NotARecord:
        return None


def _no_header(raw: bytes, name: str, line: int) -> SourceError:
    """Say why a line can't be a header."""
    try:
        text = read_line(raw)
    except NotARecord as error:
        return SourceError(
            f"An input file must be {TAKEN_FORMS}, however {name} is none of them: in line {line}, {error}."
        )
    if not text.strip():
        return SourceError(f"Line {line} of {name} must be the header, however it is blank.")
    try:
        parse_record(text)
    except NotARecord as error:
        return SourceError(f"Line {line} of {name} must be a CSV header, however {error}.")
    return SourceError(f"Line {line} of {name} must be the header, however it names nothing.")


def _utf16(head: bytes) -> str | None:
    """Return the codec of a text in UTF-16: told by its mark, or by every other byte being none."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2], head[1::2]
    if len(odd) < 8:
        return None
    if odd.count(0) > 0.6 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.6 * len(even) and not odd.count(0):
        return "utf-16-be"
    return None


def _convert(path: Path, target: Path, encoding: str, name: str) -> Path:
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as file,
        ):
            while chunk := source.read(_CHUNK):
                file.write(chunk)
    except UnicodeError as error:
        raise SourceError(
            f"{name} must be text in one encoding, however it begins as {encoding.upper()} and goes on otherwise "
            f"({error}). It may be cut short or damaged: save it again as CSV UTF-8."
        ) from error
    return target
