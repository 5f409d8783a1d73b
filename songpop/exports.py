"""Ranked lists, from the readers' file to CSV, Parquet, XLSX or JSON."""

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import polars as pl

from songpop import resources, warehouse
from songpop.errors import ExportError
from songpop.settings import Settings

Format = Literal["csv", "parquet", "xlsx", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
LISTS = ("releases", "singles", "artists", "movers")

_XLSX_MAX_ROWS = 1_048_575
_XLSX_MAX_WIDTH = 60


@dataclass(frozen=True)
class Filters:
    """What of a list to take; None leaves a filter out.

    Attributes:
        genre: whole genre name, in any case.
        artist: part of the artist's name, in any case and without accents.
        since, until: release dates, both included.
        min_score: lowest score.
        limit: number of rows.
    """

    genre: str | None = None
    artist: str | None = None
    since: date | None = None
    until: date | None = None
    min_score: float | None = None
    limit: int | None = None


def read_list(settings: Settings, name: str, filters: Filters | None = None) -> pl.DataFrame:
    """Read a ranked list from the readers' file.

    Args:
        settings: say where the readers' file is.
        name: one of LISTS, or the path of a `.sql` file with one select; in it `$genre` and the other
            filters may be used, and a filter that it does not use is refused.
        filters: what of the list to take.

    Raises:
        ExportError: there is no such list or file, or it can't be run.
        WarehouseError: nothing was published yet.
    """
    filters = filters or Filters()
    query, label = _query(name)
    values = {field.name: getattr(filters, field.name) for field in fields(filters)}
    used = {key: value for key, value in values.items() if f"${key}" in query}
    if name not in LISTS:
        _refuse_unused(values, used, label)
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        import duckdb

        try:
            cursor = con.execute(query, used or None)
            frame = cursor.pl()
        except duckdb.Error as error:
            raise ExportError(f"{label} must be one select on the published file, however it said: {error}") from error
    return frame


def write_list(frame: pl.DataFrame, out: Path | BinaryIO, file_format: str, *, notes: Mapping[str, str]) -> None:
    """Write a list in one of FORMATS; a file appears whole or not at all.

    Args:
        frame: the list.
        out: a path, or an open binary file.
        file_format: one of FORMATS.
        notes: what the reader should know, for the notes sheet of an XLSX.

    Raises:
        ExportError: the path can't be written, or the format can't hold the list.
    """
    if not isinstance(out, Path):
        _write(frame, out, file_format, notes)
        return
    fresh = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            _write(frame, file, file_format, notes)
        fresh.replace(out)
    except OSError as error:
        raise ExportError(f"{out} must be a file that can be written, however: {error.strerror}") from error
    finally:
        with suppress(OSError):
            fresh.unlink()


def list_notes(settings: Settings, name: str, filters: Filters | None = None) -> dict[str, str]:
    """Return what a reader of the list should know: model, day, coverage and filters."""
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        model, as_of, n_releases, n_known = con.execute(
            "select max(model_version), max(as_of_date), count(*), count(artist_popularity) from marts.ranked_releases"
        ).fetchall()[0]
    chosen = {
        field.name: getattr(filters, field.name)
        for field in fields(Filters)
        if filters and getattr(filters, field.name) is not None
    }
    return {
        "List": name,
        "Model version": model or "none",
        "As of": str(as_of or ""),
        "Scored new releases": f"{n_releases:,}",
        "with a known artist popularity": f"{n_known:,}",
        "Filters": ", ".join(f"{key} {value}" for key, value in chosen.items()) or "none",
        "score": "predicted popularity 0-100; score_low and score_high bound 90 % of outcomes",
        "drivers": "what moved the score against the training reference: association, not cause",
        "contribution_…": "the same by groups of features, in points: reference_score and they add up to score",
    }


def _query(name: str) -> tuple[str, str]:
    if name in LISTS:
        return resources.sql_path("exports", name).read_text(), f"The list {name}"
    path = Path(name)
    if path.suffix != ".sql":
        raise ExportError(f"A list must be one of {', '.join(LISTS)} or a .sql file, however it is {name!r}.")
    try:
        return path.read_text("utf-8").rstrip().rstrip(";"), str(path)
    except OSError as error:
        raise ExportError(f"{path} must be a file that can be read, however: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{path} must be text in UTF-8, however its byte {error.start} is not.") from error


def _refuse_unused(values: dict[str, object], used: dict[str, object], label: str) -> None:
    unused = [key for key, value in values.items() if value is not None and key not in used]
    if unused:
        raise ExportError(
            f"{label} must use ${unused[0]} to be filtered by it, however it does not. Add it to the query, or "
            f"leave the option out."
        )


def _write(frame: pl.DataFrame, file: BinaryIO, file_format: str, notes: Mapping[str, str]) -> None:
    if file_format not in FORMATS:
        raise ExportError(f"The format must be one of {', '.join(FORMATS)}, however it is {file_format!r}.")
    try:
        if file_format == "csv":
            frame.with_columns(pl.col(pl.List(pl.String)).list.join("; ")).write_csv(file)
        elif file_format == "parquet":
            frame.write_parquet(file)
        elif file_format == "json":
            file.write(frame.write_json().encode() + b"\n")
        else:
            _write_xlsx(frame, file, notes)
    except pl.exceptions.PolarsError as error:
        raise ExportError(f"The list must fit into {file_format}, however: {error}. Try --format json.") from error


def _write_xlsx(frame: pl.DataFrame, file: BinaryIO, notes: Mapping[str, str]) -> None:
    import xlsxwriter

    if frame.height > _XLSX_MAX_ROWS:
        raise ExportError(
            f"An XLSX sheet must have at most {_XLSX_MAX_ROWS:,} rows, however the list has {frame.height:,}. Use "
            "--limit, or --format csv or parquet."
        )
    _refuse_infinite(frame)
    # whole in memory first: xlsxwriter hides why a file could not be written
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("List")
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        styles = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "timestamp": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "float": book.add_format({"num_format": "0.0"}),
            "share": book.add_format({"num_format": "0.000"}),
        }
        for number, column in enumerate(frame.get_columns()):
            sheet.write_string(0, number, column.name, head)
            style = styles.get(_style_name(column))
            for row, value in enumerate(column.to_list(), start=1):
                _write_cell(sheet, row, number, value, style)
            sheet.set_column(number, number, _width(column))
        sheet.freeze_panes(1, 0)
        if frame.width:
            sheet.autofilter(0, 0, frame.height, frame.width - 1)
        page = book.add_worksheet("Notes")
        for row, (key, value) in enumerate(notes.items()):
            page.write_string(row, 0, key, book.add_format({"bold": True}))
            page.write_string(row, 1, value)
        page.set_column(0, 0, 32)
        page.set_column(1, 1, 80)
    file.write(whole.getbuffer())


def _refuse_infinite(frame: pl.DataFrame) -> None:
    for column in frame.select(pl.col(pl.Float32, pl.Float64)).get_columns():
        rows = (~column.is_finite()).fill_null(False).arg_true()
        if len(rows):
            raise ExportError(
                f"A number in an XLSX sheet must be finite, however {len(rows):,} of column '{column.name}' are not "
                f"(first: {column[rows[0]]} in row {rows[0] + 1:,}). Use --format csv or parquet, or leave them out."
            )


def _write_cell(sheet: object, row: int, number: int, value: object, style: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, number, value, style)  # type: ignore[attr-defined]
    elif isinstance(value, (int, float)):
        sheet.write_number(row, number, value, style)  # type: ignore[attr-defined]
    elif isinstance(value, (date, datetime)):
        sheet.write_datetime(row, number, value, style)  # type: ignore[attr-defined]
    else:
        text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        sheet.write_string(row, number, text[:32_767], style)  # type: ignore[attr-defined]


def _style_name(column: pl.Series) -> str:
    if column.dtype == pl.Date:
        return "date"
    if column.dtype == pl.Datetime:
        return "timestamp"
    if column.dtype.is_float():
        return "share" if column.name.startswith("p_") else "float"
    return ""


def _width(column: pl.Series) -> float:
    if column.dtype in (pl.Date, pl.Datetime):
        return 17
    if column.dtype.is_numeric():
        return max(9, len(column.name) + 2)
    longest = column.cast(pl.String, strict=False).str.len_chars().max() or 0
    return min(_XLSX_MAX_WIDTH, max(len(column.name) + 2, int(str(longest)) + 1))
