"""What becomes of promotions when the scores of a run are not kept."""

from datetime import date, datetime

import duckdb

from songpop import ledger
from songpop.pipeline.promote import roll_back, save_promotion
from songpop.run import Run
from songpop.settings import Settings

_NOW = datetime(2026, 11, 23, 3, 15)


def _run(settings: Settings) -> Run:
    return Run(settings, "nightly-1", "nightly", date(2026, 11, 23), clock=lambda: _NOW)


def _promote(con: duckdb.DuckDBPyConnection, run: Run, previous: str | None, champion: str) -> None:
    save_promotion(
        con, run, previous=previous, decision="promoted", challenger=champion, champion=champion, reason="newer"
    )


def test_two_versions_of_one_run_are_rolled_back_to_the_champion_before_both(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    run = _run(settings)
    _promote(con, run, "first", "second")
    _promote(con, run, "second", "third")

    roll_back(con, run, "popularity fell")

    rows = con.execute(
        "select previous_champion, champion, reason from ledger.promotions where decision = 'rolled back' "
        "order by promotion_id"
    ).fetchall()
    assert rows == [
        ("third", "second", "Its scores were not kept: popularity fell"),
        ("second", "first", "Its scores were not kept: popularity fell"),
    ]
    assert ledger.champion_version(con) == "first"
    assert con.execute("select model_version from marts.champion").fetchall() == [("first",)]


def test_the_first_champion_of_all_stays_as_there_is_none_to_go_back_to(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    run = _run(settings)
    _promote(con, run, None, "first")

    roll_back(con, run, "popularity fell")

    assert con.execute("select decision, champion from ledger.promotions").fetchall() == [("promoted", "first")]
