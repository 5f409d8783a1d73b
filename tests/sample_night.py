"""One night on the embedded sample, which tests look at, or go on from in a copy of its home."""

import fcntl
import shutil
from datetime import date
from pathlib import Path

import pytest
from quick_training import train_quickly

from songpop import warehouse
from songpop.pipeline import night
from songpop.pipeline.load import Inputs
from songpop.settings import Settings

DAY = date(2026, 11, 23)
ROWS = 2_000


def make_settings(home: Path) -> Settings:
    """Return settings of two threads, whose home is a folder of the tests."""
    return Settings.from_env({}, home=home, threads=2, memory_limit="1GB")


def night_home(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Run the night, and return its home; workers that run tests side by side share one.

    Args:
        factory: pytest's own.
        worker_id: of pytest-xdist; `master` where there is one process.
    """
    base = factory.getbasetemp() if worker_id == "master" else factory.getbasetemp().parent
    home, done = base / "night", base / "night.done"
    with (base / "night.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            with pytest.MonkeyPatch.context() as patch:
                train_quickly(patch)
                night.run_night(make_settings(home), Inputs(), as_of_date=DAY, sample_rows=ROWS)
            done.touch()
    return home


def copy_home(home: Path, folder: Path) -> Settings:
    """Return the settings of a copy of the night's home, for a test that changes it."""
    shutil.copytree(home, folder / "home")
    return make_settings(folder / "home")


def published(settings: Settings, query: str) -> list[tuple[object, ...]]:
    """Query the readers' file."""
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        return con.execute(query).fetchall()
