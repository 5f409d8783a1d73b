import json
import re
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import checked_warehouse
import click
import duckdb
import pytest
from click.testing import CliRunner

from songpop import ledger, warehouse
from songpop.cli import COMMANDS, main, songpop
from songpop.cli.options import run_options
from songpop.run import open_run
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


def test_a_value_that_a_query_cannot_compute_is_said_in_words(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)

    failed = _run("sql", "select cast('one' || table_name as int) from duckdb_tables()", "--home", str(settings.home))

    assert failed.returncode == 1
    assert "The statement must be a query on the published file, however: Conversion Error" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), duckdb.IOException("disk full")])
def test_what_the_machine_refuses_is_one_sentence(failure: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def fail() -> None:
        raise failure

    with pytest.raises(SystemExit) as ended:
        main(fail, [])

    assert ended.value.code == 1
    assert f"can't go on, as the machine or DuckDB said ({type(failure).__name__}): " in capsys.readouterr().err


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    @click.command()
    def fail() -> None:
        raise KeyError("track_id")

    with pytest.raises(KeyError):
        main(fail, [])


@pytest.mark.parametrize("name", ["load", "check", "enrich", "train", "score", "publish", "nightly", "schedule"])
def test_every_setting_but_the_keys_is_an_option(name: str) -> None:
    told = CliRunner().invoke(songpop, [name, "--help"]).output

    options = set(re.findall(r"--[a-z-]+", told))
    wanted = {f"--{setting.replace('_', '-')}" for setting in Settings.from_env({}).to_options()}
    assert wanted <= options
    assert not options & {"--spotify-client-id", "--spotify-client-secret", "--notify-command", "--notify-url"}


def test_enrich_says_where_keys_are_read() -> None:
    told = CliRunner().invoke(songpop, ["enrich", "--help"]).output

    assert "keys are read from the environment only" in " ".join(told.split())


def test_the_day_is_that_of_the_machine_unless_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @run_options
    def tell(settings: Settings, as_of_date: date) -> None:
        click.echo(as_of_date)

    def told(zone: str, *arguments: str) -> date:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        return date.fromisoformat(CliRunner().invoke(tell, ["--home", str(tmp_path), *arguments]).output.strip())

    try:
        # 26 hours apart: never the same day
        assert told("Etc/GMT-14") > told("Etc/GMT+12")
        assert told("Etc/GMT-14", "--as-of", "2026-11-23") == date(2026, 11, 23)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_publish_tells_what_it_published(settings: Settings) -> None:
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        ledger.close_run(con, checked_warehouse.RUN, "done", now=checked_warehouse.NOW)
    arguments = ["--home", str(settings.home), "--as-of", str(checked_warehouse.AS_OF), "--json"]

    told = CliRunner().invoke(songpop, ["publish", *arguments])

    result = json.loads(told.stdout)
    assert sorted(result) == ["path", "published_at", "run_id"]
    assert (result["path"], result["run_id"][:8]) == (str(settings.published), "publish-")
    assert datetime.fromisoformat(result["published_at"])


def test_status_says_that_a_run_is_going_on(settings: Settings) -> None:
    with open_run(settings, "nightly", as_of_date=date(2026, 11, 23)) as run:
        with run.warehouse() as con:
            warehouse.publish(con, settings.published)
        told = CliRunner().invoke(songpop, ["status", "--home", str(settings.home)])
        state = json.loads(CliRunner().invoke(songpop, ["status", "--json", "--home", str(settings.home)]).output)

    assert "A run is going on" in told.output
    assert (state["is_run_going_on"], state["read_from"]) == (True, "published file")


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


def test_doctor_tells_of_a_log_beside_the_published_file(tmp_path: Path) -> None:
    wal = tmp_path / "warehouse" / "published.duckdb.wal"
    wal.parent.mkdir()
    wal.touch()

    shown = CliRunner().invoke(songpop, ["doctor", "--json", "--home", str(tmp_path)])

    rows = {row["what"]: row for row in json.loads(shown.stdout)}
    assert shown.exit_code == 1
    assert rows["published file's log"]["ok"] is False
    assert "`songpop publish` puts the log away" in rows["published file's log"]["seen"]


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
