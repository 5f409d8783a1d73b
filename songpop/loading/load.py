"""The load step: input files into raw tables, each line kept or set aside with its reason."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from songpop import ids, ledger, warehouse
from songpop.console import Advance, Progress, no_progress
from songpop.findings import Finding
from songpop.loading import headers, input_files, kaggle_facts, normalise, read_input, rejects, validation_sql
from songpop.loading.input_files import SourceFile
from songpop.loading.input_schemas import ENTITIES, Entity
from songpop.loading.read_input import Incoming
from songpop.settings import Settings
from songpop.sources import kaggle as kaggle_source

_SCRATCH = "load-"


@dataclass(frozen=True)
class LoadedFile:
    """What one file brought.

    Attributes:
        entity: tracks, artists, albums, releases, observed, watchlist or pins.
        n_rows: kept in the raw table; n_rejected lie in ledger.rejects under the same snapshot_id.
        n_blank_lines: blank lines, which are neither.
        is_new: False where the same content was loaded before; then nothing was added.
    """

    entity: str
    snapshot_id: str
    file_name: str
    n_rows: int
    n_rejected: int
    is_new: bool
    findings: tuple[Finding, ...] = ()
    n_blank_lines: int = 0
    seconds: float = 0.0

    def describe(self) -> str:
        """Return a line of words for a person."""
        if not self.is_new:
            return f"{self.file_name}: already loaded as {self.snapshot_id} ({self.n_rows:,} rows)"
        aside = f", {self.n_rejected:,} set aside" if self.n_rejected else ""
        return f"{self.file_name}: {self.n_rows:,} {self.entity}{aside} as {self.snapshot_id}"


@dataclass(frozen=True)
class LoadResult:
    """What a load brought, file by file, in the order of loading."""

    files: tuple[LoadedFile, ...] = field(default_factory=tuple)

    @property
    def findings(self) -> list[Finding]:
        """Return the findings of all files; they are in ledger.findings already."""
        return [finding for file in self.files for finding in file.findings]


@dataclass(frozen=True)
class _Job:
    """One file's load: the entity, and all that its rows are marked with."""

    entity: Entity
    path: Path
    file_name: str
    run_id: str
    as_of_date: date
    now: datetime
    is_kaggle: bool = False

    @property
    def last_year(self) -> int:
        """Return the last year that a track may be of: releases are announced ahead."""
        return self.as_of_date.year + 1


def load(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    tracks: Path | None = None,
    artists: Path | None = None,
    albums: Path | None = None,
    releases: Path | None = None,
    observed: Path | None = None,
    watchlist: Path | None = None,
    pins: Path | None = None,
    kaggle: bool = False,
    columns: Mapping[str, str] | None = None,
    run_id: str,
    as_of_date: date,
    now: datetime,
    progress: Progress | None = None,
) -> LoadResult:
    """Load input files into the warehouse, each in one transaction; the same content again adds nothing.

    Findings (unknown columns, lines set aside, a Kaggle file that is not the known one) are saved with the
    file's rows, so that a later failure can't lose them.

    Args:
        con: the writer's connection, in no transaction.
        settings: `max_reject_share` bounds how many lines may be unreadable or break a rule.
        tracks, artists, albums, releases, observed, watchlist, pins: files as docs/files.md has them.
        kaggle: also fetch the Kaggle file, or find it in kagglehub's cache, and load it as tracks.
        columns: declared column to header name, set by hand; of several files it is of those that have such a header.
        run_id, as_of_date, now: what the rows are marked with.
        progress: as `console.progress`; None shows nothing.

    Raises:
        SettingsError: `columns` names a column that is not declared.
        SourceError: a file is missing, not what it was passed as, or too much of it is wrong. Nothing of it is
            kept but its rejected lines (the first 1,000 of them), under the snapshot_id that the message names.
        SourceUnavailable: the Kaggle file can't be fetched now.
    """
    given = {
        "tracks": tracks,
        "artists": artists,
        "albums": albums,
        "releases": releases,
        "observed": observed,
        "watchlist": watchlist,
        "pins": pins,
    }
    paths = {name: Path(path) for name, path in given.items() if path is not None}
    by_hand = dict(columns or {})
    headers.check_by_hand(by_hand)
    for path in paths.values():
        input_files.check_path(path)
    mark = {"run_id": run_id, "as_of_date": as_of_date, "now": now}
    jobs = [_Job(ENTITIES[name], path, path.name, **mark) for name, path in paths.items()]  # type: ignore[arg-type]
    if kaggle:
        jobs.insert(0, _kaggle_job(mark))
    if by_hand:
        _refuse_unfound(settings, jobs, by_hand)
    return LoadResult(tuple(_load_file(con, settings, job, by_hand, progress or no_progress) for job in jobs))


def _refuse_unfound(settings: Settings, jobs: list[_Job], by_hand: Mapping[str, str]) -> None:
    """Open every file before the first is loaded: what was said by hand must have its place in one of them."""
    found = {}
    for job in jobs:
        with tempfile.TemporaryDirectory(dir=_clean_scratch(settings), prefix=_SCRATCH) as scratch:
            source = input_files.open_source(job.path, Path(scratch), entity=job.entity, by_hand=by_hand)
        found[job.file_name] = (job.entity, source.header)
    headers.refuse_unfound(by_hand, found)


def _kaggle_job(mark: dict[str, object]) -> _Job:
    path = kaggle_source.fetch_kaggle()
    return _Job(ENTITIES["tracks"], path, kaggle_source.FILE_NAME, **mark, is_kaggle=True)  # type: ignore[arg-type]


def _load_file(
    con: duckdb.DuckDBPyConnection, settings: Settings, job: _Job, by_hand: Mapping[str, str], progress: Progress
) -> LoadedFile:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=_clean_scratch(settings), prefix=_SCRATCH) as scratch:
        with progress(f"Read {job.file_name}", job.path.stat().st_size, unit="bytes") as advance:
            source = input_files.open_source(
                job.path, Path(scratch), entity=job.entity, by_hand=by_hand, advance=advance
            )
        source = _as_read_now(con, job, input_files.understand(source, job.entity, by_hand))
        known = _find_snapshot(con, job, source)
        if known:
            return known
        try:
            with progress(f"Load {job.file_name}", source.n_lines or None, unit="lines") as advance:
                loaded = _load_new(con, settings, job, source, advance)
        finally:
            read_input.drop_tables(con)
    return LoadedFile(**{**vars(loaded), "seconds": time.perf_counter() - started})


def _clean_scratch(settings: Settings) -> Path:
    """Return the folder for unpacked files, without what a load that was killed left in it."""
    folder = settings.warehouse.parent / "spill"
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return folder


def _as_read_now(con: duckdb.DuckDBPyConnection, job: _Job, source: SourceFile) -> SourceFile:
    """Let content that was loaded when its header was not understood yet be another thing to load."""
    rows = con.execute(
        "select unknown_columns from ledger.snapshots where entity = ? and sha256 = ?",
        [job.entity.name, source.sha256],
    ).fetchall()
    if not rows or source.reading is None:
        return source
    taken = {name for name, column in source.reading.taken if column not in source.reading.weak}
    return input_files.read_otherwise(source, "understood") if taken.intersection(rows[0][0] or ()) else source


def _find_snapshot(con: duckdb.DuckDBPyConnection, job: _Job, source: SourceFile) -> LoadedFile | None:
    """Return what was loaded from the same content before, and note in the ledger that a run asked for it."""
    rows = con.execute(
        "select snapshot_id, n_rows, n_rejected from ledger.snapshots where entity = ? and sha256 = ?",
        [job.entity.name, source.sha256],
    ).fetchall()
    if not rows:
        return None
    snapshot_id, n_rows, n_rejected = rows[0]
    _save_load(con, job, snapshot_id, is_new=False)
    return LoadedFile(job.entity.name, snapshot_id, job.file_name, n_rows, n_rejected, is_new=False)


def _load_new(
    con: duckdb.DuckDBPyConnection, settings: Settings, job: _Job, source: SourceFile, advance: Advance
) -> LoadedFile:
    snapshot_id = ids.make_snapshot_id(job.entity.name, job.as_of_date, source.sha256)
    may_fail = rejects.most_allowed(source.n_lines, settings.max_reject_share)
    # past this many unreadable lines the load fails anyway; some more are read to be shown
    read = read_input.read_file(con, source, most_unreadable=max(may_fail, rejects.MOST_SAVED), advance=advance)
    read, changes = normalise.normalise(con, read, job.entity, last_year=job.last_year)
    if job.entity.is_id_made:
        read = read_input.make_track_ids(con, read)
    rejects.set_aside_broken(con, read, job.entity, source, last_year=job.last_year)
    rejects.set_aside_repeated(con, read, job.entity, source)
    rejects.check_share(con, read, job.entity, source, snapshot_id, settings.max_reject_share)
    with warehouse.transaction(con):
        n_rows = save_rows(con, read, job.entity, snapshot_id)
        n_rejected = rejects.save_rejects(con, snapshot_id, job.file_name)
        unknown = validation_sql.unknown_columns(read.columns, job.entity)
        _save_snapshot(con, job, snapshot_id, source.sha256, n_rows, n_rejected, unknown)
        _save_load(con, job, snapshot_id, is_new=True)
        findings = _find_readings(job, source, read, snapshot_id) + _find(con, job, snapshot_id, unknown, read)
        findings += changes.findings(job.file_name, job.entity.table)
        ledger.save_findings(con, job.run_id, findings, now=job.now)
    return LoadedFile(
        job.entity.name,
        snapshot_id,
        job.file_name,
        n_rows,
        n_rejected,
        is_new=True,
        findings=tuple(findings),
        n_blank_lines=read.n_blank_lines,
    )


def _save_snapshot(
    con: duckdb.DuckDBPyConnection,
    job: _Job,
    snapshot_id: str,
    sha256: str,
    n_rows: int,
    n_rejected: int,
    unknown: list[str],
) -> None:
    con.execute(
        "insert into ledger.snapshots (snapshot_id, entity, file_name, sha256, run_id, n_rows, n_rejected, "
        "unknown_columns, snapshot_date, loaded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            snapshot_id,
            job.entity.name,
            job.file_name,
            sha256,
            job.run_id,
            n_rows,
            n_rejected,
            unknown,
            job.as_of_date,
            job.now,
        ],
    )


def _find_readings(job: _Job, source: SourceFile, read: Incoming, snapshot_id: str) -> list[Finding]:
    """Return a note on the form of a file, and one on the names of its columns, where they are not plain."""
    notes = {
        "file_forms_are_read_as_meant": input_files.describe_form(source),
        "headers_are_read_as_meant": input_files.describe_names(source, read.doubted),
    }
    return [
        Finding(name, "note", message, table_name=job.entity.table, example_keys=(snapshot_id,))
        for name, message in notes.items()
        if message
    ]


def _find(
    con: duckdb.DuckDBPyConnection, job: _Job, snapshot_id: str, unknown: list[str], read: Incoming
) -> list[Finding]:
    findings = _find_unknown(job, snapshot_id, unknown, read)
    findings += rejects.find_rejects(con, job.entity, job.file_name, snapshot_id)
    if job.is_kaggle:
        findings += kaggle_facts.check_kaggle_sha256(con, snapshot_id)
        findings += kaggle_facts.check_kaggle_tracks(con, snapshot_id)
    return findings


def save_rows(con: duckdb.DuckDBPyConnection, read: Incoming, entity: Entity, snapshot_id: str) -> int:
    """Append the rows of a file that were not set aside to its raw table, typed; return how many they are."""
    names = ", ".join(f'"{name}"' for name in entity.names)
    values = ", ".join(validation_sql.typed(column, read.columns.get(column.name)) for column in entity.columns)
    con.execute(
        f"insert into {entity.table} (snapshot_id, line, {names}, extras, as_written) "
        f"select ?, {read.line}, {values}, {validation_sql.extras(read.columns, entity)}, "
        f"{read.as_written or 'cast(null as varchar)'} from incoming "
        f"where {read.line} not in (select line from set_aside)",
        [snapshot_id],
    )
    if entity.name == "observed":
        con.execute(
            "insert into ledger.popularity_observations by name select snapshot_id, track_id, popularity, "
            "observed_at from raw.files__observed where snapshot_id = ?",
            [snapshot_id],
        )
    counted = con.execute(f"select count(*) from {entity.table} where snapshot_id = ?", [snapshot_id])
    return int(counted.fetchall()[0][0])


def _save_load(con: duckdb.DuckDBPyConnection, job: _Job, snapshot_id: str, *, is_new: bool) -> None:
    con.execute(
        "insert into ledger.loads select $run_id, $snapshot_id, $entity, $is_new, $now where not exists "
        "(from ledger.loads where run_id = $run_id and snapshot_id = $snapshot_id)",
        {
            "run_id": job.run_id,
            "snapshot_id": snapshot_id,
            "entity": job.entity.name,
            "is_new": is_new,
            "now": job.now,
        },
    )


def _find_unknown(job: _Job, snapshot_id: str, unknown: list[str], read: Incoming) -> list[Finding]:
    """Tell of columns that are used for nothing; of those that no model would use in no more than a note."""
    if not unknown:
        return []
    named = headers.describe_unknown(unknown, read.columns, job.entity)
    return [
        Finding(
            "columns_are_known",
            "note" if all(headers.is_unused(name, job.entity) for name in unknown) else "warning",
            f"The columns of {job.entity.name} files are declared, however {job.file_name} also has {named}. They are "
            f"kept aside in {job.entity.table}.extras and used for nothing; --columns NAME=HEADER says which column "
            "one is.",
            table_name=job.entity.table,
            n_rows=len(unknown),
            example_keys=(snapshot_id,),
        )
    ]
