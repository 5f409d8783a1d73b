"""Read the table of a workbook (Excel, OpenDocument) into Parquet, each cell as the text that its owner sees in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from songpop.errors import SourceError
from songpop.loading import headers
from songpop.loading.file_forms import HEADER_WITHIN
from songpop.loading.input_schemas import Entity

if TYPE_CHECKING:
    import pyarrow as pa

_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]00:00:00(?:\.0+)?")
# a time without a day, which counts from Excel's first one: 3:42 typed into a cell is 3 h 42 min there
_TIME = re.compile(r"(?:1899-12-3[01]|1900-01-01)[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?")


@dataclass(frozen=True)
class Table:
    """The table of a workbook.

    Attributes:
        path: a Parquet file of text, the columns by number.
        header: the names of its columns.
        n_rows: rows below the header.
        first_row: the sheet's number of the first of them.
        notes: which sheet and row were taken, where that is not plain.
    """

    path: Path
    header: tuple[str, ...]
    n_rows: int
    first_row: int
    notes: tuple[str, ...]


def read_table(path: Path, scratch: Path, name: str, entity: Entity | None, by_hand: Mapping[str, str]) -> Table:
    """Find the first sheet with a table of the entity, and write it as text.

    Args:
        path: the workbook.
        scratch: an existing folder to write to.
        name: what messages call the file.
        entity: what the table should be; None takes the first sheet that is not empty, from its first row.
        by_hand: declared column to header name, as `--columns` gives them.

    Raises:
        SourceError: it can't be read, or its sheets are empty.
    """
    import pyarrow.parquet

    sheets = _read_sheets(path, name)
    if not sheets:
        raise SourceError(f"{name} must hold a sheet with a header and rows, however its sheets are empty.")
    title, place, header = _find(sheets, entity, by_hand)
    cells = sheets[title].slice(place + 1)
    if cells.num_rows == 0:
        raise SourceError(f"{name} must hold a header and rows, however its sheet '{title}' has a header only.")
    columns = list(map(_as_seen, cells.columns))
    target = scratch / "sheet.parquet"
    table = pyarrow.table(columns, names=[f"c{number}" for number in range(len(columns))])
    pyarrow.parquet.write_table(table, target)
    notes = [f"from the sheet '{title}' of {len(sheets)} with cells"] if len(sheets) > 1 else []
    notes += [f"with the header in row {place + 1}"] if place else []
    return Table(target, header, table.num_rows, place + 2, ("as a workbook", *notes))


def _read_sheets(path: Path, name: str) -> "dict[str, pa.Table]":
    """Return the sheets that hold anything, by title, all of whose cells are text."""
    import fastexcel
    import pyarrow as pa

    try:
        # by content: a name may say anything
        book = fastexcel.read_excel(path.read_bytes())
        sheets = {
            title: pa.table(book.load_sheet(title, header_row=None, skip_rows=0, dtypes="string").to_arrow())
            for title in book.sheet_names
        }
    except Exception as error:  # the reader's own errors have no common root, and Rust's panics are of none
        if not type(error).__module__.startswith(("fastexcel", "_fastexcel", "pyo3", "builtins")):
            raise
        raise SourceError(
            f"{name} must be a workbook that can be read (Excel or OpenDocument, without a password), however its "
            f"reader says: {str(error).splitlines()[0] if str(error) else type(error).__name__} Save the sheet as CSV "
            "UTF-8 and pass that."
        ) from error
    return {title: table for title, table in sheets.items() if table.num_rows and table.num_columns}


def _find(
    sheets: "dict[str, pa.Table]", entity: Entity | None, by_hand: Mapping[str, str]
) -> tuple[str, int, tuple[str, ...]]:
    """Return title, place of the header and header of the first table that has what the entity needs, or the likest."""
    likest: tuple[int, str, int, tuple[str, ...]] | None = None
    for title, cells in sheets.items():
        rows = cells.slice(0, HEADER_WITHIN).to_pylist()
        for place, row in enumerate(rows):
            header = tuple("" if value is None else str(value) for value in row.values())
            if not any(text.strip() for text in header):
                continue
            if entity is None or headers.fits(header, entity, by_hand):
                return title, place, header
            likeness = headers.count_known(header, entity)
            if likest is None or likeness > likest[0]:
                likest = (likeness, title, place, header)
    if likest is None:
        title = next(iter(sheets))
        return title, 0, tuple("" for _ in range(sheets[title].num_columns))
    return likest[1:]


def _as_seen(column: "pa.ChunkedArray") -> "pa.Array":
    """Return dates without their midnight, and times as minutes and seconds where they can be such."""
    import pyarrow as pa

    return pa.array([_seen(value) if value is not None else None for value in column.to_pylist()], pa.string())


def _seen(text: str) -> str:
    if time := _TIME.fullmatch(text):
        hours, minutes, seconds = map(int, time.groups())
        if hours and seconds:
            return f"{hours}:{minutes:02d}:{seconds:02d}"
        return f"{hours}:{minutes:02d}" if hours else f"{minutes}:{seconds:02d}"
    day = _MIDNIGHT.fullmatch(text)
    return day[1] if day else text
