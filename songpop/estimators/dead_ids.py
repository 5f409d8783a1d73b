"""Dead ids: tracks that another id has replaced, whose popularity fell to nothing though the song's did not.

Spotify gives a song a new id when its album comes out again; what is played counts there, and the old id stays in
files with a popularity near 0. Such a label says nothing about the song, and a release to come has a living id.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from songpop.features import EncodedRows, conform, release_time
from songpop.features.encoder import NUMERIC

# A popularity up to this is that of a dead id, in a file that has them.
DEAD_UP_TO = 3
_NEXT_UP_TO = 10
# The newest tracks, beside which the others are held.
_NEWEST_SHARE = 0.1
_LEAST_ROWS = 1_000
# In a file with dead ids: so much denser is the bottom than what is next above it, so much more often do older tracks
# lie there than the newest, and so little else do older tracks differ. (Spotify Songs: 5.6, 7.3 and .96; the Kaggle
# file, whose older tracks fade altogether: 2.4, 1.8 and .65.)
_LEAST_DENSITY = 3.5
_LEAST_GROWTH = 1.5
_LEAST_LEVEL = 0.8
_N_PERIODS = 20


@dataclass(frozen=True)
class DeadIds:
    """The share of ids that are dead, by release time.

    Args:
        times: middles of periods, in years, ascending, shape (k,).
        shares: of their tracks, 0-1, shape (k,).
        bottom: how popularity spreads over the dead ones, shape (DEAD_UP_TO + 1,).
        until: a release of this time or later is one to come, whose id is alive.
        figures: what the decision rests on: `density`, `growth`, `level`, `n_dead`.
    """

    times: np.ndarray
    shares: np.ndarray
    bottom: np.ndarray
    until: float
    figures: dict[str, float]

    @classmethod
    def find(cls, train: pl.DataFrame) -> "DeadIds | None":
        """Tell from a training frame whether it has dead ids; None where low values are real.

        Where ids die, the bottom stands apart from the rest and grows with age, while what lives keeps its level.
        Where tracks fade, all values fall with age.
        """
        time, popularity = release_time(conform(train)), train["popularity"].to_numpy().astype(np.float64)
        known = ~np.isnan(time)
        if known.sum() < _LEAST_ROWS:
            return None
        newest = known & (time >= np.quantile(time[known], 1 - _NEWEST_SHARE))
        older, low = known & ~newest, popularity <= DEAD_UP_TO
        if not older.any() or low.all():
            return None
        next_above = older & ~low & (popularity <= _NEXT_UP_TO)
        width = (_NEXT_UP_TO - DEAD_UP_TO) / (DEAD_UP_TO + 1)
        density = width * (older & low).sum() / max(next_above.sum(), 1)
        growth = low[older].mean() / max(low[newest].mean(), 1 / newest.sum())
        levels = [np.median(popularity[part & ~low]) for part in (older, newest) if (part & ~low).any()]
        level = levels[0] / max(levels[-1], 1.0)
        if density < _LEAST_DENSITY or growth < _LEAST_GROWTH or level < _LEAST_LEVEL:
            return None
        parts = np.array_split(np.flatnonzero(known)[np.argsort(time[known], kind="stable")], _N_PERIODS)
        bottom = np.bincount(popularity[low].astype(int), minlength=DEAD_UP_TO + 1) / low.sum()
        figures = {"density": density, "growth": growth, "level": level, "n_dead": int(low.sum())}
        return cls(
            np.array([time[part].mean() for part in parts]),
            np.array([low[part].mean() for part in parts]),
            bottom,
            float(time[known].max()),
            {name: round(float(value), 3) for name, value in figures.items()},
        )

    def is_dead(self, popularity: pl.Series) -> pl.Series:
        """Say which labels are those of dead ids, shape (n,)."""
        return popularity <= DEAD_UP_TO

    def mix(self, pmf: np.ndarray, rows: EncodedRows) -> np.ndarray:
        """Add the chance that an id is dead to distributions of living ones, both of shape (n, 101)."""
        share = self._shares_of(rows)
        mixed: np.ndarray = pmf / pmf.sum(axis=1, keepdims=True) * (1 - share)[:, None]
        mixed[:, : DEAD_UP_TO + 1] += share[:, None] * self.bottom
        return mixed

    def mix_bins(self, chances: np.ndarray, rows: EncodedRows) -> np.ndarray:
        """Add the chance that an id is dead to those of the four bins, both of shape (n, 4)."""
        share = self._shares_of(rows)
        mixed: np.ndarray = chances * (1 - share)[:, None]
        mixed[:, 0] += share
        return mixed

    def _shares_of(self, rows: EncodedRows) -> np.ndarray:
        time = rows.numeric[:, NUMERIC.index("release_time")].astype(np.float64)
        return np.where(time < self.until, np.interp(np.nan_to_num(time), self.times, self.shares), 0.0)

    def to_json(self) -> dict[str, Any]:
        """Turn into plain lists."""
        lists = {name: getattr(self, name).tolist() for name in ("times", "shares", "bottom")}
        return lists | {"until": self.until, "figures": self.figures}

    @classmethod
    def from_json(cls, document: dict[str, Any] | None) -> "DeadIds | None":
        """Read what `to_json` gave; None stays none."""
        if document is None:
            return None
        times, shares, bottom = (np.asarray(document[name]) for name in ("times", "shares", "bottom"))
        return cls(times, shares, bottom, float(document["until"]), dict(document["figures"]))
