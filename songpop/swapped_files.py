"""A DuckDB file that is replaced whole: copied beside the old one, looked at as a reader would, and swapped in."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb

from songpop.errors import WarehouseError


def wal_of(path: Path) -> Path:
    """Return where DuckDB logs what was written to a file and is not taken into it yet."""
    return path.with_name(f"{path.name}.wal")


def copy_beside(
    con: duckdb.DuckDBPyConnection,
    target: Path,
    *,
    storage_version: str,
    close_run: tuple[str, str, datetime] | None = None,
) -> Path:
    """Copy a database into a new file beside `target`, whole and on the disk; return its path.

    Args:
        con: a connection to the database.
        target: the file that the copy is to replace.
        storage_version: of DuckDB's format.
        close_run: run_id, status and moment with which the copy shows that run as finished.

    Raises:
        WarehouseError: no file can be written there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*.tmp*"):
        leftover.unlink()
    fresh = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    source = con.execute("select current_database()").fetchall()[0][0]
    try:
        con.execute(f"attach '{_quoted(fresh)}' as fresh (storage_version '{storage_version}')")
    except duckdb.IOException as error:
        raise WarehouseError(
            f"A new {target.name} must be written beside the one of the readers, into {target.parent}, however DuckDB "
            f"said: {first_line(error)}. Readers keep the one before; make that folder writable and run `songpop "
            "publish`."
        ) from error
    try:
        con.execute(f'copy from database "{source}" to fresh')
        if close_run:
            run_id, status, now = close_run
            con.execute(
                "update fresh.ledger.runs set status = ?, finished_at = ? where run_id = ?",
                [status, now, run_id],
            )
    except BaseException:
        con.execute("detach fresh")
        fresh.unlink(missing_ok=True)
        raise
    con.execute("detach fresh")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    return fresh


def swap(fresh: Path, target: Path) -> None:
    """Put a file into the place of another, at once and on the disk."""
    fresh.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def swap_for_readers(fresh: Path, target: Path) -> None:
    """Swap a new file in, and make sure that readers can open it; where they can't, the old one stays.

    A log of writing beside the old file is put away first: DuckDB would take it for the new one's.

    Raises:
        WarehouseError: the new file can't be read.
    """
    old, old_wal = (target.with_name(f".{target.name}.{os.getpid()}.{name}.tmp") for name in ("old", "old-wal"))
    try:
        _read_once(fresh, target)
        # a disk without links has no old file to go back to; the new one was read a moment ago
        with suppress(OSError):
            os.link(target, old)
        with suppress(FileNotFoundError):
            wal_of(target).replace(old_wal)
        swap(fresh, target)
        try:
            _read_once(target, target)
        except WarehouseError:
            if old.exists():
                swap(old, target)
            raise
    finally:
        for leftover in (fresh, old, old_wal):
            leftover.unlink(missing_ok=True)


def _read_once(path: Path, target: Path) -> None:
    """Open a file as a reader would, from a database in memory: by its path this process may have the old one open.

    Raises:
        WarehouseError: it can't be opened, or holds no runs.
    """
    try:
        with duckdb.connect() as con:
            con.execute(f"attach '{_quoted(path)}' as looked_at (read_only)")
            con.execute("select count(*) from looked_at.ledger.runs").fetchall()
    except duckdb.Error as error:
        raise WarehouseError(
            f"A new {target.name} must be one that readers can open, however DuckDB said: {first_line(error)}. "
            "Readers keep the one before."
        ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
