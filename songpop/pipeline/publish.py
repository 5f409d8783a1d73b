"""The step that swaps in the readers' file."""

from pathlib import Path

from songpop import swapped_files, warehouse
from songpop.errors import ExpectationFailed
from songpop.findings import Finding, is_degrading
from songpop.run import Run


def publish(run: Run) -> Path:
    """Swap in the readers' file.

    The run's own row is closed in the copy, so that readers see the night that they read as finished.

    Raises:
        ExpectationFailed: a new release has no score, so the ranked list would be a part of itself.
        WarehouseError: readers could not open the new file; they keep the one before.
    """
    if (wal := swapped_files.wal_of(run.settings.published)).exists():
        run.save_findings([_written_to(wal)])
    status = "degraded" if is_degrading(run.findings) else "done"
    with run.warehouse() as con:
        run.build(con)
        n_releases, n_ranked = con.execute(
            "select (select count(*) from marts.releases), (select count(*) from marts.ranked_releases)"
        ).fetchall()[0]
        if n_ranked != n_releases:
            raise ExpectationFailed(
                f"Every new release must have a score before readers see the list, however {n_releases - n_ranked:,} "
                f"of {n_releases:,} have none. Run `songpop score` first."
            )
        warehouse.publish(con, run.settings.published, close_run=(run.run_id, status, run.clock()))
    return run.settings.published


def _written_to(wal: Path) -> Finding:
    return Finding(
        "the_published_file_is_only_read",
        "note",
        f"The readers' file must be opened read-only, however {wal.name} lay beside it: somebody wrote into it, or was "
        "ended while it was open for writing. It is put away with the old file; what was written there is in no other.",
    )
