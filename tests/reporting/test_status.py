"""`songpop status`: one screen on how fresh, how complete and how good all is."""

import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import checked_warehouse
import pytest
from checked_warehouse import AS_OF, NOW, RUN
from click.testing import CliRunner

from songpop import ledger, warehouse
from songpop.cli import songpop
from songpop.findings import Finding
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
        con.execute(
            "insert into ledger.model_metrics by name select * replace ('lightgbm' as family, 8.25 as mae) "
            "from ledger.model_metrics"
        )
        ledger.save_findings(con, RUN, [Finding("a_rule", "warning", "It must hold, however it does not.")], now=NOW)
        ledger.close_run(con, RUN, "degraded", now=datetime(2026, 11, 22, 3, 17))
        checked_warehouse.promote(con)
        warehouse.publish(con, settings.published)
    settings.reports_dir.mkdir()
    (settings.reports_dir / "latest.html").touch()
    return settings


def _run(settings: Settings, *arguments: str) -> str:
    result = CliRunner().invoke(songpop, ["status", *arguments, "--home", str(settings.home)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.exception
    return result.stdout


def _copy(settings: Settings, folder: Path) -> Settings:
    home = folder / "home"
    shutil.copytree(settings.home, home)
    return checked_warehouse.make_settings(home)


def _state(settings: Settings) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(_run(settings, "--json"))
    return state


def test_status_tells_the_nights_on_one_screen(settings: Settings) -> None:
    shown = _run(settings)

    lines = dict(re.findall(r"^([A-Z]\w+(?: true)?) +(.+)$", shown, re.MULTILINE))
    assert re.fullmatch(r"[\d.]+ hours ago \(.*published.duckdb\)", lines["Published"])
    assert "Data" not in lines
    assert lines["Champion"] == "keras-1"
    assert lines["Drift"] == "0 of 1 features"
    assert lines["Came true"] == "mean error 4.0 points on 12 past scores, intervals held 100 %"
    assert lines["Loaded"].startswith("1 albums (file.csv), 1 artists (file.csv), ")
    assert lines["Releases"] == "12: 12 scored, 12 with an artist popularity, 12 with audio features"
    assert lines["Artists"] == "9 with a popularity; names at Spotify: 9 not asked"
    assert re.fullmatch(r"New title 11 \+11, New title 10 \+9, .*, New title 0 -11", lines["Movers"])
    assert lines["Report"] == str(settings.reports_dir / "latest.html")
    assert re.search(rf"^{RUN}  nightly  degraded .* 2026-11-22 03:15:00 +120 ", shown, re.MULTILINE)
    assert shown.startswith(
        "The night for 2026-11-22 was degraded, with 1 finding.\n  It must hold, however it does not\n"
    )
    assert "\n  Readers see the list for 2026-11-22, published 2026-11-22 03:17 UTC (" in shown
    assert re.search(
        r"^warning   a_rule      It must hold, however it does not\. +– +2026-11-22 +1$", shown, re.MULTILINE
    )
    assert re.search(r"^temporal  lightgbm +20 +8\.25 ", shown, re.MULTILINE)
    assert len(shown.splitlines()) <= 46


def test_status_tells_programs_more_than_a_screen_holds(settings: Settings) -> None:
    state = _state(settings)

    judged = {"split": "temporal", "n": 20, "r2": None, "spearman": None, "accuracy_4bin": 0.8}
    judged |= {"accuracy_majority": None, "coverage_90": None}
    of_file = {"file_name": "file.csv", "n_rows": 1, "n_rejected": 0, "loaded_at": "2026-11-02T00:00:00"}
    assert {name: state[name] for name in state if name not in ("published_age_hours", "movers", "trouble")} == {
        "published_problem": None,
        "read_from": "warehouse",
        "is_run_going_on": False,
        "is_synthetic": False,
        "published_at": "2026-11-22T03:17:00",
        "champion": {"model_version": "keras-1", "as_of_date": "2026-11-01", "n_tracks": 120, "reason": "first"},
        "runs": [
            {
                "run_id": RUN, "flow": "nightly", "status": "degraded", "as_of_date": "2026-11-22",
                "started_at": NOW.isoformat(), "seconds": 120.0, "message": None,
            }
        ],
        "findings": [
            {
                "finding_id": f"{RUN}-1", "severity": "warning", "check_name": "a_rule",
                "message": "It must hold, however it does not.", "n_rows": None, "first_seen_date": "2026-11-22",
                "n_nights": 1, "is_acknowledged": False, "note": None, "found_at": NOW.isoformat(),
            }
        ],
        "scoreboard": [
            {"family": "keras", "role": "network", "mae": 8.0, **judged},
            {"family": "lightgbm", "role": "benchmark", "mae": 8.25, **judged},
        ],
        "trust": {"is_trusted": None, "recalibration_id": None, "remarks": []},
        "drift": {"n_features": 1, "n_drifted": 0, "most_drifted": None, "moved": None},
        "coverage": {
            "n_releases": 12, "n_with_artist_popularity": 12, "n_with_audio_features": 12, "n_scored": 12
        },
        "loaded": [{"entity": entity, **of_file} for entity in ("albums", "artists", "releases", "tracks")],
        "backtest": {"n_scores": 12, "mae": 4.0, "covered_share": 1.0},
        "matches": [{"match_state": "not asked", "n_artists": 9, "n_with_popularity": 9}],
        "budgets": [],
    }  # fmt: skip
    assert [row["rank_change"] for row in state["movers"]] == [11, 9, 7, -7, -9, -11]
    assert state["movers"][0] == {
        "rank_change": 11, "rank": 1, "track_id": "newTrack00000000000011", "track_name": "New title 11",
        "artist_name": "Artist 3", "score_change": 14.0,
    }  # fmt: skip


def test_a_file_that_was_withdrawn_is_not_said_to_be_loaded(settings: Settings, tmp_path: Path) -> None:
    later = _copy(settings, tmp_path)
    with warehouse.open_file(later.warehouse, later, read_only=False) as con:
        con.execute(
            "insert into ledger.withdrawals by name select 'now' as run_id, snapshot_id, 'cut' as reason, "
            "loaded_at as withdrawn_at from ledger.loads where entity = 'releases'"
        )

    loaded = json.loads(_run(later, "--json"))["loaded"]

    assert [row["entity"] for row in loaded] == ["albums", "artists", "tracks"]


def test_a_warehouse_of_an_earlier_version_shows_what_is_there(settings: Settings, tmp_path: Path) -> None:
    earlier = _copy(settings, tmp_path)
    with checked_warehouse.opened(earlier) as con:
        con.execute("drop table marts.champion")
        con.execute("alter table marts.model_scoreboard drop column role")
        con.execute("alter table marts.artist_sources drop column match_state")

    state = _state(earlier)

    assert state["champion"] == _state(settings)["champion"]
    assert (state["scoreboard"], state["matches"]) == ([], [])
    assert (len(state["movers"]), state["coverage"]["n_scored"]) == (6, 12)


def test_a_warehouse_that_was_never_built_shows_its_runs(tmp_path: Path) -> None:
    unbuilt = checked_warehouse.make_settings(tmp_path)
    with checked_warehouse.opened(unbuilt) as con:
        ledger.open_run(con, RUN, "load", as_of_date=AS_OF, now=NOW)

    state = _state(unbuilt)

    assert [row["run_id"] for row in state["runs"]] == [RUN]
    assert state["champion"] is state["drift"] is state["coverage"] is state["backtest"] is None
    assert state["movers"] == state["scoreboard"] == state["matches"] == []
    assert re.search("^Champion   none yet$", _run(unbuilt), re.MULTILINE)


def test_a_copied_file_is_as_old_as_the_run_that_published_it(settings: Settings) -> None:
    settings.published.touch()

    assert _state(settings)["published_at"] == "2026-11-22T03:17:00"


def test_a_synthetic_sample_is_named(settings: Settings, tmp_path: Path) -> None:
    made_up = _copy(settings, tmp_path)
    with checked_warehouse.opened(made_up) as con:
        con.execute("update ledger.snapshots set file_name = 'synthetic_tracks.csv'")
        warehouse.publish(con, made_up.published)

    assert "\n\nData       A synthetic sample: its artists and tracks are made up" in _run(made_up)
    assert _state(made_up)["is_synthetic"] is True
    assert exports.list_notes(made_up, "releases")["Data"].startswith("A synthetic sample: ")
    assert "Data" not in exports.list_notes(settings, "releases")


def test_a_readers_file_that_can_not_be_opened_leads(settings: Settings, tmp_path: Path) -> None:
    spoilt = _copy(settings, tmp_path)
    spoilt.published.write_text("no database" * 900)
    spoilt.published.with_name("published.duckdb.wal").touch()

    shown = _run(spoilt)

    assert shown.startswith("Readers can't open their file.\n")
    assert "published.duckdb.wal lies beside it" in shown
    assert re.search("^Published  can't be opened: see above$", shown, re.MULTILINE)


def test_a_run_that_was_killed_leads(settings: Settings, tmp_path: Path) -> None:
    killed = _copy(settings, tmp_path)
    with checked_warehouse.opened(killed) as con:
        ledger.open_run(con, "nightly-2", "nightly", as_of_date=AS_OF, now=datetime(2026, 11, 23, 3, 15))

    assert _run(killed).startswith("The run nightly-2 was ended before it was done.\n")
