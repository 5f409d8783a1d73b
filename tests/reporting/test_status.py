"""`songpop status`: one screen on how fresh, how complete and how good all is."""

import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import checked_warehouse
import pytest
from checked_warehouse import NOW, RUN
from click.testing import CliRunner

from songpop import ledger, warehouse
from songpop.cli import songpop
from songpop.published import exports
from songpop.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a small warehouse with a list before the present one, and a popularity seen since."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        con.execute("update ledger.model_versions set as_of_date = date '2026-11-01'")
        con.execute(
            "insert into ledger.scores by name select * replace ('before' as run_id, 90 - score as score, "
            "date '2026-11-15' as as_of_date, scored_at - interval 7 day as scored_at) from ledger.scores"
        )
        con.execute(
            "insert into ledger.popularity_observations by name select 'seen' as snapshot_id, track_id, "
            "40 as popularity, timestamp '2026-11-20 00:00' as observed_at from ledger.scores where run_id = 'before'"
        )
        ledger.close_run(con, RUN, "done", now=datetime(2026, 11, 22, 3, 17))
        checked_warehouse.build(con)
        warehouse.publish(con, settings.published)
    settings.reports_dir.mkdir()
    (settings.reports_dir / "latest.html").touch()
    return settings


def _run(settings: Settings, *arguments: str) -> str:
    result = CliRunner().invoke(songpop, ["status", *arguments, "--home", str(settings.home)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_status_tells_the_nights_on_one_screen(settings: Settings) -> None:
    told = _run(settings)

    lines = dict(re.findall(r"^([A-Z]\w+(?: true)?) +(.+)$", told, re.MULTILINE))
    assert re.fullmatch(r"[\d.]+ hours ago \(.*published.duckdb\)", lines["Published"])
    assert "Data" not in lines
    assert lines["Drift"] == "0 of 1 features"
    assert lines["Came true"] == "mean error 4.0 points on 12 past scores, intervals held 100 %"
    assert lines["Loaded"].startswith("1 albums (file.csv), 1 artists (file.csv), ")
    assert lines["Releases"] == "12: 12 scored, 12 with an artist popularity, 12 with audio features"
    assert re.fullmatch(r"New title 11 \+11, New title 10 \+9, .*, New title 0 -11", lines["Movers"])
    assert lines["Report"] == str(settings.reports_dir / "latest.html")
    assert re.search(rf"^{RUN}  nightly  done .* 2026-11-22 03:15:00 +120 ", told, re.MULTILINE)
    assert len(told.splitlines()) <= 40


def test_status_tells_programs_more_than_a_screen_holds(settings: Settings) -> None:
    state: dict[str, Any] = json.loads(_run(settings, "--json"))

    assert state["backtest"] == {"n_scores": 12, "mae": 4.0, "covered_share": 1.0}
    assert [row["rank_change"] for row in state["movers"]] == [11, 9, 7, -7, -9, -11]
    assert {row["entity"] for row in state["loaded"]} == {"albums", "artists", "releases", "tracks"}
    assert state["runs"][0]["started_at"] == NOW.isoformat()


def test_a_copied_file_is_as_old_as_the_run_that_published_it(settings: Settings) -> None:
    settings.published.touch()

    told = json.loads(_run(settings, "--json"))

    assert told["published_at"] == "2026-11-22T03:17:00"


def test_a_synthetic_sample_is_named(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(settings.home, home)
    made_up = checked_warehouse.make_settings(home)
    with checked_warehouse.opened(made_up) as con:
        con.execute("update ledger.snapshots set file_name = 'synthetic_tracks.csv'")
        warehouse.publish(con, made_up.published)

    told = _run(made_up)

    assert told.startswith("Data       A synthetic sample: its artists and tracks are made up")
    assert json.loads(_run(made_up, "--json"))["is_synthetic"] is True
    assert exports.list_notes(made_up, "releases")["Data"].startswith("A synthetic sample: ")
    assert "Data" not in exports.list_notes(settings, "releases")
