"""What was found: by the last run, by any run that readers' file knows, or the newest of each kind."""

from typing import Any

from songpop import ledger
from songpop.reporting.findings_list import FindingFilters, choose
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest

_MOST = 200
_SHOWN_RUNS = 12


def read_page(reader: PublishedReader, run_id: str, *, by_kind: bool) -> dict[str, Any]:
    """Read what the page shows.

    Args:
        reader: of the readers' file, and of how the last run ended, which that file need not know.
        run_id: of one run; empty for the last one.
        by_kind: the newest finding of each kind instead.

    Raises:
        BadRequest: the run found nothing, or there is none.
    """
    last = reader.last_run()
    rows = reader.kept("findings", lambda: _read(reader))
    if by_kind:
        shown = choose([*map(dict, last.findings), *rows], FindingFilters(by_kind=True, limit=_MOST))
    elif run_id:
        shown = choose(rows, FindingFilters(run_id=run_id, limit=_MOST))
        if not shown:
            raise BadRequest(f"A run must have found something to be shown, however '{run_id[:80]}' did not.", 404)
    else:
        shown = [dict(row) for row in last.findings]
    return {
        "shown": [row for row in shown if row["severity"] != "note"],
        "notes": [row for row in shown if row["severity"] == "note"],
        "last": last.facts,
        "run_id": run_id,
        "by_kind": by_kind,
        "runs": list(dict.fromkeys(row["run_id"] for row in rows))[:_SHOWN_RUNS],
    }


def _read(reader: PublishedReader) -> list[dict[str, Any]]:
    with reader.reading() as con:
        return ledger.read_findings(con)
