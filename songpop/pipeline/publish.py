"""The step that swaps in the readers' file."""

from pathlib import Path

from songpop import warehouse
from songpop.errors import ExpectationFailed
from songpop.findings import is_degrading
from songpop.run import Run


def publish(run: Run) -> Path:
    """Swap in the readers' file.

    The run's own row is closed in the copy, so that readers see the night that they read as finished.

    Raises:
        ExpectationFailed: a new release has no score, so the ranked list would be a part of itself.
    """
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
