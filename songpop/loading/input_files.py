"""Open an input file of whatever wrapping, and say in words what is wrong where it is not the thing at all."""

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from songpop.console import Advance
from songpop.errors import SourceError
from songpop.loading.csv_records import NotARecord, parse_record, read_line
from songpop.loading.input_schemas import Entity, find_misplaced
from songpop.loading.unpacking import TAKEN_FORMS, read_magic, unpack

_CHUNK = 1 << 22
_SHOWN_COLUMNS = 25
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# pandas' names for an index column; in the Kaggle file it leaks the label
_INDEX_NAME = re.compile(r"(Unnamed: \d+(\.\d+)?)?|__index_level_\d+__")


@dataclass(frozen=True)
class SourceFile:
    """An input file that can be read.

    Attributes:
        path: as given by the user.
        readable: a plain CSV or Parquet file of the same content; `path` itself, or unpacked in a scratch folder.
        sha256: of the bytes as given.
        header: the column names, in the file's order.
        n_lines: physical lines with the header, or rows of a Parquet file.
        is_plain: each line can be trusted to a fast reader: UTF-8, no NUL, no carriage return within a line.
        shown_name: how messages name the file; its path, unless it was opened under another name.
    """

    path: Path
    readable: Path
    is_parquet: bool
    sha256: str
    header: tuple[str, ...]
    n_lines: int = 0
    is_plain: bool = True
    shown_name: str = ""

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
    path: Path, scratch: Path, *, advance: Advance | None = None, shown_name: str | None = None
) -> SourceFile:
    """Unpack a file where needed, hash it, and read its header.

    Args:
        path: the file as the user named it.
        scratch: an existing folder that unpacked data may go to; the caller removes it.
        advance: told how many bytes were read.
        shown_name: what messages call the file, where its path would tell its user nothing.

    Raises:
        SourceError: it is not a CSV or Parquet file, or is damaged beyond single lines.
    """
    check_path(path)
    step = advance or (lambda n: None)
    name = shown_name or str(path)
    before = path.stat()
    readable = unpack(path, scratch)
    sha256 = _hash(path, step)
    source = (
        _look_into_parquet(path, readable, sha256, name)
        if read_magic(readable).startswith(b"PAR1")
        else _scan(path, readable, sha256, name)
    )
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError(
            f"{name} must stay as it is while it is read, however it changed. Load it when it is fully written."
        )
    return source


def is_index_name(name: str) -> bool:
    """Tell whether a header name is that of an unnamed or index column, which is never kept."""
    return _INDEX_NAME.fullmatch(name) is not None


def check_header(file: Path | str, header: tuple[str, ...], entity: Entity) -> None:
    """Look whether the header is that of the entity.

    Args:
        file: what messages call the file, its path or another name.
        header: the column names.
        entity: which one it should be.

    Raises:
        SourceError: needed columns are missing, a name is there twice, or it is another entity's file.
    """
    named = [name for name in header if not is_index_name(name)]
    missing = [name for name in entity.needed if name not in named]
    foreign = [name for name in entity.not_here if name in named]
    if missing or foreign:
        raise SourceError(_explain_header(file, named, entity, missing, foreign))
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise SourceError(
            f"A header must name each column once, however {file} has {', '.join(map(repr, twice))} more than "
            "once. Rename or drop one of them."
        )


def _explain_header(file: Path | str, named: list[str], entity: Entity, missing: list[str], foreign: list[str]) -> str:
    seen = ", ".join(map(repr, named[:_SHOWN_COLUMNS])) or "no names"
    if len(named) > _SHOWN_COLUMNS:
        seen += f" and {len(named) - _SHOWN_COLUMNS} more"
    other = find_misplaced(named, entity)
    if other and (foreign or missing):
        hint = f"This looks like {_article(other.name)} file; pass it with --{other.name}."
    elif (folded := _folded_names(named, missing)) and folded:
        hint = f"Names must match to the letter: rename {folded}."
    else:
        hint = "Check that it is the file you meant; docs/files.md lists the columns of each input file."
    lack = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    problem = lack if missing else f"{Path(file).name} has {', '.join(foreign)}"
    wanted = "have the columns " + ", ".join(entity.needed)
    if not missing:
        wanted = f"have no {' or '.join(entity.not_here)}"
    return f"{_article(entity.name).capitalize()} file must {wanted}, however in {file} {problem}; seen: {seen}. {hint}"


def _folded_names(named: list[str], missing: list[str]) -> str:
    folded = {name.strip().casefold().replace(" ", "_"): name for name in named}
    return ", ".join(f"{folded[name]!r} to {name}" for name in missing if name in folded)


def _article(entity: str) -> str:
    return f"{'an' if entity[0] in 'aeiou' else 'a'} {entity}"


def _hash(path: Path, advance: Advance) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


def _scan(path: Path, readable: Path, sha256: str, name: str) -> SourceFile:
    """Count lines, look at the bytes, and read the header of a CSV file."""
    header = _read_header(readable, name)
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
    n_lines += last != b"\n"
    is_plain = is_utf8 and n_nul == 0 and n_lone_returns == 0
    if n_lines < 2:
        raise SourceError(f"{name} must hold a header and rows, however it has a header only.")
    return SourceFile(path, readable, False, sha256, header, n_lines, is_plain, shown_name=name)


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
    return SourceFile(path, readable, True, sha256, tuple(names), n_rows, shown_name=name)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_end: bool = False) -> bool:
    try:
        decoder.decode(chunk, is_end)
    except UnicodeDecodeError:
        return False
    return True


def _read_header(readable: Path, name: str) -> tuple[str, ...]:
    with readable.open("rb") as file:
        raw = file.readline(_CHUNK)
    if b"\r" in raw.removesuffix(b"\n").removesuffix(b"\r") and b"\0" not in raw:
        raise SourceError(
            f"Lines must end in a newline, however line 1 of {name} holds carriage returns alone. Save it with "
            "newlines."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{name} must be UTF-8, however it begins as UTF-16. Save it as CSV UTF-8.")
    try:
        text = read_line(raw.removeprefix(codecs.BOM_UTF8))
    except NotARecord as error:
        raise SourceError(
            f"An input file must be {TAKEN_FORMS}, however {name} is none of them: in line 1, {error}."
        ) from error
    if not text.strip():
        raise SourceError(f"Line 1 of {name} must be the header, however it is blank.")
    try:
        header = parse_record(text)
    except NotARecord as error:
        raise SourceError(f"Line 1 of {name} must be a CSV header, however {error}.") from error
    if len(header) == 1:
        for separator, separators in _OTHER_SEPARATORS.items():
            if separator in text:
                raise SourceError(
                    f"The fields of {name} must be separated by commas, however its header has {separators}. Save it "
                    "as CSV with commas."
                )
    return tuple(header)
