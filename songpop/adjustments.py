"""What is known of scores beyond the model: a recalibration that was taken, and whether a list's scores can be trusted.

Both come from the ledger, through marts of the writer's or the readers' file, so that every door that scores with the
champion adjusts its scores in the same way and says the same of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import duckdb

from songpop import queries


@dataclass(frozen=True)
class Recalibration:
    """A rising map of scores and a margin, fitted on scored tracks whose popularity was seen.

    Attributes:
        recalibration_id: as in ledger.recalibrations.
        model_version: whose scores are mapped.
        n_tracks: how many tracks taught it.
        from_scores, to_scores: knots of the map, from 0 to 100 and rising; straight lines in between.
        margin: points by which both ends of the mapped interval move out, or in where it is negative.
        is_of_other_world: whether most of these tracks were of lists unlike what the model learned from.
    """

    recalibration_id: str
    model_version: str
    n_tracks: int
    from_scores: list[float]
    to_scores: list[float]
    margin: float
    is_of_other_world: bool
    taken_at: datetime

    def describe(self) -> str:
        """Say that scores are recalibrated, for whoever reads one."""
        return (
            f"Scores of {self.model_version} are recalibrated on {self.n_tracks:,} tracks whose popularity was seen "
            f"({self.recalibration_id}): numbers are moved to where theirs lay, the order is the model's own."
        )


@dataclass(frozen=True)
class ListTrust:
    """Whether the scores of one list can be trusted, as the run judged that scored it.

    Attributes:
        run_id: that run.
        is_other_world: the list is unlike what the model learned from.
        reason: why, in words.
        is_trusted: its scores can be trusted: it is as what was learned, or as what the recalibration was fitted on.
        spread_low, spread_high: what the intervals of a list that can't be trusted reach at least, 0-100.
    """

    run_id: str
    is_other_world: bool
    reason: str | None
    is_trusted: bool
    spread_low: float | None
    spread_high: float | None

    def describe(self) -> str | None:
        """Say that the scores of the list can't be trusted; None where they can."""
        if self.is_trusted:
            return None
        return (
            f"The scores of this list can't be trusted, neither as numbers nor as an order: {self.reason}. Their "
            f"intervals are widened to {self.spread_low:.0f}–{self.spread_high:.0f} at least."
        )


@dataclass(frozen=True)
class Adjustment:
    """How the champion's scores are adjusted, and what to say of them; nothing where both parts are None."""

    recalibration: Recalibration | None = None
    trust: ListTrust | None = None

    def of_song(self, *, is_listed: bool) -> "Adjustment":
        """Return how a song is adjusted that is of the newest list, or of none."""
        return self if is_listed else Adjustment(self.recalibration)

    @property
    def spread(self) -> tuple[float, float] | None:
        """What intervals reach at least; None where they stay as they are."""
        trust = self.trust
        if trust is None or trust.is_trusted or trust.spread_low is None or trust.spread_high is None:
            return None
        return trust.spread_low, trust.spread_high

    @property
    def is_trusted(self) -> bool:
        """Say whether the scores can be trusted; they can where no run of this version scored the list."""
        return self.trust is None or self.trust.is_trusted

    @property
    def remarks(self) -> list[str]:
        """Say what readers of a score should know, the gravest first."""
        caution = self.trust.describe() if self.trust else None
        named = self.recalibration.describe() if self.recalibration else None
        return [text for text in (caution, named) if text]


NONE = Adjustment()


def read_recalibration(con: duckdb.DuckDBPyConnection) -> Recalibration | None:
    """Read the recalibration in force; None where there is none, or a file of before can't tell.

    It runs the query of marts.recalibration anew, so that a step that takes one needs no build in between.
    """
    row = queries.read_one(con, "marts", "recalibration")
    return None if row is None else Recalibration(**_fields(Recalibration, row))


def read_trust(con: duckdb.DuckDBPyConnection) -> ListTrust | None:
    """Read whether the newest list's scores can be trusted; None where no run of this version has scored."""
    row = queries.read_one(con, "lookups", "newest_list")
    return None if row is None else ListTrust(**_fields(ListTrust, row))


def read_adjustment(con: duckdb.DuckDBPyConnection) -> Adjustment:
    """Read how scores of the newest list are adjusted."""
    return Adjustment(read_recalibration(con), read_trust(con))


def _fields(of: type, row: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(of)}
