"""How good the scores are: scoreboard, reliability, coverage, drift, what came true, and the last runs."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from songpop import model_folder
from songpop.errors import ModelError
from songpop.evaluation import contestants
from songpop.web.published_reader import PublishedReader

if TYPE_CHECKING:
    import duckdb

SPLITS = {
    "temporal": "The latest releases, which the model had not seen: the figure to judge by.",
    "artist": "Artists that the model had not seen.",
    "random": "Random tracks: only to compare with others, as it flatters every model.",
}
FAMILIES = contestants.labels()
_BINS = ("p_0_25", "p_26_50", "p_51_75", "p_76_100")
_LEAST_POINTS = 20


def read_quality(reader: PublishedReader, *, now: datetime) -> dict[str, Any]:
    """Read everything that the page tells, as plain values.

    Returns:
        `as_of_date, published_at, published_age_hours, model_version, run_id, n_releases, is_synthetic, scoreboard,
        coverage, reliability, drift, realised, singles, runs, findings`; lists of mappings but for the first seven
        and `singles`.
    """
    edition = reader.edition()
    with reader.reading() as con:
        tables = {
            "scoreboard": _rows(con, _SCOREBOARD, edition.champion),
            "coverage": _rows(con, _COVERAGE, edition.champion),
            "drift": _rows(con, _DRIFT),
            "realised": _rows(con, _REALISED),
            "runs": _rows(con, _RUNS),
            "findings": _rows(con, _FINDINGS),
        }
    return {
        "as_of_date": edition.as_of_date,
        "published_at": edition.published_at,
        "published_age_hours": (now - edition.published_at).total_seconds() / 3600,
        "model_version": edition.champion,
        "run_id": edition.run_id,
        "n_releases": edition.n_releases,
        "is_synthetic": edition.is_synthetic,
        **tables,
        "reliability": reader.kept("reliability", lambda: _reliability(reader)),
        "singles": {"left_out": reader.metrics().get("album_order"), "latest": reader.metrics().get("singles")},
    }


def _rows(con: "duckdb.DuckDBPyConnection", query: str, *parameters: Any) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _reliability(reader: PublishedReader) -> list[dict[str, Any]]:
    """Compare the four probabilities with how often they came true, by tenths, on held-out tracks of the champion.

    Returns:
        `bin, chance, share, low, high, n`; none where the model's folder has no such tracks.
    """
    import numpy as np

    from songpop.estimators import bin_of

    folder = reader.settings.models_dir / str(reader.edition().champion)
    try:
        seen = model_folder.read_parquet(folder, model_folder.PREDICTIONS, ["popularity", *_BINS])
    except ModelError:
        return []
    came = bin_of(seen["popularity"].to_numpy())
    points = []
    for number, name in enumerate(_BINS):
        chance, hit = seen[name].to_numpy(), came == number
        tenth = np.minimum((chance * 10).astype(int), 9)
        for part in range(10):
            rows = tenth == part
            n = int(rows.sum())
            if n < _LEAST_POINTS:
                continue
            share = float(hit[rows].mean())
            low, high = _wilson(share, n)
            points.append(
                {"bin": name, "chance": float(chance[rows].mean()), "share": share, "low": low, "high": high, "n": n}
            )
    return points


def _wilson(share: float, n: int, z: float = 1.645) -> tuple[float, float]:
    """Return the 90 % interval of a share (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


_SCOREBOARD = """
    select split, family, is_champion, n, mae, mae_low, mae_high, rmse, r2, spearman, accuracy_4bin, accuracy_majority,
        coverage_90, width_90, calibration_error
    from marts.model_scoreboard
    where model_version = ?
    order by split, mae
"""
_COVERAGE = """
    select slice, slice_value, n, value as coverage_90, low, high
    from marts.model_measures
    where model_version = ? and family = 'keras' and split = 'temporal' and metric = 'coverage_90' and slice != 'all'
        and slice_value is not null
    order by slice, n desc, slice_value
"""
_DRIFT = """
    select feature, kind, moved, psi, psi_threshold, missing_share, reference_missing_share, is_drifted, n_releases
    from marts.drift order by is_drifted desc, psi desc nulls last, feature
"""
_REALISED = """
    select
        case when age_days < 8 then '0 to 7' when age_days < 29 then '8 to 28' when age_days < 91 then '29 to 90'
            else 'over 90' end as age,
        count(*) as n, avg(abs(error)) as mae, avg(error) as bias, avg(covered::double) as coverage_90,
        avg(abs(benchmark_score - popularity)) as benchmark_mae
    from marts.score_backtest
    where age_days is not null
    group by age
    order by min(age_days)
"""
_RUNS = """
    select run_id, flow, status, as_of_date, started_at,
        round(date_diff('millisecond', started_at, finished_at) / 1000, 1) as seconds, message
    from ledger.runs order by started_at desc, run_id desc limit 8
"""
_FINDINGS = """
    select severity, check_name, message, n_rows
    from ledger.findings
    where run_id = (select max_by(run_id, started_at) from ledger.runs)
    order by severity, finding_id limit 12
"""
