"""Read the records of a damaged CSV file one by one, so that every line ends in a row or in a reject.

A record is one physical line or, where a quote stays open, up to `LONGEST_RECORD` lines joined. What does not
read as exactly the header's number of fields is rejected alone, and reading goes on at the next line: an
unbalanced quote costs its own line, never its neighbours.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

LONGEST_RECORD = 20  # lines; a title with more line breaks than that is a quote that was never closed
MAX_CONTENT = 1000  # characters of a rejected line that are kept

_BATCH_LINES = 20_000
_OPEN_FIELD = re.compile(r' *"(?:[^"]++|"")*+\Z')


class NotARecord(ValueError):
    """A text is not one record of so many fields; `is_open` where a quote in it is not closed."""

    def __init__(self, reason: str, *, is_open: bool = False) -> None:
        """Keep the reason, and whether more lines may complete the record."""
        super().__init__(reason)
        self.is_open = is_open


@dataclass(frozen=True)
class Reject:
    """One physical line that can't be read, with the reason and its text."""

    line: int
    reason: str
    content: str


@dataclass
class Batch:
    """Some records of a file: per row its fields, its first and its last physical line."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    last_lines: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    n_blank_lines: int = 0

    def __len__(self) -> int:
        """Return how many entries were read, of whatever sort."""
        return len(self.rows) + len(self.rejects) + self.n_blank_lines


def read_batches(path: Path, n_fields: int, *, separator: str = ",", header_line: int = 1) -> Iterator[Batch]:
    """Read every line after the header into rows and rejects, some thousands at a time.

    Args:
        path: a plain CSV file.
        n_fields: how many fields the header has.
        separator: what stands between two fields.
        header_line: the physical line of the header; what stands above it is no record.
    """
    batch = Batch()
    with path.open("rb") as file:
        deque(islice(file, header_line), maxlen=0)
        ahead: deque[bytes] = deque()
        line = header_line
        while raw := ahead.popleft() if ahead else next(file, None):
            line += 1
            taken = _read_record(batch, raw, line, ahead, file, n_fields, separator)
            line += taken
            if len(batch) >= _BATCH_LINES:
                yield batch
                batch = Batch()
    if len(batch):
        yield batch


def parse_record(text: str, n_fields: int | None = None, separator: str = ",") -> list[str]:
    """Split one record strictly into its fields; any number of them where `n_fields` is None.

    Raises:
        NotARecord: a quote is open or misplaced, or the fields are not so many.
    """
    if '"' not in text and "\r" not in text and "\n" not in text:
        return _expect(text.split(separator), n_fields)
    pattern = _field_pattern(separator)
    fields: list[str] = []
    position = 0
    while True:
        match = pattern.match(text, position)
        if match is None:
            raise _complaint(text, position, len(fields) + 1)
        quoted, plain = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(text) and not match.group().endswith(separator):
            return _expect(fields, n_fields)


def read_line(raw: bytes) -> str:
    """Decode one physical line and take off its line end.

    Raises:
        NotARecord: it is not UTF-8, or it holds a NUL byte.
    """
    body = _body(raw)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotARecord(
            f"the line must be UTF-8, however byte {error.start + 1} of it is 0x{body[error.start]:02x}"
        ) from error
    if "\0" in text:
        raise NotARecord(f"the line must be text, however byte {body.index(0) + 1} of it is NUL")
    return text


class LineFinder:
    """Reads records of an open file again by their line numbers, forward only."""

    def __init__(self, file: Iterator[bytes]) -> None:
        """Begin before line 1 of a file opened as bytes."""
        self._file = file
        self._line = 0

    def find(self, first: int, last: int) -> str:
        """Return the text of lines `first` to `last`, which come after all that were asked for before."""
        deque(islice(self._file, first - self._line - 1), maxlen=0)
        self._line = last
        return show_line(b"".join(islice(self._file, last - first + 1)))


def show_line(raw: bytes) -> str:
    """Return a line as it stood, cut at `MAX_CONTENT` characters, its undecodable bytes as \\xNN."""
    return _body(raw).decode(errors="backslashreplace")[:MAX_CONTENT]


@cache
def _field_pattern(separator: str) -> re.Pattern[str]:
    """Return what a field is: quoted (spaces around the quotes are not part of it, as DuckDB reads it) or plain."""
    end = rf"(?:{re.escape(separator)}|\Z)"
    return re.compile(rf' *"((?:[^"]++|"")*+)" *{end}|((?! *")[^{re.escape(separator)}\r\n]*+){end}')


def _body(raw: bytes) -> bytes:
    return raw.removesuffix(b"\n").removesuffix(b"\r")


def _read_record(
    batch: Batch,
    raw: bytes,
    line: int,
    ahead: deque[bytes],
    file: Iterator[bytes],
    n_fields: int,
    separator: str,
) -> int:
    """Read the record that begins with `raw` into the batch; return how many lines more it took.

    A line of separators alone is as blank as one of nothing.
    """
    if not raw.strip(b" \t\r\n\v\f" + separator.encode()):
        batch.n_blank_lines += 1
        return 0
    try:
        fields, taken = parse_record(read_line(raw), n_fields, separator), 0
    except NotARecord as error:
        joined = _join(raw, ahead, file, n_fields, separator) if error.is_open else None
        if joined is None:
            batch.rejects.append(Reject(line, str(error), show_line(raw)))
            return 0
        fields, taken = joined
    batch.rows.append(fields)
    batch.lines.append(line)
    batch.last_lines.append(line + taken)
    return taken


def _join(
    raw: bytes, ahead: deque[bytes], file: Iterator[bytes], n_fields: int, separator: str
) -> tuple[list[str], int] | None:
    """Complete a record with the lines after it, if few of them do; they leave `ahead` only then."""
    joined = raw
    for taken in range(1, LONGEST_RECORD):
        if len(ahead) < taken:
            following = next(file, None)
            if following is None:
                return None
            ahead.append(following)
        joined += ahead[taken - 1]
        if b'"' not in ahead[taken - 1]:
            continue
        try:
            fields = parse_record(read_line(joined), n_fields, separator)
        except NotARecord as error:
            if error.is_open:
                continue
            return None
        if any("\n" in text and text.count(separator) >= n_fields - 1 for text in fields):
            return None  # two damaged lines whose open quotes seem to close each other
        for _ in range(taken):
            ahead.popleft()
        return fields, taken
    return None


def _expect(fields: list[str], n_fields: int | None) -> list[str]:
    if n_fields is None:
        return fields
    if len(fields) > n_fields and not any(fields[n_fields:]):
        return fields[:n_fields]  # commas too many at the end hold nothing
    if len(fields) != n_fields:
        raise NotARecord(f"the line must have {n_fields} fields, however it has {len(fields)}")
    return fields


def _complaint(text: str, position: int, number: int) -> NotARecord:
    if _OPEN_FIELD.match(text, position):
        return NotARecord(f"a quote must be closed, however the one that opens field {number} is not", is_open=True)
    if re.compile(' *"').match(text, position):
        return NotARecord(f"a closing quote must end its field, however text follows the one of field {number}")
    return NotARecord(f"a line break must stand in quotes, however field {number} has one without")
