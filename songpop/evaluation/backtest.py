"""Past scores against the popularity seen since."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import polars as pl

from songpop import queries
from songpop.evaluation.metrics import spearman
from songpop.evaluation.uncertainty import bounds_of, mean_replicates

ALL = "all"
# Fewer albums than this can't bound a measure.
MIN_ALBUMS = 5
# release ages in days: from, to (without), and what they are called
AGES = (
    (0, 28, "below 4 weeks"),
    (28, 91, "4 to 13 weeks"),
    (91, 366, "3 to 12 months"),
    (366, 10**6, "over a year"),
)
AGE_UNKNOWN = "age unknown"


def read_backtest(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return how past scores did; see `measure_backtest`."""
    return measure_backtest(queries.read_frame(con, "reports", "backtest_scores"))


def measure_backtest(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Measure past scores: all of them, by age of the release when its popularity was seen, and by model version.

    Args:
        frame: rows of marts.score_backtest: `track_id, album, model_version, score, benchmark_score, popularity,
            age_days, covered`.

    Returns:
        One mapping a group, those of all versions first: model_version and age (`all`, or one), n (scores with a
        popularity), n_tracks, mae, bias, coverage_90, spearman, benchmark_mae, mean_score, mean_popularity; and
        mae_low, mae_high, coverage_low, coverage_high, which bound 90 % of the resamples of albums, for an album's
        songs rise and fall together. None where a group can't tell. No rows give no groups.
    """
    if frame.is_empty():
        return []
    names = pl.lit(AGE_UNKNOWN)
    for low, high, name in AGES:
        names = pl.when(pl.col("age_days").is_between(low, high, closed="left")).then(pl.lit(name)).otherwise(names)
    early = pl.when(pl.col("age_days") < 0).then(pl.lit(AGES[0][2])).otherwise(names)
    return [
        {"model_version": version, "age": age, **_measure(rows)}
        for version, age, rows in _groups(frame.with_columns(early.alias("age")))
    ]


def _groups(frame: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    ages = [name for *_, name in AGES] + [AGE_UNKNOWN]
    versions = frame["model_version"].unique().sort(descending=True).to_list()
    for version in [ALL, *versions]:
        of_version = frame if version == ALL else frame.filter(pl.col("model_version") == version)
        yield version, ALL, of_version
        for age in ages:
            rows = of_version.filter(pl.col("age") == age)
            if not rows.is_empty():
                yield version, age, rows


def _measure(rows: pl.DataFrame) -> dict[str, Any]:
    score, popularity = (rows[name].cast(pl.Float64).to_numpy() for name in ("score", "popularity"))
    covered = rows["covered"].cast(pl.Float64).to_numpy()
    error = score - popularity
    benchmark = (rows["benchmark_score"] - rows["popularity"]).abs().drop_nulls().to_numpy()
    album = rows["album"].rank("dense").to_numpy().astype(np.int64) - 1
    mae_low, mae_high = _bound(np.abs(error), album)
    coverage_low, coverage_high = _bound(covered, album)
    return {
        "n": rows.height,
        "n_tracks": rows["track_id"].n_unique(),
        "mae": float(np.abs(error).mean()),
        "mae_low": mae_low,
        "mae_high": mae_high,
        "bias": float(error.mean()),
        "coverage_90": float(covered.mean()),
        "coverage_low": coverage_low,
        "coverage_high": coverage_high,
        "spearman": spearman(score, popularity),
        "benchmark_mae": float(benchmark.mean()) if len(benchmark) else None,
        "mean_score": float(score.mean()),
        "mean_popularity": float(popularity.mean()),
    }


def _bound(values: np.ndarray, cluster: np.ndarray) -> tuple[float | None, float | None]:
    """Bound 90 % of the mean of values, shape (n,), over resamples of their clusters; None for too few of them."""
    if cluster.max() + 1 < MIN_ALBUMS:
        return None, None
    return bounds_of(mean_replicates(values, cluster))


def explain_nothing(con: duckdb.DuckDBPyConnection) -> str:
    """Say why no score can be held against a popularity yet."""
    reach = queries.read_rows(con, "reports", "backtest_reach")[0]
    if not reach["n_scored"]:
        return "There must be scores to look back on, however no track is scored yet. Run `songpop nightly` first."
    return (
        f"A score is held against a popularity seen after its day, by a model that had not learned from the track, "
        f"however of {reach['n_scored']:,} scored tracks none has one yet ({reach['n_seen']:,} have been seen at all). "
        "Pass --observed FILE with track_id,popularity,observed_at."
    )
