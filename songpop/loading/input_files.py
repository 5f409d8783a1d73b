"""Open an input file of whatever form and wrapping, and say in words what is wrong where it is not the thing at all."""

import codecs
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from songpop.console import Advance
from songpop.errors import SourceError
from songpop.loading import file_forms, headers, workbooks
from songpop.loading.input_schemas import Entity
from songpop.loading.unpacking import TAKEN_FORMS, is_workbook, read_magic, unpack

_CHUNK = 1 << 22


@dataclass(frozen=True)
class SourceFile:
    """An input file that can be read.

    Attributes:
        path: as given by the user.
        readable: a CSV of UTF-8 or a Parquet file of the same content; `path` itself, or made in a scratch folder.
        sha256: of the bytes as given, and of what `--columns` says of them.
        header: the column names, in the file's order; once understood, the declared ones where they are such.
        n_lines: physical lines with the header, or rows of a Parquet file.
        is_plain: each line can be trusted to a fast reader: UTF-8, no NUL, no carriage return within a line.
        shown_name: how messages name the file; its path, unless it was opened under another name.
        separator: what stands between the fields of a CSV.
        first_line: the file's own number of the first line, or row of a sheet, below the header.
        form: what is unusual about the file's form, in words.
        reading: what the header means; None before it is understood.
    """

    path: Path
    readable: Path
    is_parquet: bool
    sha256: str
    header: tuple[str, ...]
    n_lines: int = 0
    is_plain: bool = True
    shown_name: str = ""
    separator: str = ","
    first_line: int = 2
    form: tuple[str, ...] = ()
    reading: headers.Reading | None = None

    def __post_init__(self) -> None:
        """Show the path where no other name is given."""
        if not self.shown_name:
            object.__setattr__(self, "shown_name", str(self.path))


def check_path(path: Path) -> None:
    """Look whether a path can be an input file at all, before anything is loaded.

    Raises:
        SourceError: it is missing, a folder, empty, or may not be read.
    """
    if not path.exists():
        raise SourceError(f"An input file must exist, however there is none at {path}.")
    if path.is_dir():
        names = sorted(item.name for item in path.iterdir())[:5]
        raise SourceError(
            f"An input must be one file ({TAKEN_FORMS}), however {path} is a folder with "
            f"{', '.join(names) if names else 'nothing in it'}. Name the file in it."
        )
    if not path.is_file():
        raise SourceError(f"An input must be a file on disk, however {path} is a pipe or a device. Save it first.")
    if path.stat().st_size == 0:
        raise SourceError(f"{path} must hold a header and rows, however it is empty (0 bytes). Was it fully written?")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceError(f"{path} must be readable, however the system says: {error.strerror}.") from error


def open_source(
    path: Path,
    scratch: Path,
    *,
    entity: Entity | None = None,
    by_hand: Mapping[str, str] | None = None,
    advance: Advance | None = None,
    shown_name: str | None = None,
) -> SourceFile:
    """Unpack a file where needed, hash it, tell its form, and find its header.

    Args:
        path: the file as the user named it.
        scratch: an existing folder that unpacked data may go to; the caller removes it.
        entity: what the file should be, which tells its header from a title above it; None takes line 1.
        by_hand: declared column to header name, as `--columns` gives them.
        advance: told how many bytes were read.
        shown_name: what messages call the file, where its path would tell its user nothing.

    Raises:
        SourceError: it is of no form that is taken, or is damaged beyond single lines.
    """
    check_path(path)
    step = advance or (lambda n: None)
    name = shown_name or str(path)
    before = path.stat()
    readable = unpack(path, scratch)
    sha256 = _hash(path, step)
    columns = dict(by_hand or {})
    if read_magic(readable).startswith(b"PAR1"):
        source = _look_into_parquet(path, readable, sha256, name)
    elif is_workbook(readable):
        table = workbooks.read_table(readable, scratch, name, entity, columns)
        source = SourceFile(
            path, table.path, True, sha256, table.header, table.n_rows, True, name, ",", table.first_row, table.notes
        )
    else:
        source = _look_into_text(path, readable, scratch, sha256, name, entity, columns)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError(
            f"{name} must stay as it is while it is read, however it changed. Load it when it is fully written."
        )
    return source


def understand(source: SourceFile, entity: Entity, by_hand: Mapping[str, str] | None = None) -> SourceFile:
    """Find the declared columns of an entity in the header, and put their names into it.

    Raises:
        SourceError: needed columns are missing, two could be the same one, or it is another entity's file.
    """
    reading = headers.read_header(source.shown_name, source.header, entity, by_hand)
    understood = replace(source, header=reading.names, reading=reading)
    if not reading.by_hand:
        return understood
    pairs = sorted((column, name) for column, name in (by_hand or {}).items() if column in reading.by_hand)
    return read_otherwise(understood, json.dumps(pairs))


def read_otherwise(source: SourceFile, how: str) -> SourceFile:
    """Give content that is read in another way a SHA-256 of its own: it is another thing to load."""
    return replace(source, sha256=hashlib.sha256(f"{source.sha256} {how}".encode()).hexdigest())


def describe_form(source: SourceFile) -> str:
    """Say in a sentence what of a file's form is not plain; nothing of a plain one."""
    return f"{Path(source.shown_name).name} is read {file_forms.describe(source.form)}." if source.form else ""


def describe_names(source: SourceFile, doubted: Collection[str] = ()) -> str:
    """Say in a sentence which names of the header were read as others; nothing where none was.

    Args:
        source: the file, understood.
        doubted: declared columns that were not taken after all.
    """
    taken = [pair for pair in source.reading.taken if pair[1] not in doubted] if source.reading else []
    if not taken or source.reading is None:
        return ""
    layout = f" (the layout of {source.reading.layout})" if source.reading.layout else ""
    return f"Columns of {Path(source.shown_name).name}{layout} are read as they are meant: {headers.describe(taken)}."


def _hash(path: Path, advance: Advance) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


def _look_into_text(
    path: Path,
    readable: Path,
    scratch: Path,
    sha256: str,
    name: str,
    entity: Entity | None,
    by_hand: Mapping[str, str],
) -> SourceFile:
    """Settle the bytes of a text file, count its lines, and find its header."""
    file_forms.refuse_other_forms(readable, name)
    text = file_forms.settle_bytes(readable, scratch, name)
    n_lines, is_utf8, is_even = _count_lines(text.path, name)
    if not is_utf8:
        text = file_forms.settle_letters(text, scratch, name)
        is_utf8 = text.is_converted
    found = file_forms.find_header(text.path, name, entity, by_hand)
    if n_lines <= found.line:
        raise SourceError(f"{name} must hold a header and rows, however it has a header only.")
    is_plain = is_utf8 and is_even
    form = (*text.notes, *found.notes)
    return SourceFile(
        path, text.path, False, sha256, found.names, n_lines, is_plain, name, found.separator, found.line + 1, form
    )


def _count_lines(readable: Path, name: str) -> tuple[int, bool, bool]:
    """Count lines; say whether all is UTF-8, and whether no line holds a NUL or a carriage return of its own."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, n_lines, n_nul, n_lone_returns, last = True, 0, 0, 0, b"\n"
    with readable.open("rb") as file:
        while chunk := file.read(_CHUNK):
            n_here = chunk.count(b"\n")
            if n_here == 0 and len(chunk) == _CHUNK:
                raise SourceError(
                    f"A CSV line must be shorter than 4 MiB, however line {n_lines + 1} of {name} is not. "
                    "Is it a CSV file?"
                )
            n_lines += n_here
            n_nul += chunk.count(0)
            # a return at the very end of a chunk counts with the next one
            seam = last + chunk if last == b"\r" else chunk
            whole = seam.removesuffix(b"\r")
            n_lone_returns += whole.count(b"\r") - whole.count(b"\r\n")
            last = chunk[-1:]
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
    is_utf8 = is_utf8 and _decodes(decoder, b"", is_end=True)
    n_lone_returns += last == b"\r"
    return n_lines + (last != b"\n"), is_utf8, n_nul == 0 and n_lone_returns == 0


def _look_into_parquet(path: Path, readable: Path, sha256: str, name: str) -> SourceFile:
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(readable) as file:
            names, n_rows = file.schema_arrow.names, file.metadata.num_rows
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceError(
            f"{name} must be a whole Parquet file, however it can't be read ({str(error).splitlines()[0]}). It may "
            "be cut short or damaged: copy or write it again."
        ) from error
    if n_rows == 0:
        raise SourceError(f"{name} must hold rows, however it has a header only.")
    return SourceFile(path, readable, True, sha256, tuple(names), n_rows, shown_name=name, first_line=1)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_end: bool = False) -> bool:
    try:
        decoder.decode(chunk, is_end)
    except UnicodeDecodeError:
        return False
    return True
