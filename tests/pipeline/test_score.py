"""The step that scores: what it leaves in the ledger, and what it does where there is nothing to score or no model."""

import duckdb
import pytest
from checked_warehouse import AS_OF, opened

from songpop.errors import ModelError
from songpop.pipeline.score import score
from songpop.run import open_run
from songpop.settings import Settings


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_every_new_release_is_scored_by_the_champion_and_ranked(toy: Settings) -> None:
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        result = score(run)

    champion = result.model_version
    assert _rows(
        toy,
        "select count(*), count(distinct track_id), min(model_version), min(as_of_date), count(drivers), "
        "count(benchmark_score), bool_and(score between score_low and score_high), "
        "bool_and(score_mean between 0 and 100), bool_and(family in ('histogram', 'blend')) "
        f"from ledger.scores where run_id = '{run.run_id}'",
    ) == [(12, 12, champion, AS_OF, 12, 12, True, True, True)]
    assert _rows(
        toy,
        "select count(*), min(model_version), count(score_mean), bool_and(family in ('histogram', 'blend')) "
        "from marts.ranked_releases",
    ) == [(12, champion, 12, True)]
    assert result.n_scored == 12


def test_how_releases_lie_beside_what_was_learned_is_kept(toy: Settings) -> None:
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        score(run)

    assert run.findings == []
    rows = _rows(toy, f"select feature, kind, n_releases from ledger.drift where run_id = '{run.run_id}'")
    assert ("score", "score", 12) in rows
    assert ("tempo", "input", 12) in rows


def test_no_new_release_is_a_finding_and_not_a_failure(toy: Settings) -> None:
    with opened(toy) as con:
        con.execute("delete from ledger.loads where entity = 'releases'")
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        with run.warehouse() as con:
            run.build(con)
        result = score(run)

    assert result.n_scored == 0
    assert [finding.check_name for finding in run.findings] == ["there_is_a_new_release"]
    assert _rows(toy, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("degraded",)]


def test_a_champion_that_is_not_complete_scores_nothing(toy: Settings) -> None:
    ((champion,),) = _rows(toy, "select model_version from marts.champion")
    (toy.models_dir / str(champion) / "benchmark.txt").write_text("tree\n")
    before = _rows(toy, "select count(*) from ledger.scores")

    with (
        pytest.raises(ModelError, match=rf"of '{champion}' can't be read"),
        open_run(toy, "score", as_of_date=AS_OF) as run,
    ):
        score(run)

    assert _rows(toy, "select count(*) from ledger.scores") == before


def test_a_release_is_scored_once_a_run(toy: Settings) -> None:
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        score(run)
    with open_run(toy, "score", as_of_date=AS_OF) as again:
        score(again)

    n_of_run = "select count(*) from ledger.scores where run_id = '{}'"
    assert [_rows(toy, n_of_run.format(one.run_id)) for one in (run, again)] == [[(12,)], [(12,)]]
    assert _rows(toy, "select count(*), min(run_id) from marts.scores") == [(12, again.run_id)]
