"""A small published home with the planted model, for tests of the web page."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest
from checked_warehouse import fill, make_settings, opened, promote
from planted_model import planted_model

from songpop import warehouse
from songpop.estimators import BIN_COLUMNS
from songpop.scoring import model
from songpop.settings import Settings

RELEASE, KNOWN = "newTrack00000000000004", "oldTrack00000000000007"


def publish(settings: Settings, *statements: str) -> None:
    """Publish the small warehouse, whose champion is the planted model, after some statements of a test."""
    if not settings.warehouse.is_file():
        shutil.copytree(_published_home().name, settings.home, dirs_exist_ok=True)
        if not statements:
            return
    with opened(settings) as con:
        for statement in statements:
            con.execute(statement)
        warehouse.publish(con, settings.published)


@cache
def _published_home() -> "tempfile.TemporaryDirectory[str]":
    """Publish the small warehouse in a folder that lasts as long as the process."""
    home = tempfile.TemporaryDirectory()
    settings = make_settings(Path(home.name))
    with opened(settings) as con:
        fill(con)
        promote(con)
        warehouse.publish(con, settings.published)
    return home


def write_held_out(settings: Settings, n: int = 200) -> None:
    """Write held-out tracks into the champion's folder: a range given 30 % or 60 % that comes true as often."""
    folder = settings.models_dir / "keras-1"
    folder.mkdir(parents=True)
    chance = [0.3 if i % 2 else 0.6 for i in range(n)]
    low = [(i // 2) % 10 < (3 if i % 2 else 6) for i in range(n)]
    frame = pl.DataFrame({"popularity": [10 if is_low else 40 for is_low in low], BIN_COLUMNS[0]: chance})
    rest = (1 - pl.col(BIN_COLUMNS[0])).alias(BIN_COLUMNS[1])
    zeros = [pl.lit(0.0).alias(name) for name in BIN_COLUMNS[2:]]
    frame.with_columns(rest, *zeros).write_parquet(folder / "eval_predictions.parquet")
    (folder / "card.md").write_text("# keras-1\n")


def plant_model(patch: pytest.MonkeyPatch) -> None:
    """Let the planted model score."""
    patch.setattr(model, "load_model", lambda folder, threads: planted_model())


def rows_of(settings: Settings, query: str) -> list[tuple[object, ...]]:
    """Query the published file."""
    with duckdb.connect(str(settings.published), read_only=True) as con:
        return con.execute(query).fetchall()
