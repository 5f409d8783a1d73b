"""Scheduling: that a night under Prefect is the one that the command line described."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from songpop import resources
from songpop.errors import SettingsError, SourceUnavailable
from songpop.pipeline.schedule import _free_port, _wait_until_healthy, flow_parameters
from songpop.settings import Settings


@pytest.fixture(scope="module")
def nightly() -> Any:
    from prefect.flows import load_flow_from_entrypoint

    return load_flow_from_entrypoint(f"{resources.flow_path('nightly')}:nightly")


def test_a_scheduled_night_has_the_settings_and_files_given(nightly: Any, tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"SPOTIPY_CLIENT_SECRET": "the-secret"}, home=tmp_path, warehouse="w.duckdb", published="p.duckdb", seed=3,
        threads=2, memory_limit="1GB", retrain_days=9, spotify_market="ES", enrich_deadline="90s",
    )  # fmt: skip
    files = {"tracks": Path("tracks.csv"), "releases": None, "kaggle": True}

    parameters = flow_parameters(settings, retrain="never", sample_rows=None, files=files)
    received = nightly.validate_parameters(json.loads(json.dumps(parameters)))

    assert Settings.from_env({"SPOTIPY_CLIENT_SECRET": "the-secret"}, **received["settings"]) == settings
    assert (received["retrain"], received["kaggle"]) == ("never", True)
    assert (received["tracks"], received["releases"]) == (str(Path("tracks.csv").resolve()), None)
    assert "the-secret" not in json.dumps(parameters)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threads": 0}, "SONGPOP_THREADS must be at least 1"),
        ({"memory_limit": "50%"}, "SONGPOP_MEMORY_LIMIT must be a size"),
        ({"colour": "red"}, "however one is 'colour'"),
    ],
)
def test_the_flow_uses_its_settings(nightly: Any, tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        nightly.fn(home=str(tmp_path), settings=settings)


def test_a_line_that_is_not_of_cron_is_misuse(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "songpop", "schedule", "--cron", "at night", "--home", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "--cron must be a line of five fields" in ended.stderr


def test_a_server_that_has_ended_is_not_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as server:
        server.wait()
        with pytest.raises(SourceUnavailable, match="Prefect server must answer"):
            _wait_until_healthy(server, f"http://127.0.0.1:{_free_port()}/api/health")
