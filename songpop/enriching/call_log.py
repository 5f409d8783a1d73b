"""The services' memory in the ledger: calls made, circuits open, what a key may do, what had no answer."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import duckdb

from songpop import resources
from songpop.sources.rate_limited_caller import Capability, Circuit

MISSING_REST = timedelta(days=30)  # until something that is not there is asked for again
_FAILED_REST, _LONGEST_REST = timedelta(hours=1), timedelta(days=7)


class CallLog:
    """Keep what the services said in `ledger.api_*` and `ledger.unanswered`; each method commits."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_id: str) -> None:
        """Log for one run, through the writer's connection."""
        self._con = con
        self._run_id = run_id
        self._numbers = Counter(
            dict(
                con.execute(
                    "select service, max(call_number) from ledger.api_calls where run_id = ? group by service", [run_id]
                ).fetchall()
            )
        )

    def call_times(self, service: str, since: datetime) -> dict[str, list[datetime]]:
        """See `Memory`."""
        return dict(self._read("call_times", service=service, since=since))

    def note_call(self, service: str, bucket: str, at: datetime) -> None:
        """See `Memory`."""
        self._numbers[service] += 1
        self._con.execute(
            "insert into ledger.api_calls values (?, ?, ?, ?, ?)",
            [self._run_id, service, self._numbers[service], bucket, at],
        )

    def circuits(self, service: str, at: datetime) -> dict[str, Circuit]:
        """See `Memory`."""
        rows = self._read("open_circuits", service=service, at=at)
        return {bucket: Circuit(until, reason) for bucket, until, reason in rows}

    def open_circuit(self, service: str, bucket: str, circuit: Circuit, at: datetime) -> None:
        """See `Memory`."""
        self._con.execute(
            "insert or ignore into ledger.api_circuits values (?, ?, ?, ?, ?, ?)",
            [self._run_id, service, bucket, circuit.reason, at, circuit.until],
        )

    def capabilities(self, service: str, since: datetime) -> dict[str, Capability]:
        """See `Memory`."""
        rows = self._read("capabilities", service=service, since=since)
        return {name: Capability(is_allowed, message, checked_at) for name, is_allowed, message, checked_at in rows}

    def note_capability(self, service: str, name: str, capability: Capability) -> None:
        """See `Memory`."""
        self._con.execute(
            "insert or replace into ledger.api_capabilities values (?, ?, ?, ?, ?, ?)",
            [self._run_id, service, name, capability.message, capability.is_allowed, capability.checked_at],
        )

    def note_unanswered(
        self, service: str, kind: str, state: str, answers: Iterable[tuple[str, str | None]], at: datetime
    ) -> None:
        """Keep what had no answer, and when it may be asked for again.

        Args:
            service: who was asked.
            kind: artist, album or audio_features.
            state: `missing` (it is not there) or `failed`.
            answers: key and message of each.
            at: when.
        """
        for key, message in answers:
            before = self._read("last_attempt", service=service, kind=kind, key=key, state=state)
            n_attempts = 1 + (before[0][0] if before else 0)
            rest = MISSING_REST if state == "missing" else min(_FAILED_REST * 2 ** (n_attempts - 1), _LONGEST_REST)
            self._con.execute(
                "insert or replace into ledger.unanswered values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [self._run_id, service, kind, key, state, message, n_attempts, at, at + rest],
            )

    def _read(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of one query of sql/enrich."""
        return self._con.execute(resources.sql_path("enrich", name).read_text(), parameters).fetchall()
