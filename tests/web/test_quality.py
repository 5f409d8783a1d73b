"""The quality page tells what the published file holds, and just what status and the night's report tell of it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import checked_warehouse
import pytest
from checked_warehouse import AS_OF, NOW, RUN

from songpop import ledger, warehouse
from songpop.errors import WarehouseError
from songpop.findings import Finding
from songpop.published import exports
from songpop.reporting import night_report, status
from songpop.reporting.report import Report
from songpop.run import Run
from songpop.settings import Settings
from songpop.web.published_reader import PublishedReader
from songpop.web.quality import read_quality

_LATER = NOW + timedelta(hours=6)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish two nights: releases moved, one feature drifted, and a popularity of the first was seen since."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        ledger.open_run(con, "before", "nightly", as_of_date=AS_OF - timedelta(7), now=NOW - timedelta(7))
        ledger.close_run(con, "before", "done", now=NOW - timedelta(7) + timedelta(seconds=61.5))
        con.execute("update ledger.model_versions set as_of_date = date '2026-11-01'")
        con.execute(
            "insert into ledger.scores by name select * replace ('before' as run_id, 90 - score as score, "
            "date '2026-11-15' as as_of_date, date '2026-11-14' as release_date, "
            "scored_at - interval 7 day as scored_at) from ledger.scores"
        )
        con.execute(
            "insert into ledger.popularity_observations by name select 'seen' as snapshot_id, track_id, "
            "40 as popularity, timestamp '2026-11-20 00:00' as observed_at from ledger.scores where run_id = 'before'"
        )
        con.execute(
            "insert into ledger.model_metrics by name select * replace (unnest(['lightgbm', 'median']) as family, "
            "unnest([8.25, 12.0]) as mae) from ledger.model_metrics"
        )
        con.execute("update ledger.model_metrics set coverage_90 = 0.9, r2 = 0.5, spearman = 0.7")
        con.execute(
            "insert into ledger.model_measures by name select * replace ('coverage_90' as metric, 0.8 as value) "
            "from ledger.model_measures"
        )
        con.execute("update ledger.drift set is_drifted = true, psi = 1.25")
        con.execute(
            "insert into ledger.drift by name select * replace ('tempo' as feature, false as is_drifted, "
            "0.1 as psi, 'shifted' as moved) from ledger.drift"
        )
        findings = [Finding(f"rule_{number}", "warning", f"Message {number}.") for number in range(11)]
        ledger.save_findings(con, RUN, findings, now=NOW)
        ledger.close_run(con, RUN, "degraded", now=NOW + timedelta(minutes=2))
        checked_warehouse.promote(con)
        warehouse.publish(con, settings.published)
    return settings


@pytest.fixture(scope="module")
def quality(settings: Settings) -> dict[str, Any]:
    """Return what the page reads."""
    return read_quality(PublishedReader(settings), now=_LATER.replace(tzinfo=UTC))


@pytest.fixture(scope="module")
def state(settings: Settings) -> dict[str, Any]:
    """Return what `songpop status` reads."""
    return status.read_status(settings, now=_LATER)


@pytest.fixture(scope="module")
def report(settings: Settings) -> Report:
    """Return what the night's report reads."""
    return night_report.read_report(Run(settings, RUN, "nightly", AS_OF, lambda: NOW), [], failure=None)


def _rows_of(report: Report, title: str) -> list[dict[str, Any]]:
    (table,) = [table for table in report.tables if table.title == title]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows or ()]


def _of(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_the_page_reads_how_good_and_how_fresh_the_scores_are(quality: dict[str, Any]) -> None:
    judged = {"split": "temporal", "n": 20, "mae_low": None, "mae_high": None, "rmse": 10.0, "r2": 0.5}
    judged |= {"spearman": 0.7, "accuracy_4bin": 0.8, "accuracy_majority": None, "coverage_90": 0.9, "width_90": None}
    judged |= {"calibration_error": None}
    drift = {"kind": "input", "psi_threshold": 1.1, "missing_share": 0.0, "reference_missing_share": 0.1}
    drift |= {"n_releases": 12}
    night = {"flow": "nightly", "message": None}
    picks: dict[str, float] = {"n_albums": 200, "n_clear": 50, "is_known": True, "can_tell": True, "has_clear": True}
    picks |= {"right_share": 0.5, "chance_share": 0.4, "lift": 1.25, "clear_right_share": 0.8}
    assert quality == {
        "as_of_date": AS_OF,
        "published_at": datetime(2026, 11, 22, 3, 17, tzinfo=UTC),
        "published_age_hours": pytest.approx(5.9667, abs=1e-3),
        "model_version": "keras-1",
        "run_id": RUN,
        "n_releases": 12,
        "is_synthetic": False,
        "scoreboard": [
            {"family": "keras", "role": "network", "is_champion": True, "mae": 8.0, **judged},
            {"family": "lightgbm", "role": "benchmark", "is_champion": False, "mae": 8.25, **judged},
            {"family": "median", "role": "baseline", "is_champion": False, "mae": 12.0, **judged},
        ],
        "coverage": [
            {"slice": "genre", "slice_value": "pop", "n": 20, "coverage_90": 0.8, "low": None, "high": None}
        ],
        "drift": [
            {"feature": "energy", "moved": "higher: median 0.6, was 0.4", "psi": 1.25, "is_drifted": True, **drift},
            {"feature": "tempo", "moved": "shifted", "psi": 0.1, "is_drifted": False, **drift},
        ],
        "realised": [
            {"age": "0 to 7", "n": 12, "mae": 4.0, "bias": 3.5, "coverage_90": 1.0, "benchmark_mae": 1.0}
        ],
        "runs": [
            {"run_id": RUN, "status": "degraded", "as_of_date": AS_OF, "started_at": NOW, "seconds": 120.0, **night},
            {"run_id": "before", "status": "done", "as_of_date": AS_OF - timedelta(7),
             "started_at": NOW - timedelta(7), "seconds": 61.5, **night},
        ],
        "findings": [
            {"severity": "warning", "check_name": f"rule_{number}", "message": f"Message {number}.", "n_rows": None}
            for number in range(11)
        ],
        "reliability": [],
        "singles": [
            *({"size_class": size, "evidence": "any", **picks} for size in ("2", "3", "4+", "any")),
            *({"size_class": "any", "evidence": evidence, **picks} for evidence in ("full", "some")),
            # too few albums to tell
            {"size_class": "any", "evidence": "little", **dict.fromkeys(picks), "n_albums": 200, "n_clear": 50,
             "is_known": False, "can_tell": False, "has_clear": False},
        ],
    }  # fmt: skip


def test_status_report_and_page_show_one_scoreboard(
    state: dict[str, Any], report: Report, quality: dict[str, Any]
) -> None:
    names = ("family", "n", "mae", "r2", "spearman", "accuracy_4bin", "coverage_90")

    board = _of(quality["scoreboard"], *names)
    assert board == _of(state["scoreboard"], *names)
    assert board == _of(_rows_of(report, "Model scoreboard, on the latest tracks"), *names)
    assert _of(quality["scoreboard"], "role") == _of(state["scoreboard"], "role")
    facts = dict(report.facts)
    assert facts["Champion"] == f"{quality['model_version']}, since 2026-11-22"
    assert state["champion"]["model_version"] == quality["model_version"]
    assert facts["Against LightGBM"] == (
        "mean error 8.00 against 8.25 points on the latest 20 tracks; 90 % intervals held 90.0 %"
    )


def test_status_report_and_page_show_the_same_drift(
    state: dict[str, Any], report: Report, quality: dict[str, Any]
) -> None:
    drifted = [row for row in quality["drift"] if row["is_drifted"]]

    names = ("feature", "moved", "psi", "psi_threshold", "n_releases")
    assert _of(_rows_of(report, "Drift"), *names) == _of(drifted, *names)
    assert dict(report.facts)["Drift"] == "1 of 2 features"
    assert state["drift"] == {
        "n_features": len(quality["drift"]),
        "n_drifted": len(drifted),
        "most_drifted": drifted[0]["feature"],
        "moved": drifted[0]["moved"],
    }


def test_status_report_and_list_show_the_same_movers(settings: Settings, state: dict[str, Any], report: Report) -> None:
    listed = exports.read_list(settings, "movers").to_dicts()
    reported = _rows_of(report, "Top movers")

    names = ("rank", "track_name", "artist_name")
    assert _of(reported, *names) == _of([*listed[:4], *listed[-4:]], *names)
    assert [row["change"] for row in reported] == ["+11", "+9", "+7", "+5", "-5", "-7", "-9", "-11"]
    assert _of(state["movers"], "rank_change", *names) == _of([*listed[:3], *listed[-3:]], "rank_change", *names)


def test_status_and_page_show_the_same_runs_and_findings(state: dict[str, Any], quality: dict[str, Any]) -> None:
    assert state["runs"] == quality["runs"]
    names = ("severity", "check_name", "message", "n_rows")
    assert _of(state["findings"], *names) == _of(quality["findings"], *names)[:10]
    assert state["published_at"].replace(tzinfo=UTC) == quality["published_at"]


def test_status_and_report_count_the_same_past_scores_and_releases(state: dict[str, Any], report: Report) -> None:
    facts, counts, seen = dict(report.facts), state["coverage"], state["backtest"]

    assert facts["New releases"] == (
        f"{counts['n_scored']} scored; {counts['n_with_artist_popularity']} with an artist popularity, "
        f"{counts['n_with_audio_features']} with an audio analysis"
    )
    assert facts["Scores against popularity seen since"] == (
        f"mean error {seen['mae']:.1f} points on {seen['n_scores']} scores, intervals held 100 %"
    )


def test_a_published_file_of_an_earlier_version_is_refused(settings: Settings, tmp_path: Path) -> None:
    earlier = checked_warehouse.make_settings(tmp_path)
    earlier.published.parent.mkdir()
    shutil.copy(settings.published, earlier.published)
    with warehouse.open_file(earlier.published, earlier, read_only=False) as con:
        con.execute("drop table marts.champion")

    with pytest.raises(WarehouseError, match="must hold the marts of this version of songpop"):
        read_quality(PublishedReader(earlier), now=_LATER.replace(tzinfo=UTC))
