"""A ranked list as an XLSX workbook: typed cells under a frozen header with filters, and a sheet of notes."""

import io
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, BinaryIO

import polars as pl

from songpop.errors import ExportError

MAX_ROWS = 1_048_575
_MAX_TEXT = 32_767
_MAX_WIDTH = 60
# of columns with these beginnings the numbers are shares of 1
_SHARES = ("p_",)


def write_workbook(
    frame: pl.DataFrame, file: BinaryIO, notes: Mapping[str, str], columns: Mapping[str, str] | None = None
) -> None:
    """Write a list, what its reader should know, and what its columns mean.

    Args:
        frame: the list.
        file: open for writing.
        notes: the rows of the notes sheet.
        columns: what a column means, by name; those of the list stand below the notes.

    Raises:
        ExportError: a sheet can't hold the list.
    """
    import xlsxwriter

    if frame.height > MAX_ROWS:
        raise ExportError(
            f"An XLSX sheet must have at most {MAX_ROWS:,} rows, however the list has {frame.height:,}. Use "
            "--limit, or --format csv or parquet."
        )
    _refuse_infinite(frame)
    # whole in memory first: xlsxwriter hides why a file could not be written
    whole = io.BytesIO()
    with xlsxwriter.Workbook(
        whole, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        _write_list(book, frame)
        _write_notes(book, notes, {name: (columns or {})[name] for name in frame.columns if name in (columns or {})})
    file.write(whole.getbuffer())


def _write_list(book: Any, frame: pl.DataFrame) -> None:
    sheet = book.add_worksheet("List")
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#EEF1F5"})
    styles = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "timestamp": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "float": book.add_format({"num_format": "0.0"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "change": book.add_format({"num_format": "+0;[Red]-0;0"}),
    }
    for number, column in enumerate(frame.get_columns()):
        sheet.write_string(0, number, column.name, head)
        style = styles.get(_style_name(column))
        for row, value in enumerate(column.to_list(), start=1):
            _write_cell(sheet, row, number, value, style)
        sheet.set_column(number, number, _width(column))
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if frame.width:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _write_notes(book: Any, notes: Mapping[str, str], columns: Mapping[str, str]) -> None:
    page = book.add_worksheet("Notes")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    title = book.add_format({"bold": True, "bottom": 1})
    for row, (key, value) in enumerate(notes.items()):
        page.write_string(row, 0, key, bold)
        page.write_string(row, 1, value, wrapped)
    if columns:
        head = len(notes) + 1
        page.write_string(head, 0, "Column", title)
        page.write_string(head, 1, "What it means", title)
        for row, (name, meaning) in enumerate(columns.items(), start=head + 1):
            page.write_string(row, 0, name, bold)
            page.write_string(row, 1, meaning, wrapped)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 100)


def _refuse_infinite(frame: pl.DataFrame) -> None:
    for column in frame.select(pl.col(pl.Float32, pl.Float64)).get_columns():
        rows = (~column.is_finite()).fill_null(False).arg_true()
        if len(rows):
            raise ExportError(
                f"A number in an XLSX sheet must be finite, however {len(rows):,} of column '{column.name}' are not "
                f"(first: {column[rows[0]]} in row {rows[0] + 1:,}). Use --format csv or parquet, or leave them out."
            )


def _write_cell(sheet: Any, row: int, number: int, value: object, style: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, number, value, style)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, number, value, style)
    elif isinstance(value, (date, datetime)):
        sheet.write_datetime(row, number, value, style)
    else:
        text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        sheet.write_string(row, number, text[:_MAX_TEXT], style)


def _style_name(column: pl.Series) -> str:
    if column.dtype == pl.Date:
        return "date"
    if column.dtype == pl.Datetime:
        return "timestamp"
    if column.name.endswith("_change"):
        return "float" if column.dtype.is_float() else "change"
    if column.dtype.is_float():
        return "share" if column.name.startswith(_SHARES) or column.name.endswith(("_share", "_p_best")) else "float"
    return ""


def _width(column: pl.Series) -> float:
    """Return the width in characters; a header may wrap at its underscores' blanks, so numbers stay narrow."""
    if column.dtype == pl.Date:
        return max(11, min(14, len(column.name)))
    if column.dtype == pl.Datetime:
        return 17
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return max(9, min(18, len(column.name) + 2))
    texts = column.cast(pl.List(pl.String)).list.join("; ") if isinstance(column.dtype, pl.List) else column
    longest = texts.cast(pl.String, strict=False).str.len_chars().max() or 0
    return min(_MAX_WIDTH, max(len(column.name) + 2, int(str(longest)) + 1))
