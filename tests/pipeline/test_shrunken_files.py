"""A file that is a part of the one before it: a night stops there, and whoever loads one by hand is told."""

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from checked_warehouse import AS_OF, NOW, RUN, fill, make_settings, opened

from songpop import ledger, warehouse
from songpop.checking import sql_checks
from songpop.errors import ExpectationFailed
from songpop.findings import Finding
from songpop.pipeline.check import check
from songpop.pipeline.load import Inputs, load
from songpop.run import open_run
from songpop.settings import Settings

Give = Callable[..., list[Finding]]


def _fill(settings: Settings) -> None:
    """Fill a warehouse whose files a night has passed, and that knows of no releases file yet."""
    with opened(settings) as con:
        fill(con)
        con.execute("delete from ledger.loads where entity = 'releases'")
        ledger.close_run(con, RUN, "done", now=NOW)


def _giver(home: Path, folder: Path, n_before: int = 0) -> Give:
    """Return what gives a run a file of releases, and says what is odd about it beside the one before."""
    days, numbers = count(n_before + 1), count(n_before + 1)

    def give(
        n_rows: int, *, flow: str = "nightly", first: int = 0, day: date = AS_OF, header: str = "energy",
        file: Path | None = None, share: float = 0.5,
    ) -> list[Finding]:  # fmt: skip
        path = file or folder / f"new-{next(numbers)}.csv"
        if file is None:
            _write(path, range(first, first + n_rows), header)
        settings = Settings.from_env({}, home=home, threads=1, max_shrink_share=share)
        began = NOW + timedelta(days=next(days))
        seconds = count()
        with open_run(settings, flow, as_of_date=day, clock=lambda: began + timedelta(seconds=next(seconds))) as run:
            load(run, Inputs(releases=path))
            with run.warehouse() as con:
                return sql_checks.check_new_files(con, settings, run.run_id, day)

    return give


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Return the settings of such a warehouse."""
    _fill(settings)
    return settings


@pytest.fixture
def give(filled: Settings, tmp_path: Path) -> Give:
    """Return what gives it files."""
    return _giver(filled.home, tmp_path)


@pytest.fixture(scope="module")
def home_of_40(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give such a warehouse a file of 40 releases."""
    home = tmp_path_factory.mktemp("home")
    _fill(make_settings(home))
    _giver(home, home)(40)
    return home


@pytest.fixture
def give_next(home_of_40: Path, tmp_path: Path) -> Give:
    """Return what gives files to a copy of that one, after those 40."""
    shutil.copytree(home_of_40, tmp_path, dirs_exist_ok=True)
    return _giver(tmp_path, tmp_path, 1)


def _write(path: Path, numbers: range, header: str = "energy") -> None:
    lines = [f"Singer {i},Tune {i},2026-11-{10 + i % 9},0.{1 + i % 8}" for i in numbers]
    path.write_text("\n".join([f"artist_name,track_name,release_date,{header}", *lines]) + "\n")


def _told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.check_name, finding.severity) for finding in findings]


def test_a_night_does_not_take_a_cut_file_for_a_short_one(give_next: Give) -> None:
    (finding,) = give_next(2)

    assert (finding.check_name, finding.severity) == ("snapshot_did_not_shrink", "critical")
    assert "however new-2.csv has 2 rows, and new-1.csv before it had 40." in finding.message
    assert "--max-shrink-share 1" in finding.message


def test_a_file_that_is_given_again_or_is_shorter_by_a_third_is_nothing_new(give: Give, tmp_path: Path) -> None:
    assert give(40) == []
    assert give(40, file=tmp_path / "new-1.csv") == []
    assert give(27, first=13) == []
    assert give(60, first=500, day=date(2026, 12, 2)) == []


def test_a_short_file_that_was_said_to_be_right_is_the_measure_from_then_on(give_next: Give, tmp_path: Path) -> None:
    assert _told(give_next(5, share=1)) == [("snapshot_did_not_shrink", "note")]
    assert give_next(5, file=tmp_path / "new-2.csv") == []
    assert give_next(6, first=2) == []
    assert _told(give_next(2)) == [("snapshot_did_not_shrink", "warning")]


def test_whoever_scores_a_few_songs_by_hand_is_told_and_not_stopped(give_next: Give) -> None:
    assert _told(give_next(3, flow="score")) == [("snapshot_did_not_shrink", "warning")]


def test_a_run_by_hand_keeps_what_is_odd_about_its_file(filled: Settings, tmp_path: Path) -> None:
    for number, n_rows in enumerate((40, 3)):
        _write(tmp_path / f"{number}.csv", range(n_rows))
        with open_run(filled, "load", as_of_date=AS_OF) as run:
            load(run, Inputs(releases=tmp_path / f"{number}.csv"))

    assert _told(run.findings) == [("snapshot_did_not_shrink", "warning")]
    with warehouse.open_file(filled.warehouse, filled, read_only=True) as con:
        assert con.execute("select status from ledger.runs where run_id = ?", [run.run_id]).fetchall() == [
            ("degraded",)
        ]


def test_a_column_that_lost_its_values_stops_a_night(give_next: Give) -> None:
    (finding,) = give_next(40, header="vigour")

    assert (finding.check_name, finding.severity) == ("no_column_went_blank", "critical")
    assert "energy of new-2.csv has a value in 0 of 40 rows, 100 % fewer than before" in finding.message


def test_another_list_that_lacks_a_column_is_told_and_stops_no_night(give_next: Give) -> None:
    told = _told(give_next(40, first=500, header="vigour", day=date(2026, 12, 2)))

    assert told == [("no_column_went_blank", "warning")]


def test_releases_of_this_week_that_are_gone_are_told(give: Give) -> None:
    give(40, day=date(2026, 11, 18))

    assert _told(give(40, first=500, day=date(2026, 11, 19))) == [("known_ids_stay", "warning")]
    # ten days later another list is what one expects
    assert give(40, first=900, day=date(2026, 11, 28)) == []


def test_a_night_for_an_earlier_day_is_not_held_against_a_later_one(give_next: Give) -> None:
    assert give_next(12, day=AS_OF - timedelta(days=30)) == []


def test_a_sample_is_not_held_against_real_files(give_next: Give, tmp_path: Path) -> None:
    _write(tmp_path / "synthetic_releases.csv", range(700, 702))

    assert give_next(2, file=tmp_path / "synthetic_releases.csv") == []


def test_a_part_of_the_sample_is_held_against_it_by_whatever_name(give: Give, tmp_path: Path) -> None:
    _write(tmp_path / "synthetic_releases.csv", range(40))
    give(40, file=tmp_path / "synthetic_releases.csv")

    assert _told(give(2)) == [("snapshot_did_not_shrink", "critical")]
    # songs of one's own are no part of it
    assert give(2, first=900) == []


def test_a_night_goes_on_without_the_cut_file_and_with_the_others(filled: Settings, tmp_path: Path) -> None:
    releases, tracks, artists = (tmp_path / f"{name}.csv" for name in ("releases", "tracks", "artists"))
    with opened(filled) as con:
        columns = "* exclude (snapshot_id, line, extras)"
        con.execute(f"copy (select {columns} from raw.files__tracks) to '{tracks}' (header)")
        con.execute(f"copy (select {columns} from raw.files__artists) to '{artists}' (header)")
    seconds = count()

    def clock() -> datetime:
        return NOW + timedelta(days=1, seconds=next(seconds))

    for n_rows in (40, 2):
        _write(releases, range(n_rows))
        with open_run(filled, "nightly", as_of_date=AS_OF, clock=clock) as run:
            load(run, Inputs(releases=releases, tracks=tracks, artists=artists))
            if n_rows == 40:
                check(run, "inputs")
                continue
            with pytest.raises(ExpectationFailed, match=r"releases\.csv has 2 rows, and releases\.csv before it"):
                check(run, "inputs")

    with warehouse.open_file(filled.warehouse, filled, read_only=True) as con:
        withdrawn = con.execute("select snapshot_id from ledger.withdrawals").fetchall()
        assert [snapshot_id.split("-")[0] for (snapshot_id,) in withdrawn] == ["releases"]
        assert con.execute("select count(*) from marts.releases").fetchall() == [(40,)]
