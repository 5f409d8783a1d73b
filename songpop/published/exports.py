"""Ranked lists, from the readers' file to CSV, Parquet, XLSX or JSON."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import duckdb
import polars as pl

from songpop import adjustments, queries, resources, synthetic, warehouse
from songpop.errors import ExportError, WarehouseError
from songpop.published import left_out, list_definition, sandboxed_sql, xlsx
from songpop.published.left_out import LeftOut
from songpop.published.list_definition import LISTS as LISTS
from songpop.published.list_definition import Filters as Filters
from songpop.published.list_definition import ListDefinition
from songpop.settings import Settings

Format = Literal["csv", "parquet", "xlsx", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
_SHOWN_RUNS = 5
_SHOWN_GENRES = 5


@dataclass(frozen=True)
class ListResult:
    """A list as it was requested.

    Attributes:
        frame: its rows.
        unmatched: names of the watchlist and the blocklist that no artist of the list has.
        changed_since: the run that it was compared with.
        left_out: what of the rows that fit is not there; None where that can't be told, of a `.sql` file.
        remarks: what to know of all its scores: that they can't be trusted, or are recalibrated.
    """

    frame: pl.DataFrame
    unmatched: tuple[str, ...] = ()
    changed_since: str | None = None
    left_out: LeftOut | None = None
    remarks: tuple[str, ...] = ()


def read_list(settings: Settings, name: str, filters: Filters | None = None) -> pl.DataFrame:
    """Read a ranked list from the readers' file, with all columns and in its own order; as `read_defined`."""
    return read_defined(settings, ListDefinition(name, filters or Filters())).frame


def read_defined(settings: Settings, wanted: ListDefinition) -> ListResult:
    """Read a ranked list from the readers' file as somebody wants it.

    A `.sql` file holds one select; in it `$genre` and the other filters may be used, and a filter that it does not
    use is refused, but `limit`, which then cuts its rows.

    Raises:
        ExportError: there is no such list, file, column or run, or it can't be run.
        WarehouseError: nothing was published yet.
    """
    if wanted.name not in LISTS:
        frame, label = _read_own(settings, wanted), wanted.name
        run_id, missing = None, None
    else:
        label = f"The list {wanted.name}"
        frame, run_id, missing = _read_named(settings, wanted, label)
    try:
        frame, unmatched = list_definition.choose(frame, wanted, label)
    except pl.exceptions.PolarsError as error:
        raise ExportError(f"{label} must have columns that can be sorted, however: {error}.") from error
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        remarks = adjustments.read_adjustment(con).remarks
    return ListResult(frame, unmatched, run_id, missing, tuple(remarks))


def _read_named(settings: Settings, wanted: ListDefinition, label: str) -> tuple[pl.DataFrame, str | None, LeftOut]:
    values = vars(replace(wanted.filters, limit=None))
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        try:
            # of a mart that is there, but of another version, the list would lack columns
            con.execute(
                "select rank_change, score_change, place, evidence, is_date_assumed from marts.ranked_releases limit 0"
            )
            query, run_id = wanted.name, None
            if wanted.changed_since is not None:
                if wanted.name != "releases":
                    raise ExportError(f"{label} can't be compared with an earlier run; only the list releases can.")
                query, run_id = "changes", find_run(con, wanted.changed_since)
            values |= {"changed_since": run_id}
            frame = queries.read_frame(con, "exports", query, **values)
            return frame, run_id, _count_left_out(con, query, values, wanted, frame)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseError(
                f"{settings.published} must hold the marts of this version, however it does not. Run `songpop nightly`."
            ) from error


def _count_left_out(
    con: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object],
    wanted: ListDefinition,
    shown: pl.DataFrame,
) -> LeftOut:
    """Count what a list leaves out of the artists that are watched and not blocked."""
    sql = resources.sql_path("exports", query).read_text()
    by_artist = replace(wanted, filters=Filters(), columns=(), sort=())

    def count_of(frame: pl.DataFrame) -> int:
        return list_definition.choose(frame, by_artist, wanted.name)[0].height

    def count_rows(evidence: str, versions: bool) -> int:
        used = queries.used_parameters(sql, {**values, "evidence": evidence, "versions": versions})
        return count_of(con.execute(f"select {list_definition.ARTIST} from ({sql}\n)", used).pl())

    filters = wanted.filters
    n_shown = count_of(shown)
    return left_out.count(count_rows, n_shown, evidence=filters.evidence, versions=filters.versions)


def _read_own(settings: Settings, wanted: ListDefinition) -> pl.DataFrame:
    path = Path(wanted.name)
    if path.suffix != ".sql":
        raise ExportError(f"A list must be one of {', '.join(LISTS)} or a .sql file, however it is {wanted.name!r}.")
    if wanted.changed_since is not None:
        raise ExportError(f"{path} can't be compared with an earlier run; only the list releases can.")
    query = sandboxed_sql.read_statement(path)
    unused = [key for key in wanted.filters.chosen if f"${key}" not in query and key != "limit"]
    if unused:
        raise ExportError(
            f"{path} must use ${unused[0]} to be filtered by it, however it does not. Add it to the query, or leave "
            "the option out."
        )
    values = queries.used_parameters(query, vars(wanted.filters))
    return sandboxed_sql.run_query(settings, query, values, label=str(path))


def find_run(con: duckdb.DuckDBPyConnection, requested: str) -> str:
    """Find the run that an earlier list is of: by its id, or the last one that spoke for a day or one before it.

    Raises:
        ExportError: no run that scored has that id, or none is as early.
    """
    try:
        day: date | None = date.fromisoformat(requested)
    except ValueError:
        day = None
    found = queries.read_rows(con, "lookups", "scored_run", run_id=requested, day=day)
    if found:
        return str(found[0]["run_id"])
    runs = queries.read_rows(con, "lookups", "newest_scored_runs", limit=_SHOWN_RUNS)
    shown = ", ".join(f"{run['run_id']} (of {run['as_of_date']})" for run in runs)
    seen = f"none is of {day} or before" if day else f"none is called '{requested}'"
    raise ExportError(
        "A list must be compared with a run that scored, by its run_id or a day (YYYY-MM-DD), however "
        f"{seen}. {f'The newest are {shown}.' if runs else 'There is none yet.'}"
    )


def explain_empty(settings: Settings, wanted: ListDefinition) -> str:
    """Say why a list has no rows: its filters, and of an unknown genre the ones that are near."""
    genre = wanted.filters.genre
    if genre is not None and wanted.name in LISTS:
        known = read_list(settings, wanted.name, Filters(evidence=left_out.EVIDENCE[-1])).get_column(
            "genre", default=pl.Series([], dtype=pl.String)
        )
        genres = sorted(set(known.drop_nulls()))
        if genres and genre.lower() not in {name.lower() for name in genres}:
            near = difflib.get_close_matches(genre.lower(), genres, _SHOWN_GENRES) or genres[:_SHOWN_GENRES]
            return f"No release of this list has the genre '{genre}'; there are {', '.join(near)} (of {len(genres)})."
    chosen = ", ".join(f"{key} {value}" for key, value in wanted.filters.chosen.items())
    return f"The list has no rows{f' with {chosen}' if chosen else ''}."


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


def list_notes(
    settings: Settings, name: str, filters: Filters | None = None, missing: LeftOut | None = None
) -> dict[str, str]:
    """Return what a reader of the list should know; as `notes_of`."""
    return notes_of(settings, ListDefinition(name, filters or Filters()), missing)


def notes_of(settings: Settings, wanted: ListDefinition, missing: LeftOut | None = None) -> dict[str, str]:
    """Return what a reader of the list should know: model, day, coverage, how it was chosen, and what is left out."""
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        facts = queries.read_rows(con, "lookups", "list_facts")[0]
        data = {"Data": synthetic.MADE_UP} if synthetic.is_synthetic(con) else {}
        if remarks := adjustments.read_adjustment(con).remarks:
            data["Trust"] = " ".join(remarks)
    n = facts["n_releases"]
    covered = facts["coverage_90"]
    notes = {
        "List": wanted.name,
        **data,
        "As of": str(facts["as_of_date"] or ""),
        "Model version": facts["model_version"] or "none",
        "Run": facts["run_id"] or "none",
        "Scored new releases": f"{n:,}",
        "with a known artist popularity": _of(facts["n_with_artist_popularity"], n),
        "with an audio analysis": _of(facts["n_with_audio_features"], n),
        "with a genre": _of(facts["n_with_genre"], n),
        "with the as-of date for want of one": _of(facts["n_with_assumed_date"], n),
        "90 % intervals held": f"{100 * covered:.1f} % of {facts['n_judged']:,} later tracks" if covered else "unknown",
        "Filters": ", ".join(f"{key} {value}" for key, value in wanted.filters.chosen.items()) or "none",
    }
    if missing:
        notes["Left out"] = " ".join(missing.describe(wanted.name)) or "nothing that fits"
    if wanted.sort:
        notes["Sorted by"] = ", ".join(
            f"{key.removeprefix('-')}{' descending' * key.startswith('-')}" for key in wanted.sort
        )
    for title, names in (("Only these artists", wanted.watchlist), ("None of these artists", wanted.blocklist)):
        if names:
            notes[title] = ", ".join(names)
    if wanted.changed_since:
        notes["Only what changed since"] = wanted.changed_since
    return notes | {
        "evidence": "how much a score rests on; of little, it is near what any release gets",
        "score": "predicted popularity 0-100; score_low and score_high bound 90 % of outcomes",
        "score_mean": "what to sum and average: the score leans to the median",
        "drivers": "what moved the score against the training reference: association, not cause",
        "contribution_…": "the same by groups of features, in points: reference_score and they add up to score",
    }


def _of(n: int, total: int) -> str:
    return f"{n:,}" + (f" ({100 * n / total:.0f} %)" if total else "")


def column_meanings() -> dict[str, str]:
    """Return what each column of a mart means, by its name."""
    return tomllib.loads(resources.glossary_path().read_text())


def plain_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn decimals, which DuckDB's sums are, into whole numbers where they are and fit, and else into fractions."""
    return frame.with_columns(
        _whole(column) if isinstance(column.dtype, pl.Decimal) and column.dtype.scale == 0 else column.cast(pl.Float64)
        for column in frame.get_columns()
        if isinstance(column.dtype, pl.Decimal)
    )


def _whole(column: pl.Series) -> pl.Series:
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else column.cast(pl.Float64)


def _for_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Write timestamps as the JSON API does; DuckDB's have no zone and are UTC."""
    return plain_numbers(frame).with_columns(
        _iso_moment(pl.col(name).dt.convert_time_zone("UTC") if dtype.time_zone else pl.col(name))
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )


def _iso_moment(column: pl.Expr) -> pl.Expr:
    second = "%Y-%m-%dT%H:%M:%S"
    is_whole = column.dt.microsecond() == 0
    return pl.when(is_whole).then(column.dt.strftime(f"{second}Z")).otherwise(column.dt.strftime(f"{second}%.6fZ"))


def _write(frame: pl.DataFrame, file: BinaryIO, file_format: str, notes: Mapping[str, str]) -> None:
    if file_format not in FORMATS:
        raise ExportError(f"The format must be one of {', '.join(FORMATS)}, however it is {file_format!r}.")
    try:
        if file_format == "csv":
            frame.with_columns(pl.col(pl.List(pl.String)).list.join("; ")).write_csv(file)
        elif file_format == "parquet":
            frame.write_parquet(file)
        elif file_format == "json":
            file.write(_for_json(frame).write_json().encode() + b"\n")
        else:
            xlsx.write_workbook(frame, file, notes, column_meanings())
    except pl.exceptions.PolarsError as error:
        raise ExportError(f"The list must fit into {file_format}, however: {error}. Try --format json.") from error
