"""The step that asks the services, and the one that forgets what they told."""

from typing import TYPE_CHECKING

from songpop import console, warehouse
from songpop.run import Run

if TYPE_CHECKING:
    from songpop.enriching import EnrichResult
    from songpop.sources.registry import Sources


def enrich(run: Run, sources: "Sources | None" = None) -> "EnrichResult":
    """Ask the configured services for what the files did not tell; the marts are built anew with it."""
    from songpop import enriching

    with run.warehouse() as con:
        result = enriching.enrich(
            con,
            run.settings,
            as_of_date=run.as_of_date,
            run_id=run.run_id,
            now=run.clock(),
            sources=sources,
            progress=console.progress,
        )
    run.save_findings(result.findings)
    return result


def purge(run: Run, source: str) -> dict[str, int]:
    """Forget what a service told, build the marts without it, and publish anew where something was published.

    Both files are written whole again, so that no deleted row is left in a free block of theirs.

    Returns:
        Rows deleted, by table.
    """
    from songpop.enriching import purging

    with run.warehouse() as con:
        counts = purging.forget(con, source)
        run.build(con)
        if run.settings.published.is_file():
            warehouse.publish(con, run.settings.published)
    warehouse.rewrite(run.settings)
    return counts
