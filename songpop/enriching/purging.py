"""Forget what a service told: what has expired, or all of it."""

from datetime import datetime

import duckdb

from songpop.declared_sources import SERVICES, SPOTIFY, DeclaredSource
from songpop.errors import SettingsError


def forget_expired(con: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """Delete the answers of all services that have expired; return how many rows that were."""
    return sum(_delete(con, table, "expires_at <= ?", now) for table in _tables(*SERVICES))


def forget(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, int]:
    """Delete every answer of one service, and the mappings and misses that came of it.

    Scores stay: they are ours, and name a track by its id alone.

    Returns:
        Rows deleted, by table.

    Raises:
        SettingsError: there is no such service.
    """
    known = {service.name: service for service in SERVICES}
    if source not in known:
        raise SettingsError(f"--source must be one of {', '.join(known)}, however it is {source!r}.")
    counts = {f"raw.{table}": _delete(con, table, "true") for table in _tables(known[source])}
    for table, column in (("unanswered", "service"), ("scale_mappings", "source")):
        # a mapping to our scale may have been learned from Spotify's popularity
        also = " or quantity = 'artist_popularity'" if (table, source) == ("scale_mappings", SPOTIFY.name) else ""
        rows = con.execute(f"delete from ledger.{table} where {column} = ?{also} returning 1", [source]).fetchall()
        counts[f"ledger.{table}"] = len(rows)
    con.execute("checkpoint")
    return counts


def _tables(*sources: DeclaredSource) -> list[str]:
    """Return the raw tables that keep what services told."""
    return sorted(table for source in sources for table in source.tables.values())


def _delete(con: duckdb.DuckDBPyConnection, table: str, condition: str, *values: object) -> int:
    (n_rows,) = con.execute(f"select count(*) from raw.{table} where {condition}", list(values)).fetchall()[0]
    if n_rows:
        con.execute(f"delete from raw.{table} where {condition}", list(values))
    return int(n_rows)
