"""Hold another source's scale against ours, on what both know, and keep a mapping that models and readers share.

Fans and listeners are mapped to the 0-100 of artist popularity by matching quantiles; audio features by a straight
line through the quartiles, or left alone where the two sources agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import numpy as np

LIFE = timedelta(days=30)  # a mapping is fitted anew after this
LEAST_ARTISTS, LEAST_TRACKS = 50, 20  # fewer in common teach no mapping
_LEVELS = np.linspace(0, 1, 21)
_SAME_SHARE = 0.1  # a median difference below this share of the spread (interquartile range) is the same scale
QUANTITIES = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)


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
    for source in ("deezer", "listenbrainz"):
        if source not in fresh:
            _compare_audience(con, source, run_id, now, model_sources)
    if "reccobeats" not in fresh:
        _compare_features(con, run_id, now)
    query = "select count(*) from ledger.scale_mappings where run_id = ? and fitted_at = ?"
    return int(con.execute(query, [run_id, now]).fetchall()[0][0])


def _compare_audience(
    con: duckdb.DuckDBPyConnection, source: str, run_id: str, now: datetime, model_sources: Sequence[str]
) -> None:
    ours = [name.replace("files", "artists_file") for name in model_sources if name in ("spotify", "files")]
    columns = con.execute(
        f"""
        select ln(1 + theirs.audience) as theirs, ours.artist_popularity as ours
        from staging.{source}__artists as theirs
        inner join (
            select artist_name, max_by(artist_popularity, popularity_source) as artist_popularity
            from marts.artist_popularities
            where list_contains(?, popularity_source) and match_method <> 'folded_name'
            group by artist_name
        ) as ours on theirs.artist_name = ours.artist_name
        where theirs.audience is not null and ours.artist_popularity is not null
        qualify row_number() over (partition by theirs.artist_name order by theirs.fetched_at desc, run_id) = 1
        """,
        [ours],
    ).fetchnumpy()
    if len(columns["ours"]) < LEAST_ARTISTS:
        return
    mapping = match_quantiles(columns["theirs"].astype(float), columns["ours"].astype(float))
    if mapping:
        _save(con, run_id, source, "artist_popularity", mapping, now)


def _compare_features(con: duckdb.DuckDBPyConnection, run_id: str, now: datetime) -> None:
    for quantity in QUANTITIES:
        columns = con.execute(
            f"""
            select theirs."{quantity}" as theirs, ours."{quantity}" as ours
            from staging.reccobeats__audio_features as theirs
            inner join marts.tracks as ours on theirs.track_id = ours.track_id
            where theirs."{quantity}" is not null and ours."{quantity}" is not null
            qualify row_number() over (partition by theirs.track_id order by theirs.fetched_at desc, run_id) = 1
            """
        ).fetchnumpy()
        if len(columns["ours"]) >= LEAST_TRACKS:
            mapping = match_quartiles(columns["theirs"].astype(float), columns["ours"].astype(float))
            _save(con, run_id, "reccobeats", quantity, mapping, now)


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
