"""Releases without a date in batch: scored as if out on the as-of date, counted in a note, without an age."""

from pathlib import Path

import duckdb
import pytest
from checked_warehouse import AS_OF, build, fill, opened, promote
from planted_model import DatedNet, planted_model

from songpop.pipeline.load import Inputs, load
from songpop.pipeline.score import score
from songpop.run import open_run
from songpop.scoring import model
from songpop.settings import Settings

_CSV = f"""artist_name,track_name,release_date,year
Artist 1,Dated,{AS_OF},
Artist 1,Undated,,
Artist 1,Old,,1998
"""


@pytest.fixture
def scored(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, list[str]]:
    """Load a file with and without dates, score it with a model to which it matters, and return what was noted."""
    monkeypatch.setattr(model, "load_model", lambda folder, threads: planted_model(DatedNet()))
    path = tmp_path / "new.csv"
    path.write_text(_CSV)
    with opened(settings) as con:
        fill(con)
        promote(con)
    with open_run(settings, "score", as_of_date=AS_OF) as run:
        load(run, Inputs(releases=path))
        score(run)
    notes = [
        found.message
        for found in run.findings
        if (found.check_name, found.severity) == ("releases_have_a_date", "note")
    ]
    return settings, notes


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_release_without_a_date_scores_as_one_of_the_as_of_date(scored: tuple[Settings, list[str]]) -> None:
    rows = _rows(scored[0], "select track_name, round(score, 4), is_date_assumed from marts.ranked_releases")
    scores = {name: score for name, score, _ in rows}

    assert scores["Undated"] == scores["Dated"]
    assert float(str(scores["Old"])) < float(str(scores["Undated"])) - 10
    assert {name for name, _, is_assumed in rows if is_assumed} == {"Undated"}


def test_a_note_counts_the_releases_without_a_date(scored: tuple[Settings, list[str]]) -> None:
    (note,) = scored[1]

    assert "A new release must have a release date or a year, however 1 row breaks this" in note
    assert f"taken_as {AS_OF}" in note


def test_of_a_date_that_is_assumed_no_age_is_told(scored: tuple[Settings, list[str]]) -> None:
    settings = scored[0]
    with opened(settings) as con:
        con.execute(
            "insert into ledger.popularity_observations by name select 'observed' as snapshot_id, track_id, "
            "50 as popularity, ?::timestamp + interval 10 day as observed_at from marts.releases",
            [AS_OF],
        )
        build(con)

    dates = _rows(settings, "select count(release_date), count(*) from marts.rank_history where as_of_date is not null")
    ages = _rows(settings, "select age_days, count(*) from marts.score_backtest group by 1 order by 1")
    assert dates[0][0] == 1
    assert ages == [(10, 1), (None, 2)]
