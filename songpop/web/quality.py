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
_SHOWN_RUNS = 8
_SHOWN_FINDINGS = 12


def read_quality(reader: PublishedReader, *, now: datetime) -> dict[str, Any]:
    """Read everything that the page tells, as plain values.

    Returns:
        `as_of_date, published_at, published_age_hours, model_version, run_id, n_releases, is_synthetic, scoreboard,
        coverage, reliability, drift, realised, singles, runs, findings`; lists of mappings but for the first seven.
    """
    edition = reader.edition()
    with reader.reading() as con:
        tables = _read_tables(con)
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
    }


def _read_tables(con: "duckdb.DuckDBPyConnection") -> dict[str, list[dict[str, Any]]]:
    from songpop import queries
    from songpop.reporting import status

    findings = queries.read_rows(con, "reports", "findings", limit=_SHOWN_FINDINGS)
    return {
        "scoreboard": queries.read_rows(con, "reports", "scoreboard"),
        # of the intervals, not of what is known of the releases
        "coverage": queries.read_rows(con, "reports", "interval_coverage"),
        "drift": queries.read_rows(con, "reports", "drift"),
        "realised": queries.read_rows(con, "reports", "backtest_by_age"),
        # a file of before has none
        "singles": queries.read_if_built(con, "reports", "single_records") or [],
        "runs": status.read_runs(con, _SHOWN_RUNS),
        "findings": queries.pick(findings, "severity", "check_name", "message", "n_rows"),
    }


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
