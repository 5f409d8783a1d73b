"""Answers of services on their way into raw, committed every few seconds."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from songpop import resources, synthetic
from songpop.console import Advance
from songpop.declared_sources import BY_NAME, DeclaredSource
from songpop.enriching.call_log import CallLog
from songpop.errors import SourceStopped
from songpop.sources.rate_limited_caller import RunClock

Row = dict[str, Any]

_COMMIT_ROWS = 50  # a kill loses at most about so many answers,
_COMMIT_SECONDS = 5.0  # or those of so long
_COLUMN_TYPES = {"genres": pl.List(pl.String), "artist_mbids": pl.List(pl.String)}


class Store:
    """The rows of one run.

    Attributes:
        log: calls, circuits, and what had no answer.
        n_saved: rows by table.
        match_states: artist names by how they were matched, by table.
        n_missing: tracks that a service has no features of, by table.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, run_id: str, clock: RunClock, as_of: datetime) -> None:
        """Store for one run.

        Args:
            con: the writer's connection, in no transaction.
            run_id: stamped on each row.
            clock: tells when answers are due to be committed.
            as_of: stamped on each row as `fetched_at`.
        """
        self.log = CallLog(con, run_id)
        self.n_saved: Counter[str] = Counter()
        self.n_missing: Counter[str] = Counter()
        self.match_states: dict[str, Counter[str]] = {}
        self._con = con
        self._clock = clock
        self._now = as_of
        self._run_id = run_id

    def read(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of one query of sql/enrich."""
        query = resources.sql_path("enrich", name).read_text()
        if "$now" in query:
            parameters["now"] = self._now
        return self._con.execute(query, parameters or None).fetchall()

    def is_synthetic(self) -> bool:
        """Say whether the tracks are a synthetic sample's, which no service but its own knows."""
        return bool(self.read("synthetic_snapshots", prefix=synthetic.PREFIX))

    def known_albums(self) -> set[str]:
        """Return the albums that need not be asked for: their tracks are here, or they were missed lately."""
        return {album_id for (album_id,) in self.read("known_albums")}

    def count_cached(self, table: str, key: str) -> int:
        """Count the things, by their column, of which a raw table has an unexpired answer of an earlier run."""
        return int(self.read("answers_from_cache", answers=f"staging.{table}", key=key)[0][0])

    def has_comparison(self, source: str) -> bool:
        """Say whether a source's scale was held against ours within the life of an answer."""
        since = self._now - timedelta(days=BY_NAME[source].keep_days)
        query = "select count(*) from ledger.scale_mappings where source = ? and fitted_at > ?"
        return bool(self._con.execute(query, [source, since]).fetchall()[0][0])

    def note_looked_up(self, kind: str, key: str) -> None:
        """Keep that a watched artist or a lead was looked through, so that the next run goes on with others."""
        self._con.execute(
            "insert or replace into ledger.looked_up values (?, ?, ?, ?)",
            [self._run_id, kind, key, self._clock.now()],
        )

    def save_as_they_come(
        self,
        table: str,
        rows: Iterable[Row],
        advance: Advance,
        *,
        note: Callable[[], str],
        is_counted: bool = True,
    ) -> None:
        """Append rows to a raw table, a few at a time, until there are no more or the service stops.

        A row whose `state` is missing goes to `ledger.unanswered` instead, under the table's service.

        Args:
            table: of the schema raw; its name begins with the service's.
            rows: plain rows of it.
            advance: told of each row.
            note: what to show beside the bar.
            is_counted: whether the rows are what the run was asked for.
        """
        batch: list[Row] = []
        saved_at = self._clock.seconds()
        try:
            for row in rows:
                is_due = len(batch) >= _COMMIT_ROWS or self._clock.seconds() - saved_at >= _COMMIT_SECONDS
                if batch and is_due and not _is_same_album(row, batch[-1]):
                    self._save(table, batch, is_counted)
                    batch, saved_at = [], self._clock.seconds()
                batch.append(row)
                advance(1, note())
        except SourceStopped:
            pass  # the reason stands in the caller's stops, and becomes a finding
        except BaseException:
            batch = [row for row in batch if not _is_same_album(row, batch[-1])]
            raise
        finally:
            self._save(table, batch, is_counted)

    def _save(self, table: str, rows: Sequence[Row], is_counted: bool) -> None:
        source = _source_of(table)
        missing = [row for row in rows if row.get("state") == "missing"]
        if missing:
            self.n_missing[table] += len(missing) if is_counted else 0
            self.log.note_unanswered(
                source.name, "audio_features", "missing", [(row["track_id"], None) for row in missing], self._now
            )
        found = [{k: v for k, v in row.items() if k != "state"} for row in rows if row.get("state") != "missing"]
        if not found:
            return
        stamp = {
            "run_id": self._run_id,
            "fetched_at": self._now,
            "expires_at": self._now + timedelta(days=source.keep_days),
        }
        frame = pl.DataFrame(
            [row | stamp for row in found],
            schema_overrides={name: kind for name, kind in _COLUMN_TYPES.items() if name in found[0]},
            infer_schema_length=None,
        )
        self._con.register("answers", frame)
        try:
            self._con.execute(f"insert or ignore into raw.{table} by name select * from answers")
        finally:
            self._con.unregister("answers")
        self.n_saved[table] += len(found) if is_counted else 0
        states = self.match_states.setdefault(table, Counter())
        states.update(row["match_state"] for row in found if "match_state" in row)


def _source_of(table: str) -> DeclaredSource:
    """Return the source whose answers a raw table keeps."""
    return BY_NAME[table.partition("__")[0]]


def _is_same_album(row: Row, last: Row) -> bool:
    """Say whether two rows belong in one commit: an album that is here is not asked for again, so it is here whole."""
    return "album_id" in row and bool(row["album_id"] == last["album_id"])
