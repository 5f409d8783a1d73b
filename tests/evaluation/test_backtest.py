"""Past scores against popularity seen since: what is joined, and what is computed from it."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import checked_warehouse
import numpy as np
import polars as pl
import pytest
from checked_warehouse import AS_OF, RUN
from click.testing import CliRunner

from songpop import ledger
from songpop.checking import sql_checks
from songpop.cli import songpop
from songpop.evaluation.backtest import measure_backtest
from songpop.settings import Settings


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    usual = {"model_version": "m", "benchmark_score": 50.0, "covered": True, "age_days": 30}
    return pl.DataFrame([{"album": row["track_id"], **usual, **row} for row in rows])


def _group(rows: list[dict[str, Any]], version: str = "all", age: str = "all") -> dict[str, Any]:
    (group,) = [row for row in rows if (row["model_version"], row["age"]) == (version, age)]
    return group


def test_error_bias_coverage_and_order_are_those_of_a_hand_s_reckoning() -> None:
    rows = [
        {"track_id": "a", "score": 40.0, "popularity": 50, "covered": False},
        {"track_id": "b", "score": 60.0, "popularity": 54},
        {"track_id": "b", "score": 61.0, "popularity": 54},
        {"track_id": "c", "score": 30.0, "popularity": 30, "benchmark_score": None},
    ]
    whole = _group(measure_backtest(_frame(rows)))

    assert (whole["n"], whole["n_tracks"]) == (4, 3)
    assert whole["mae"] == pytest.approx((10 + 6 + 7 + 0) / 4)
    assert whole["bias"] == pytest.approx((-10 + 6 + 7 + 0) / 4)
    assert whole["coverage_90"] == 0.75
    assert whole["benchmark_mae"] == pytest.approx((0 + 4 + 4) / 3)
    assert whole["spearman"] == pytest.approx(np.corrcoef([2, 3, 4, 1], [2, 3.5, 3.5, 1])[0, 1])
    assert (whole["mean_score"], whole["mean_popularity"]) == (47.75, 47.0)
    assert (whole["mae_low"], whole["coverage_high"]) == (None, None)


def test_groups_are_ages_and_versions_each_alone() -> None:
    ages = {-3: "below 4 weeks", 0: "below 4 weeks", 27: "below 4 weeks", 28: "4 to 13 weeks", 90: "4 to 13 weeks",
            91: "3 to 12 months", 365: "3 to 12 months", 366: "over a year", None: "age unknown"}  # fmt: skip
    rows = [
        {"track_id": f"t{i}", "score": 50.0 + i, "popularity": 50, "age_days": days, "model_version": f"m{i % 2}"}
        for i, days in enumerate(ages)
    ]
    groups = measure_backtest(_frame(rows))

    assert [(row["age"], row["n"]) for row in groups if row["model_version"] == "all"] == [
        ("all", 9), ("below 4 weeks", 3), ("4 to 13 weeks", 2), ("3 to 12 months", 2), ("over a year", 1),
        ("age unknown", 1),
    ]  # fmt: skip
    assert [row["model_version"] for row in groups if row["age"] == "all"] == ["all", "m1", "m0"]
    assert _group(groups, "m0")["mae"] == pytest.approx((0 + 2 + 4 + 6 + 8) / 5)
    assert _group(groups, "m1", "over a year")["mae"] == 7.0
    assert _group(groups, age="over a year")["spearman"] is None


def test_no_rows_give_no_groups() -> None:
    assert measure_backtest(_frame([{"track_id": "a", "score": 1.0, "popularity": 1}]).clear()) == []


def test_the_bounds_hold_the_truth_and_widen_where_albums_err_together() -> None:
    draw = np.random.default_rng(0)
    shared = np.repeat(draw.normal(0, 8, 60), 10)
    columns = {"track_id": [f"t{i}" for i in range(600)], "score": 50 + shared, "popularity": np.full(600, 50)}
    covered = np.repeat(np.arange(60) % 10 > 0, 10)
    alone = pl.DataFrame(columns).with_columns(
        pl.col("track_id").alias("album"), pl.lit("m").alias("model_version"), pl.Series("covered", covered),
        benchmark_score=pl.lit(50.0), age_days=pl.lit(30),
    )  # fmt: skip
    together = alone.with_columns(pl.Series("album", [f"a{i // 10}" for i in range(600)]))
    one, other = (_group(measure_backtest(frame)) for frame in (alone, together))

    assert one["mae"] == other["mae"]
    assert other["mae_low"] < 8 * np.sqrt(2 / np.pi) < other["mae_high"]
    assert other["coverage_low"] < 0.9 < other["coverage_high"]
    assert other["mae_high"] - other["mae_low"] > 2 * (one["mae_high"] - one["mae_low"])


@pytest.fixture
def scored(settings: Settings) -> Settings:
    """Return the settings of a warehouse in which twelve releases were scored on `AS_OF`."""
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        con.execute("update ledger.scores set release_date = date '2026-11-10'")
        ledger.close_run(con, RUN, "done", now=checked_warehouse.NOW)
    return settings


def _backtest(settings: Settings, *arguments: str) -> Any:
    told = CliRunner().invoke(songpop, ["backtest", "--home", str(settings.home), "--as-of", "2027-01-31", *arguments])
    assert told.exit_code == 0, told.output
    return told


def test_the_command_joins_what_was_observed_since(scored: Settings, tmp_path: Path) -> None:
    nothing = _backtest(scored)
    assert "of 12 scored tracks none has one yet (0 have been seen at all)" in nothing.stderr

    observed = tmp_path / "observed.csv"
    lines = [f"newTrack00000000000{i:03d},{50 + i},2026-12-31T06:00:00Z" for i in range(12)]
    observed.write_text("\n".join(["track_id,popularity,observed_at", *lines]) + "\n")
    groups = json.loads(_backtest(scored, "--observed", str(observed), "--json").stdout)

    # line i + 1 was scored 41 + i, with the interval 20-70 and LightGBM's 41
    whole = _group(groups, "keras-1", "4 to 13 weeks") | {"model_version": "all", "age": "all"}
    assert _group(groups) | {"model_version": "all", "age": "all"} == whole
    assert (whole["n"], whole["mae"], whole["bias"], whole["coverage_90"]) == (12, 9.0, -9.0, 1.0)
    assert whole["benchmark_mae"] == pytest.approx(sum(9 + i for i in range(12)) / 12)
    assert whole["spearman"] == pytest.approx(1)
    shown = _backtest(scored).stderr
    assert "Past scores against popularity seen since" in shown
    assert "4 to 13 weeks" in shown


def test_an_empty_ledger_has_nothing_to_look_back_on(settings: Settings) -> None:
    assert "no track is scored yet" in _backtest(settings).stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"covered": "i % 5 > 0"}, "coverage_90 0.8,"),
        ({"error": "6.0"}, "bias 6, mae 6, benchmark_mae 20"),
        ({"error": "-6.0"}, "bias -6,"),
        ({"error": "6.0", "age_days": "27"}, None),
        ({"error": "6.0", "observed_at": "timestamp '2025-12-31'"}, None),
        ({"error": "6.0", "track_id": "'t' || i % 150"}, None),
    ],
)
def test_past_scores_that_did_not_come_true_are_a_finding(
    scored: Settings, changes: dict[str, str], words: str | None
) -> None:
    usual = {
        "track_id": "'t' || i", "model_version": "'m'", "score": "50.0", "score_low": "20.0", "score_high": "80.0",
        "benchmark_score": "30.0", "popularity": "50", "error": "0.0", "age_days": "30", "covered": "i % 10 > 0",
        "as_of_date": f"date '{date(2026, 10, 1)}'", "observed_at": f"timestamp '{datetime(2026, 11, 1)}'",
    }  # fmt: skip
    columns = ", ".join(f"{value} as {name}" for name, value in (usual | changes).items())
    (check,) = [check for check in sql_checks.load_checks("scores") if check.name == "past_scores_came_true"]
    with checked_warehouse.opened(scored) as con:
        con.execute(f"insert into marts.score_backtest by name select {columns} from range(200) as rows(i)")
        finding = sql_checks.run_check(con, check, RUN, AS_OF).finding

    assert (finding is None) == (words is None)
    if finding and words:
        assert finding.severity == "warning"
        assert "n_releases 200" in finding.message
        assert words in finding.message
