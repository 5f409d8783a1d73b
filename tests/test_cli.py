import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from songpop import warehouse
from songpop.cli import COMMANDS, songpop
from songpop.settings import Settings


def _run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "songpop", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_itself(name: str) -> None:
    result = CliRunner().invoke(songpop, [name, "--help"])

    assert result.exit_code == 0
    assert "Usage: " in result.output
    assert "--home" in result.output


def test_misuse_ends_with_2_and_a_failure_with_1(tmp_path: Path) -> None:
    misused = _run("load", "--home", str(tmp_path))
    wrong_setting = _run("status", "--home", str(tmp_path), "--threads", "0")
    failed = _run("export", "releases", "--home", str(tmp_path))

    assert (misused.returncode, wrong_setting.returncode, failed.returncode) == (2, 2, 1)
    assert "Name a file to load" in misused.stderr
    assert "SONGPOP_THREADS must be at least 1" in wrong_setting.stderr
    assert "must exist to be read" in failed.stderr
    assert "Traceback" not in misused.stderr + wrong_setting.stderr + failed.stderr
    assert misused.stdout + wrong_setting.stdout + failed.stdout == ""


def test_sql_reads_the_published_file_and_cannot_write_it(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.build(con, as_of_date=date(2026, 11, 23), new_release_days=28)
        warehouse.publish(con, settings.published)
    home = str(settings.home)
    before = settings.published.read_bytes()

    counted = CliRunner().invoke(songpop, ["sql", "select 1 as one, 'x' as two", "--format", "json", "--home", home])
    written = _run("sql", "drop table marts.scores", "--home", home)

    assert json.loads(counted.output) == [{"one": 1, "two": "x"}]
    assert written.returncode == 1
    assert "read-only" in written.stderr
    assert settings.published.read_bytes() == before


def test_status_tells_of_the_last_run_and_of_nothing_published(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        con.execute(
            "insert into ledger.runs values ('run-1', 'nightly', 'failed', 'no file', '0.1.0', ?, ?, ?)",
            [date(2026, 11, 23), datetime(2026, 11, 23, 3), datetime(2026, 11, 23, 3, 1)],
        )

    told = CliRunner().invoke(songpop, ["status", "--json", "--home", str(settings.home)])

    state = json.loads(told.output)
    assert state["published_at"] is None
    assert (state["runs"][0]["status"], state["runs"][0]["seconds"], state["champion"]) == ("failed", 60.0, None)


def test_doctor_never_shows_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "a-client-id")
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "a-client-secret")

    shown = CliRunner().invoke(songpop, ["doctor", "--home", str(tmp_path)])

    assert shown.exit_code == 0
    assert "set" in shown.output
    assert "a-client" not in shown.output


def test_the_command_works_from_any_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    done = _run("sample", "--rows", "2000", "--out", "sample", "--as-of", "2026-11-23", cwd=elsewhere)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in (elsewhere / "sample").iterdir()} >= {
        "synthetic_tracks.csv",
        "synthetic_artists.csv",
        "synthetic_albums.csv",
        "synthetic_releases.csv",
    }
