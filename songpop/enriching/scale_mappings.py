"""Hold another source's scale against ours, on what both know, and keep a mapping that models and readers share.

Fans and listeners are mapped to the 0-100 of artist popularity by matching quantiles; audio features by a straight
line through the quartiles, or left alone where the two sources agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import numpy as np

from songpop import resources
from songpop.audio_features import MEASURES
from songpop.declared_sources import FILES, SPOTIFY, DeclaredSource, sources_with

LIFE = timedelta(days=30)  # a mapping is fitted anew after this
LEAST_ARTISTS, LEAST_TRACKS = 50, 20  # fewer in common teach no mapping
_LEVELS = np.linspace(0, 1, 21)
_SAME_SHARE = 0.1  # a median difference below this share of the spread (interquartile range) is the same scale


@dataclass(frozen=True)
class Mapping:
    """A rising piecewise-linear mapping by its knots, and how far apart the two sources are once it is applied.

    Attributes:
        from_values, to_values: the knots, in rising order, at least two of each.
        n_overlap: on how many artists or tracks it was fitted.
        median_difference: the median distance from ours after mapping, in our unit.
    """

    from_values: list[float]
    to_values: list[float]
    n_overlap: int
    median_difference: float


def match_quantiles(theirs: np.ndarray, ours: np.ndarray) -> Mapping | None:
    """Map each quantile of theirs to the same quantile of ours; None where theirs has hardly two values.

    Args:
        theirs, ours: of the same artists, shape (n,).
    """
    knots = np.quantile(theirs, _LEVELS)
    values = np.quantile(ours, _LEVELS)
    first = np.flatnonzero(np.concatenate([[True], np.diff(knots) > 1e-9]))
    if len(first) < 2:
        return None
    knots, values = knots[first], values[first]
    mapped = np.interp(theirs, knots, values)
    return Mapping(knots.tolist(), values.tolist(), len(ours), float(np.median(np.abs(mapped - ours))))


def match_quartiles(theirs: np.ndarray, ours: np.ndarray) -> Mapping:
    """Map theirs to ours by the line through both quartiles, or by itself where the two agree already.

    Args:
        theirs, ours: of the same tracks, shape (n,).
    """
    apart = float(np.median(np.abs(theirs - ours)))
    low, high = np.quantile(theirs, [0.25, 0.75])
    to_low, to_high = np.quantile(ours, [0.25, 0.75])
    if apart <= _SAME_SHARE * (to_high - to_low) or high - low < 1e-9:
        return Mapping([0.0, 1.0], [0.0, 1.0], len(ours), apart)
    mapped = to_low + (theirs - low) * (to_high - to_low) / (high - low)
    after = float(np.median(np.abs(mapped - ours)))
    return Mapping([float(low), float(high)], [float(to_low), float(to_high)], len(ours), after)


def compare(con: duckdb.DuckDBPyConnection, run_id: str, now: datetime, model_sources: Sequence[str]) -> int:
    """Fit the mappings that are missing or old, where enough is known to both sides; return how many were.

    Args:
        con: the writer's connection, with marts built.
        run_id, now: stamped on each row of `ledger.scale_mappings`.
        model_sources: the sources that models may read: a mapping is learned from these alone.
    """
    fresh = {
        source
        for (source,) in con.execute(
            "select distinct source from ledger.scale_mappings where fitted_at > ?", [now - LIFE]
        ).fetchall()
    }
    for source in sources_with("audience"):
        if source.name not in fresh:
            _compare_audience(con, source, run_id, now, model_sources)
    for source in sources_with("audio features"):
        if source != SPOTIFY and source.name not in fresh:  # Spotify's scale is ours
            _compare_features(con, source, run_id, now)
    query = "select count(*) from ledger.scale_mappings where run_id = ? and fitted_at = ?"
    return int(con.execute(query, [run_id, now]).fetchall()[0][0])


def _compare_audience(
    con: duckdb.DuckDBPyConnection, source: DeclaredSource, run_id: str, now: datetime, model_sources: Sequence[str]
) -> None:
    ours = {SPOTIFY.name: "spotify", FILES.name: "artists_file"}
    columns = _read(
        con,
        "audiences_to_compare",
        answers=f"staging.{source.tables['audience']}",
        popularity_sources=[ours[name] for name in model_sources if name in ours],
    )
    if len(columns["ours"]) < LEAST_ARTISTS:
        return
    mapping = match_quantiles(columns["theirs"].astype(float), columns["ours"].astype(float))
    if mapping:
        _save(con, run_id, source.name, "artist_popularity", mapping, now)


def _compare_features(con: duckdb.DuckDBPyConnection, source: DeclaredSource, run_id: str, now: datetime) -> None:
    columns = _read(con, "features_to_compare", answers=f"staging.{source.tables['audio features']}")
    for quantity in MEASURES:
        is_this = columns["quantity"] == quantity
        if is_this.sum() >= LEAST_TRACKS:
            mapping = match_quartiles(columns["theirs"][is_this].astype(float), columns["ours"][is_this].astype(float))
            _save(con, run_id, source.name, quantity, mapping, now)


def _read(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> dict[str, np.ndarray]:
    """Return the columns of one query of sql/enrich."""
    return con.execute(resources.sql_path("enrich", name).read_text(), parameters).fetchnumpy()


def _save(
    con: duckdb.DuckDBPyConnection, run_id: str, source: str, quantity: str, mapping: Mapping, now: datetime
) -> None:
    row: Sequence[object] = [
        run_id,
        source,
        quantity,
        mapping.from_values,
        mapping.to_values,
        mapping.n_overlap,
        mapping.median_difference,
        now,
    ]
    con.execute("insert or replace into ledger.scale_mappings values (?, ?, ?, ?, ?, ?, ?, ?)", row)
