"""A warehouse with a few tracks in it, and one run of enrichment over it."""

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
from filled_once import fill_once

from songpop import enriching, warehouse
from songpop.console import no_progress
from songpop.enriching import EnrichResult
from songpop.enriching.call_log import CallLog
from songpop.settings import Settings
from songpop.sources.rate_limited_caller import Capability, RunClock
from songpop.sources.registry import Sources
from songpop.sources.spotify.access_tier import PROBED
from songpop.sources.spotify.client import SpotifySource

AS_OF = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 3, 15)


def track_id(number: int) -> str:
    """Return an id of Spotify's form."""
    return f"{number:022d}"


def load_tracks(con: duckdb.DuckDBPyConnection, *tracks: tuple[int, str, int]) -> None:
    """Put tracks (number, artist, popularity) where a tracks file would."""
    rows = [
        {"track_id": track_id(number), "track_name": f"Song {number}", "artist_name": name, "popularity": popularity}
        for number, name, popularity in tracks
    ]
    load_rows(con, "tracks", rows)
    build(con)


def load_rows(con: duckdb.DuckDBPyConnection, entity: str, rows: list[dict[str, Any]], *, now: datetime = NOW) -> None:
    """Put rows where a file of an entity would."""
    (n_before,) = con.execute("select count(*) from ledger.snapshots").fetchall()[0]
    snapshot_id = f"{entity}-{n_before + 1:02}"
    con.execute(
        "insert into ledger.snapshots values (?, ?, ?, 'sha', 'run', ?, 0, [], ?, ?)",
        [snapshot_id, entity, f"{entity}.csv", len(rows), AS_OF, now],
    )
    con.execute("insert into ledger.loads values ('run', ?, ?, true, ?)", [snapshot_id, entity, now])
    for line, row in enumerate(rows, start=2):
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        con.execute(
            f"insert into raw.files__{entity} (snapshot_id, line, {names}) values (?, ?, {marks})",
            [snapshot_id, line, *row.values()],
        )


def build(con: duckdb.DuckDBPyConnection, *, as_of_date: date = AS_OF) -> None:
    """Build staging and marts."""
    warehouse.build(con, as_of_date=as_of_date, new_release_days=28)


def know_everything(con: duckdb.DuckDBPyConnection, now: datetime = NOW) -> None:
    """Let an earlier run have found that the key is an approved organisation's, so that nothing is probed."""
    log = CallLog(con, "earlier-run")
    for name in (*PROBED, "artists"):
        log.note_capability("Spotify", name, Capability(True, "", now - timedelta(days=1)))


def fill_home(con: duckdb.DuckDBPyConnection) -> None:
    """Put one artist into an empty warehouse, and a key that is known to be an approved organisation's."""
    fill_once(con, _fill_home)


def _fill_home(con: duckdb.DuckDBPyConnection) -> None:
    know_everything(con)
    load_tracks(con, (1, "One", 90))


def enrich(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    sources: Sources | SpotifySource | None = None,
    *,
    now: datetime = NOW,
    run_id: str | None = None,
    clock: RunClock | None = None,
    progress: Any = no_progress,
) -> EnrichResult:
    """Run enrichment once."""
    return enriching.enrich(
        con,
        settings,
        as_of_date=AS_OF,
        run_id=run_id or f"run-{now}",
        now=now,
        sources=Sources(sources) if isinstance(sources, SpotifySource) else sources,
        clock=clock,
        progress=progress,
    )


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return con.execute(query).fetchall()
