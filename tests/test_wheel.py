"""The installed wheel works from any folder: its SQL, suites, flows and templates travel with it."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def test_an_installed_wheel_loads_and_builds_from_any_folder(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "artists.csv").write_text("artist_name,popularity\nNone,7\n")
    for command in (
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check",
         "--target", str(site), str(tmp_path / "songpop-0.1.0-py3-none-any.whl")],
    ):  # fmt: skip
        subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
    env = os.environ | {"PYTHONPATH": str(site), "SONGPOP_HOME": "state"}
    find = "from songpop import resources as r; print(r.suite_paths()[0], r.flow_path('nightly'))"
    templates = {path.relative_to(_ROOT) for path in (_ROOT / "songpop").rglob("templates/*")}

    loaded = subprocess.run(
        [sys.executable, "-m", "songpop", "load", "--artists", "artists.csv"],
        cwd=elsewhere, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-c", find], cwd=elsewhere, env=env, capture_output=True, text=True, check=True
    )

    assert loaded.returncode == 0, loaded.stderr
    assert (elsewhere / "state" / "warehouse" / "songpop.duckdb").is_file()
    assert {path.relative_to(site) for path in (site / "songpop").rglob("templates/*")} == templates
    assert {path.parts[1] for path in templates} == {"checking", "reporting", "templates", "web"}
    assert all(path.startswith(str(site)) for path in found.stdout.split())
