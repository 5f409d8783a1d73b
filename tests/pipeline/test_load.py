"""The step that loads files: what it refuses, and what a run has after it."""

from datetime import date
from pathlib import Path

import pytest

from songpop import warehouse
from songpop.errors import SettingsError
from songpop.pipeline.load import Inputs, load
from songpop.run import open_run
from songpop.settings import Settings

_DAY = date(2026, 11, 23)
_TRACKS = "track_id,artist_name,track_name,popularity{more_names}\n0000000000000000000001,One,Song,50{more}\n"


def _write(path: Path, *, more_names: str = "", more: str = "") -> Path:
    path.write_text(_TRACKS.format(more_names=more_names, more=more))
    return path


def _load(settings: Settings, inputs: Inputs) -> None:
    with open_run(settings, "load", as_of_date=_DAY) as run:
        load(run, inputs)


@pytest.mark.parametrize(("first", "second"), [("synthetic_tracks.csv", "mine.csv"), ("mine.csv", "synthetic_2.csv")])
def test_synthetic_and_real_tracks_do_not_meet(settings: Settings, tmp_path: Path, first: str, second: str) -> None:
    _load(settings, Inputs(tracks=_write(tmp_path / first)))

    with pytest.raises(SettingsError, match=rf"must have a warehouse each, however .* holds {first} and .* {second}"):
        _load(settings, Inputs(tracks=_write(tmp_path / second)))


def test_the_kaggle_file_does_not_meet_a_synthetic_one(settings: Settings, tmp_path: Path) -> None:
    _load(settings, Inputs(tracks=_write(tmp_path / "synthetic_tracks.csv")))

    with pytest.raises(SettingsError, match=r"holds synthetic_tracks\.csv and is to load the Kaggle file"):
        _load(settings, Inputs(kaggle=True))


def test_two_tracks_files_in_one_run_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must load one tracks file"):
        _load(settings, Inputs(tracks=tmp_path / "mine.csv", kaggle=True))


def test_a_load_builds_the_marts_and_its_findings_degrade_the_run(settings: Settings, tmp_path: Path) -> None:
    _load(settings, Inputs(tracks=_write(tmp_path / "mine.csv", more_names=",mood", more=",blue")))

    with warehouse.open_file(settings.warehouse, settings, read_only=True) as con:
        assert con.execute("select track_name, popularity from marts.tracks").fetchall() == [("Song", 50)]
        assert con.execute("select check_name, severity from ledger.findings").fetchall() == [
            ("columns_are_known", "warning")
        ]
        assert con.execute("select flow, status from ledger.runs").fetchall() == [("load", "degraded")]
