"""The step that checks: what becomes of files, promotions and the run where something does not hold."""

import json
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from checked_warehouse import AS_OF, NOW, RUN, fill, opened

from songpop import ledger, resources, warehouse
from songpop.clock import Clock
from songpop.errors import ExpectationFailed
from songpop.pipeline.check import _MADE_OF_FILES, check
from songpop.pipeline.load import Inputs, load
from songpop.run import open_run
from songpop.settings import Settings


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Return the settings of a warehouse in which everything holds, and whose files a night has checked."""
    with opened(settings) as con:
        fill(con)
        ledger.close_run(con, RUN, "done", now=NOW)
    return settings


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with warehouse.open_file(settings.warehouse, settings, read_only=True) as con:
        return con.execute(query).fetchall()


def _clock() -> Clock:
    """Return a clock of the next day, a second later at each look."""
    seconds = count()

    def now() -> datetime:
        return NOW + timedelta(days=1, seconds=next(seconds))

    return now


def test_a_file_that_fails_its_checks_is_withdrawn_and_the_marts_are_as_before(
    filled: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    with opened(filled) as con:
        columns = "* exclude (snapshot_id, line, extras) replace (0 as popularity)"
        con.execute(f"copy (select {columns} from raw.files__tracks) to '{bad}' (header)")
    before = _rows(filled, "from marts.tracks order by all")

    with (
        pytest.raises(ExpectationFailed, match="Popularity must not fall to nothing"),
        open_run(filled, "nightly", as_of_date=AS_OF, clock=_clock()) as run,
    ):
        load(run, Inputs(tracks=bad))
        assert _rows(filled, "select max(popularity) from marts.tracks") == [(0,)]
        check(run, "inputs")

    assert _rows(filled, "from marts.tracks order by all") == before
    ((snapshot_id,),) = _rows(filled, "select snapshot_id from ledger.withdrawals")
    assert str(snapshot_id).startswith("tracks-2026-11-22-")
    assert f"goes on without: {snapshot_id}. Mend the file" in capsys.readouterr().err
    critical = _rows(filled, "select check_name from ledger.findings where severity = 'critical'")
    assert ("popularity_did_not_collapse",) in critical


def test_scores_that_fail_their_checks_roll_the_promotion_back_and_withdraw_no_file(filled: Settings) -> None:
    with (
        pytest.raises(ExpectationFailed, match="score"),
        open_run(filled, "nightly", as_of_date=AS_OF, clock=_clock()) as run,
    ):
        with run.warehouse() as con:
            con.execute(
                "insert into ledger.promotions by name select 'p' as promotion_id, ? as run_id, "
                "'promoted' as decision, 'second' as challenger, 'keras-1' as previous_champion, 'second' as champion, "
                "'newer' as reason, ?::timestamp as decided_at",
                [run.run_id, run.clock()],
            )
            con.execute("update ledger.scores set score = 777")
        check(run, "scores")

    assert _rows(filled, "select decision, champion from ledger.promotions order by decided_at") == [
        ("promoted", "second"),
        ("rolled back", "keras-1"),
    ]
    assert _rows(filled, "select count(*) from ledger.withdrawals") == [(0,)]


def test_a_finding_about_a_mart_that_files_are_read_into_speaks_against_a_file() -> None:
    phases = {path.stem: json.loads(path.read_text())["meta"]["phase"] for path in resources.suite_paths()}
    of_files = [
        f"marts.{name}"
        for name in warehouse.BUILD_ORDER
        if phases[f"marts.{name}"] == "inputs" and "staging.files__" in resources.sql_path("marts", name).read_text()
    ]

    assert {"marts.tracks", "marts.album_ids"} <= set(of_files)
    assert [name for name in of_files if not name.startswith(_MADE_OF_FILES)] == []


def test_a_release_of_a_genre_that_no_track_has_stops_no_night(filled: Settings) -> None:
    with open_run(filled, "nightly", as_of_date=AS_OF, clock=_clock()) as run:
        with run.warehouse() as con:
            con.execute("update raw.files__releases set genre = 'throat singing' where line = 2")
            con.execute("update ledger.scores set run_id = ?", [run.run_id])
            run.build(con)
        check(run, "scores")

    rows = _rows(filled, "select count(*), count(percentile_in_genre), count(genre) from marts.ranked_releases")
    assert rows == [(12, 11, 12)]
    assert [finding.message for finding in run.findings if finding.severity == "critical"] == []
