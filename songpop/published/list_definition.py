"""What of a ranked list to take and how to show it: filters, columns, order, watchlists, and files that define them."""

import csv
import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from songpop.errors import ExportError
from songpop.names import loose_key
from songpop.published.left_out import EVIDENCE

LISTS = ("releases", "singles", "artists", "movers")
ARTIST = "artist_name"
_OTHER_SEPARATORS = (";", "\t", "|")


@dataclass(frozen=True)
class Filters:
    """What of a list to take; None leaves a filter out.

    Attributes:
        genre: whole genre name, in any case.
        artist: part of the artist's name, in any case and without accents.
        since, until: release dates, both included.
        min_score: lowest score.
        limit: number of rows.
        evidence: the least of `left_out.EVIDENCE` that a row must have; some where it is not said.
        versions: whether each version of a recording has a row of its own.
    """

    genre: str | None = None
    artist: str | None = None
    since: date | None = None
    until: date | None = None
    min_score: float | None = None
    limit: int | None = None
    evidence: str | None = None
    versions: bool | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """Return the filters that are set, by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) is not None}


@dataclass(frozen=True)
class ListDefinition:
    """A ranked list as somebody wants it.

    Attributes:
        name: one of LISTS, or the path of a `.sql` file.
        columns: those to keep, in this order; empty keeps all.
        sort: columns to order by, the first one first; a `-` before a name turns it round. Empty keeps the list's own
            order.
        watchlist: only these artists; None takes all.
        blocklist: none of these artists.
        changed_since: only what changed since this run or day.
        file_format: one of `exports.FORMATS`, or table; None where it was not said.
    """

    name: str = "releases"
    filters: Filters = field(default_factory=Filters)
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    watchlist: tuple[str, ...] | None = None
    blocklist: tuple[str, ...] = ()
    changed_since: str | None = None
    file_format: str | None = None


def read_definition(path: Path) -> ListDefinition:
    """Read a list's definition from a TOML file; paths in it are seen from its folder.

    Raises:
        ExportError: it can't be read, or has a key or a value that a definition must not have.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ExportError(f"{path} must be a file that can be read, however: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExportError(f"{path} must be TOML, however: {error}.") from error
    filters = document.pop("filters", {})
    if not isinstance(filters, dict):
        raise ExportError(f"`filters` in {path} must be a table, as in [filters], however it is {filters!r}.")
    kept = {_FIELD.get(name, name): value for name, value in _read_all(document, _READERS, path).items()}
    return ListDefinition(filters=Filters(**_read_all(filters, _FILTERS, path)), **kept)


def read_names(path: Path) -> tuple[str, ...]:
    """Read artist names: one a line, `# ` before a comment; or a CSV with a column artist_name.

    Raises:
        ExportError: it can't be read, is not text in UTF-8, or names nobody.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise ExportError(f"{path} must be a file of artists that can be read, however: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{path} must be text in UTF-8, however its byte {error.start} is not.") from error
    if lines and any(ARTIST in lines[0].split(other) for other in _OTHER_SEPARATORS) and lines[0] != ARTIST:
        raise ExportError(f"The fields of {path} must be separated by commas, however its header is {lines[0]!r}.")
    if lines and ARTIST in next(csv.reader([lines[0]])):
        names = [row[ARTIST] or "" for row in csv.DictReader(lines)]
    else:
        names = [line for line in lines if not line.startswith("# ")]
    found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not found:
        raise ExportError(f"A list of artists must name one or more, one a line, however {path} names nobody.")
    return found


def choose(frame: pl.DataFrame, wanted: ListDefinition, label: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Keep a list's watched artists, drop its blocked ones, order it, cut it and pick its columns.

    Args:
        frame: the list with all columns, in its own order.
        wanted: `limit` of its filters counts here, so that it comes after the order.
        label: what to call the list in messages.

    Returns:
        The list, and the names of the watchlist and the blocklist that no artist of it has.

    Raises:
        ExportError: the list has not the columns that are asked for.
    """
    missed: list[str] = []
    if wanted.watchlist is not None or wanted.blocklist:
        refuse_unknown(frame, (ARTIST,), label, "watched or blocked by")
        # a long list names an artist many times, and folding a name takes a while
        folds = {name: loose_key(name) for name in frame[ARTIST].drop_nulls().unique()}
        folded = frame[ARTIST].replace_strict(folds, default=None, return_dtype=pl.String)
        for names, keeps in ((wanted.watchlist, True), (wanted.blocklist or None, False)):
            if names is not None:
                by_name = {loose_key(name): name for name in names}
                missed += [name for fold, name in by_name.items() if fold not in set(folded)]
                is_named = folded.is_in(list(by_name)).fill_null(False)
                is_kept = is_named if keeps else ~is_named
                frame, folded = frame.filter(is_kept), folded.filter(is_kept)
    if wanted.sort:
        names_only = [name.removeprefix("-") for name in wanted.sort]
        refuse_unknown(frame, names_only, label, "sorted by")
        descending = [name.startswith("-") for name in wanted.sort]
        frame = frame.sort(names_only, descending=descending, nulls_last=True, maintain_order=True)
    if wanted.filters.limit is not None:
        frame = frame.head(wanted.filters.limit)
    if wanted.columns:
        refuse_unknown(frame, wanted.columns, label, "shown with")
        twice = next((name for name in wanted.columns if wanted.columns.count(name) > 1), None)
        if twice:
            raise ExportError(f"{label} must be shown with each column once, however {twice} is named more than once.")
        frame = frame.select(wanted.columns)
    return frame, tuple(missed)


def refuse_unknown(frame: pl.DataFrame, names: tuple[str, ...] | list[str], label: str, use: str) -> None:
    """Look whether a list has some columns.

    Raises:
        ExportError: it has not; the message names near ones and all there are.
    """
    for name in names:
        if name not in frame.columns:
            near = difflib.get_close_matches(name, frame.columns, 1)
            raise ExportError(
                f"{label} must have a column to be {use} it, however it has no '{name}'."
                f"{f' Did you mean {near[0]}?' if near else ''} It has {', '.join(frame.columns)}."
            )


def split_names(text: str) -> tuple[str, ...]:
    """Split `a,b,c` into names, without blanks."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read_all(values: Mapping[str, Any], readers: Mapping[str, "_Reader"], path: Path) -> dict[str, Any]:
    for name in values:
        if name not in readers:
            known = [*readers, *(["filters"] if readers is _READERS else [])]
            if readers is _READERS and name in _FILTERS:
                raise ExportError(f"`{name}` in {path} must stand under [filters], however it stands outside of it.")
            near = difflib.get_close_matches(name, known, 1)
            raise ExportError(
                f"A key of {path} must be one of {', '.join(known)}, however one is '{name}'."
                f"{f' Did you mean {near[0]}?' if near else ''}"
            )
    return {name: readers[name](value, name, path) for name, value in values.items()}


def _must(what: str, value: Any, name: str, path: Path) -> ExportError:
    return ExportError(f"`{name}` in {path} must be {what}, however it is {value!r}.")


def _text(value: Any, name: str, path: Path) -> str:
    if not isinstance(value, str):
        raise _must("a text", value, name, path)
    return value


def _texts(value: Any, name: str, path: Path) -> tuple[str, ...]:
    if isinstance(value, str):
        return split_names(value)
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise _must("a list of texts", value, name, path)
    return tuple(value)


def _artists(value: Any, name: str, path: Path) -> tuple[str, ...]:
    return read_names(path.parent / value) if isinstance(value, str) else _texts(value, name, path)


def _list_name(value: Any, name: str, path: Path) -> str:
    text = _text(value, name, path)
    return str(path.parent / text) if text.endswith(".sql") else text


def _day(value: Any, name: str, path: Path) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _must("a date of the form YYYY-MM-DD", value, name, path) from None


def _number(value: Any, name: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _must("a number", value, name, path)
    return float(value)


def _evidence(value: Any, name: str, path: Path) -> str:
    if value not in EVIDENCE:
        raise _must(f"one of {', '.join(EVIDENCE)}", value, name, path)
    return str(value)


def _yes_or_no(value: Any, name: str, path: Path) -> bool:
    if not isinstance(value, bool):
        raise _must("true or false", value, name, path)
    return value


def _count(value: Any, name: str, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _must("a whole number of at least 1", value, name, path)
    return value


_Reader = Callable[[Any, str, Path], Any]
_READERS: dict[str, _Reader] = {
    "list": _list_name,
    "columns": _texts,
    "sort": _texts,
    "format": _text,
    "watchlist": _artists,
    "blocklist": _artists,
    "changed_since": lambda value, name, path: str(value),
}
_FILTERS: dict[str, _Reader] = {
    "genre": _text,
    "artist": _text,
    "since": _day,
    "until": _day,
    "min_score": _number,
    "limit": _count,
    "evidence": _evidence,
    "versions": _yes_or_no,
}
_FIELD = {"list": "name", "format": "file_format"}
