"""How much the interval leaves out on each side: by genre, by what is known of a track, and for the newest period."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from songpop.estimators import COVERAGE
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

# What all rows say of a part's margin counts as this many rows of its own.
PRIOR = 100.0
# All releases to come are taken to be as new as the newest period, so that its own rows count for more.
NEWEST_PRIOR = 20.0
# No margin is outside these.
LEAST, MOST = 1e-4, 0.45
_GENRE = CATEGORIES.index("genre")
_N_STATES = 16


@dataclass(frozen=True)
class Unseen:
    """Rows and what models that did not see them said.

    Args:
        pmf: distributions, shape (n, 101).
        popularity: observed, shape (n,).
        rows: encoded, shape (n, ...).
        whole: of partly blank copies, the distributions of the same rows as they are, shape (n, 101).
    """

    pmf: np.ndarray
    popularity: np.ndarray
    rows: EncodedRows
    whole: np.ndarray | None = None


@dataclass(frozen=True)
class Margins:
    """Margins that multiply: of the genre, of what is not known, of the newest period.

    One margin for all is too wide for some rows and too narrow for others: genres differ in how well they are
    foreseen, tracks of which little is known are foreseen worse, and so is a year that was still going on when the
    popularities were seen. A part of few rows leans on the others.

    Args:
        genre: by its code, shape (n_genres,).
        unknown: factors by what is not known, as `unknown_parts` numbers it, shape (16,).
        newest: factor for tracks as new as `since` or newer.
        since: release time in years; inf where the newest period has no margin of its own.

    Source: Mondrian conformal prediction, Vovk, Gammerman and Shafer 2005; leaning and multiplying are ours.
    """

    genre: np.ndarray
    unknown: np.ndarray
    newest: float = 1.0
    since: float = float("inf")

    @classmethod
    def usual(cls, n_genres: int) -> "Margins":
        """Leave 5 % out on each side."""
        return cls(np.full(n_genres, (1 - COVERAGE) / 2), np.ones(_N_STATES))

    @classmethod
    def fit(cls, known: Unseen, n_genres: int, copies: Unseen | None = None) -> "Margins":
        """Find the margins at which intervals cover what they promise, on rows not used in fitting.

        Args:
            known: rows as they are.
            n_genres: number of codes.
            copies: rows once more, partly blank: they tell how much less is foreseen than of the same rows as they are.
        """
        if len(known.popularity) == 0:
            return cls.usual(n_genres)
        reach = reach_of(known.pmf, known.popularity)
        whole = quantile_of(reach)
        genre = np.full(n_genres, whole)
        codes = known.rows.categories[:, _GENRE]
        for code in np.unique(codes):
            genre[code] *= _leaning(_quantile(reach[codes == code]) / whole, int((codes == code).sum()))
        since, newest = _newest_year(known.rows), 1.0
        is_newest = _time(known.rows) >= since
        if is_newest.any():
            newest = _leaning(_quantile((reach / genre[codes])[is_newest]), int(is_newest.sum()), NEWEST_PRIOR)
        unknown = np.ones(_N_STATES) if copies is None else _factors_of_unknown(copies)
        return cls(genre, unknown, newest, since)

    def scaled(self, factor: float) -> "Margins":
        """Multiply all margins."""
        return replace(self, genre=self.genre * factor)

    def of(self, rows: EncodedRows) -> np.ndarray:
        """Look the margin of each row up, shape (n,)."""
        newest = np.where(_time(rows) >= self.since, self.newest, 1.0)
        margins = self.genre[rows.categories[:, _GENRE]] * self.unknown[unknown_parts(rows)] * newest
        bounded: np.ndarray = np.clip(margins, LEAST, MOST)
        return bounded

    def to_json(self) -> dict[str, Any]:
        """Turn into plain lists."""
        since = self.since if np.isfinite(self.since) else None
        return {"genre": self.genre.tolist(), "unknown": self.unknown.tolist(), "newest": self.newest, "since": since}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Margins":
        """Read what `to_json` gave."""
        since = float("inf") if document["since"] is None else float(document["since"])
        return cls(np.asarray(document["genre"]), np.asarray(document["unknown"]), float(document["newest"]), since)


def reach_of(pmf: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Measure how far in each distribution the observed value lies from the nearer end, shape (n,).

    It is the conformity score of distributional conformal prediction: an interval that leaves out `margin` on each
    side holds the value where its reach is at least that.

    Args:
        pmf: probabilities of 0..100, shape (n, 101).
        popularity: observed, shape (n,).

    Source: Chernozhukov, Wüthrich and Zhu 2021 (arXiv 1909.07889).
    """
    cdf = np.cumsum(pmf, axis=1)
    rows, value = np.arange(len(pmf)), popularity.astype(np.int64)
    high = cdf[rows, value]
    reach: np.ndarray = np.minimum(high, 1 - (high - pmf[rows, value]))
    return reach


def quantile_of(reach: np.ndarray, coverage: float = COVERAGE) -> float:
    """Find the margin that a share `coverage` of the rows reach, shape (n,)."""
    return min(_quantile(reach, coverage), MOST)


def unknown_parts(rows: EncodedRows) -> np.ndarray:
    """Number what is not known of each row, shape (n,): the sum of 1 sound, 2 genre, 4 year, 8 artist."""

    def flag(name: str) -> np.ndarray:
        is_set: np.ndarray = rows.numeric[:, NUMERIC.index(name)] == 1
        return is_set

    no_sound = flag("is_audio_missing") | flag("is_analysis_failed")
    no_artist = flag("is_artist_popularity_missing") & flag("is_artist_new")
    parts: np.ndarray = no_sound + 2 * flag("is_genre_missing") + 4 * flag("is_year_missing") + 8 * no_artist
    return parts


def _factors_of_unknown(copies: Unseen) -> np.ndarray:
    assert copies.whole is not None
    factors, parts = np.ones(_N_STATES), unknown_parts(copies.rows)
    blank, full = (reach_of(pmf, copies.popularity) for pmf in (copies.pmf, copies.whole))
    for part in np.unique(parts[parts > 0]):
        own = parts == part
        factors[part] = _leaning(_quantile(blank[own]) / _quantile(full[own]), int(own.sum()))
    for part in range(1, _N_STATES):  # who knows less is not surer
        factors[part] = min(factors[part & known] for known in range(_N_STATES))
    return factors


def _quantile(reach: np.ndarray, coverage: float = COVERAGE) -> float:
    at = int((1 - coverage) * (len(reach) + 1)) - 1
    return float(np.clip(np.sort(reach)[max(at, 0)], LEAST, None))


def _leaning(factor: float, n_rows: int, prior: float = PRIOR) -> float:
    """Take a part's factor as far as its rows carry it."""
    return float(np.exp(n_rows / (n_rows + prior) * np.log(factor)))


def _time(rows: EncodedRows) -> np.ndarray:
    return np.nan_to_num(rows.numeric[:, NUMERIC.index("year")].astype(np.float64), nan=-np.inf)


def _newest_year(rows: EncodedRows) -> float:
    """Find the newest year where most rows have a year and no date: it may not have been over; else inf."""
    has_date = rows.numeric[:, NUMERIC.index("is_release_date_missing")] == 0
    known = _time(rows)
    if has_date.mean() >= 0.5 or not np.isfinite(known).any():
        return float("inf")
    return float(known[np.isfinite(known)].max())
