"""The step that runs the checks, and acts where a critical one does not hold."""

from typing import TYPE_CHECKING, Literal

import duckdb

from songpop import console, queries
from songpop.errors import ExpectationFailed
from songpop.pipeline import promote
from songpop.run import Run

if TYPE_CHECKING:
    from songpop.checking.run_checks import CheckResult

Phase = Literal["inputs", "scores", "all"]


# a critical finding about one of these speaks against a file, about any other against the scores
_MADE_OF_FILES = (
    "staging.files__",
    "marts.snapshots",
    "marts.unchecked_files",
    "marts.release_candidates",
    "marts.album_ids",
    "marts.album_sizes",
    "marts.tracks",
    "marts.artist",
    "marts.known_artists",
    "marts.genre_keys",
    "marts.releases",
)


def check(run: Run, phase: Phase = "all") -> "CheckResult":
    """Run the suites and SQL checks, and keep their findings.

    Where a critical one does not hold, files that no check has passed yet are withdrawn, and a model that this run
    promoted is rolled back, so that the next run does not meet the same trouble.

    Raises:
        ExpectationFailed: a critical one did not hold.
    """
    from songpop.checking import run_checks

    result = run_checks.check(
        run.settings,
        run_id=run.run_id,
        now=run.clock(),
        as_of_date=run.as_of_date,
        phase=phase,
        progress=console.progress,
    )
    run.save_findings(result.findings)
    try:
        run_checks.raise_if_critical(result.findings)
    except ExpectationFailed as failure:
        is_about_files = any(
            finding.severity == "critical" and (finding.table_name or "").startswith(_MADE_OF_FILES)
            for finding in result.findings
        )
        with run.warehouse() as con:
            if is_about_files:
                _withdraw(con, run, str(failure))
            else:
                promote.roll_back(con, run, str(failure))
        raise
    return result


def _withdraw(con: duckdb.DuckDBPyConnection, run: Run, reason: str) -> None:
    """Withdraw the snapshots that no run has checked with success; loading such a file again counts it again."""
    unchecked = [row["snapshot_id"] for row in queries.read_rows(con, "lookups", "unchecked_snapshots")]
    if not unchecked:
        return
    con.executemany(
        "insert into ledger.withdrawals values (?, ?, ?, ?)",
        [[snapshot_id, run.run_id, reason, run.clock()] for snapshot_id in unchecked],
    )
    run.build(con)
    names = ", ".join(unchecked)
    console.say(f"Withdrawn, so that the next run goes on without: {names}. Mend the file and load it again.")
