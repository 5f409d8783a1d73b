"""`songpop recalibrate`: shown before it is taken, applied at every door, undone, ended by another version."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import checked_warehouse
import duckdb
import polars as pl
import pytest
from checked_warehouse import AS_OF, opened
from click.testing import CliRunner

from songpop import adjustments
from songpop.adjustments import Recalibration
from songpop.cli import songpop
from songpop.pipeline.promote import save_promotion
from songpop.pipeline.publish import publish
from songpop.pipeline.score import score
from songpop.run import open_run
from songpop.settings import Settings

_LATER = AS_OF + timedelta(days=60)
_N = 150


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def _recalibrate(settings: Settings, *arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(
        songpop, ["recalibrate", *arguments, "--home", str(settings.home), "--as-of", str(_LATER)]
    )
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def seen(toy: Settings, tmp_path: Path) -> Path:
    """Score many songs of one list, and write a file of popularity that lies above their scores, seen two months on."""
    with opened(toy) as con:
        con.execute(
            "insert into raw.files__releases by name select releases.* replace (line + 100 * i as line, "
            "track_id[:-4] || lpad(i::varchar, 4, '0') || '' as track_id, 'Artist ' || i as artist_name, "
            "track_name || ' ' || i as track_name, 'album ' || i as album_id) from raw.files__releases as releases, "
            f"range({_N}) as rows(i) where line = 1"
        )
        con.execute("update raw.files__releases set genre = case when line % 200 < 100 then 'rock' else genre end")
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        with run.warehouse() as con:
            run.build(con)
        score(run)
    path = tmp_path / "seen.csv"
    scored = _rows(toy, "select track_id, score from marts.scores order by track_id")
    lines = [f"{track_id},{min(round(value + 25 + i % 7), 100)},{_LATER}" for i, (track_id, value) in enumerate(scored)]
    path.write_text("\n".join(["track_id,popularity,observed_at", *lines]) + "\n")
    return path


def _score(settings: Settings) -> tuple[str, list[str]]:
    with open_run(settings, "score", as_of_date=_LATER) as run:
        with run.warehouse() as con:
            run.build(con)
        score(run)
        publish(run)
    return run.run_id, [finding.check_name for finding in run.findings]


def test_a_recalibration_is_shown_taken_applied_everywhere_and_undone(toy: Settings, seen: Path) -> None:
    shown = _recalibrate(toy, "--observed", str(seen))
    assert "Nothing is taken yet" in shown.stderr
    assert "mean error, points" in shown.stdout
    assert _rows(toy, "select count(*) from ledger.recalibrations") == [(0,)]

    taken = json.loads(_recalibrate(toy, "--apply", "--json").stdout)
    assert taken["is_taken"]
    assert taken["helps"]
    assert taken["before"]["bias"] < -20
    assert abs(taken["after"]["bias"]) < 5
    assert _rows(toy, "select recalibration_id, decision, mae_before > mae_after from ledger.recalibrations") == [
        (taken["recalibration_id"], "taken", True)
    ]

    run_id, _ = _score(toy)
    query = f"select track_id, score, shipped_score, score_low, score_high from ledger.scores where run_id = '{run_id}'"
    track_id, value, shipped, low, high = _rows(toy, query)[0]
    assert value > shipped + 15
    assert low <= value <= high
    explained = CliRunner().invoke(songpop, ["explain", track_id, "--json", "--home", str(toy.home)])
    document = json.loads(explained.stdout)
    assert document["prediction"]["score"] == pytest.approx(value, abs=1e-3)
    assert document["prediction"]["score_high"] == pytest.approx(high, abs=1e-3)
    assert any(taken["recalibration_id"] in remark for remark in document["remarks"])
    status = json.loads(CliRunner().invoke(songpop, ["status", "--json", "--home", str(toy.home)]).stdout)
    assert status["trust"]["recalibration_id"] == taken["recalibration_id"]

    # fitted anew, it starts from the scores as the model gives them
    again = json.loads(_recalibrate(toy, "--json").stdout)
    assert again["before"] == taken["before"]
    assert again["replaced_id"] == taken["recalibration_id"]

    _recalibrate(toy, "--undo")
    assert _rows(toy, "select count(*) from marts.recalibration") == [(0,)]
    run_id, findings = _score(toy)
    assert "a_recalibration_stays_with_its_model" not in findings
    assert _rows(toy, f"select bool_and(score = shipped_score) from ledger.scores where run_id = '{run_id}'") == [
        (True,)
    ]
    _recalibrate(toy, "--undo", code=1)


def test_popularity_seen_too_soon_after_the_release_is_left_out(toy: Settings, seen: Path) -> None:
    seen.write_text(seen.read_text().replace(str(_LATER), str(AS_OF + timedelta(days=7))))
    done = _recalibrate(toy, "--observed", str(seen), code=1)

    assert isinstance(done.exception, Exception)
    assert "A recalibration must rest on 100 tracks at least, however of 0" in str(done.exception)


def test_what_does_not_surely_help_is_not_taken(toy: Settings, seen: Path) -> None:
    scored = _rows(toy, "select track_id from marts.scores order by track_id")
    # as the tracks that were learned from lie
    lines = [f"{track_id},{i * 29 % 70},{_LATER}" for i, (track_id,) in enumerate(scored)]
    seen.write_text("\n".join(["track_id,popularity,observed_at", *lines]) + "\n")

    done = _recalibrate(toy, "--observed", str(seen), "--apply", code=1)
    assert "must surely help to be taken" in str(done.exception)
    assert _rows(toy, "select count(*) from ledger.recalibrations") == [(0,)]


def test_undo_stands_alone(toy: Settings) -> None:
    _recalibrate(toy, "--undo", "--apply", code=2)


def test_it_ends_when_another_version_is_promoted_and_says_so_once(toy: Settings, seen: Path) -> None:
    taken = json.loads(_recalibrate(toy, "--observed", str(seen), "--apply", "--json").stdout)
    _score(toy)
    ((champion,),) = _rows(toy, "select model_version from marts.champion")
    other = f"{champion}-b"
    (toy.models_dir / other).symlink_to(toy.models_dir / champion)
    with open_run(toy, "promote", as_of_date=_LATER) as run, run.warehouse() as con:
        con.execute(
            "insert into ledger.model_versions by name select * replace (? as model_version) from "
            "ledger.model_versions where model_version = ?",
            [other, champion],
        )
        save_promotion(
            con, run, previous=champion, decision="promoted", challenger=other, champion=other, reason="newer"
        )

    findings = [_score(toy)[1] for _ in range(2)]
    assert ["a_recalibration_stays_with_its_model" in names for names in findings] == [True, False]
    with opened(toy) as con:
        assert adjustments.read_recalibration(con) is None
        message = con.execute(
            "select message from ledger.findings where check_name = 'a_recalibration_stays_with_its_model'"
        ).fetchall()[0][0]
    assert f"{taken['recalibration_id']} has ended" in message


def test_a_promotion_of_a_run_that_failed_ends_nothing(toy: Settings, seen: Path) -> None:
    _recalibrate(toy, "--observed", str(seen), "--apply")
    ((champion,),) = _rows(toy, "select model_version from marts.champion")
    with pytest.raises(RuntimeError), open_run(toy, "nightly", as_of_date=_LATER) as run:
        with run.warehouse() as con:
            for now, before in (("other", champion), (champion, "other")):
                save_promotion(
                    con, run, previous=before, decision="promoted", challenger=now, champion=now, reason="as it goes"
                )
        raise RuntimeError

    with opened(toy) as con:
        assert isinstance(adjustments.read_recalibration(con), Recalibration)


def test_a_list_of_genres_never_learned_is_widened_and_every_surface_says_so(toy: Settings, tmp_path: Path) -> None:
    with opened(toy) as con:
        con.execute("update raw.files__releases set genre = 'polka', artist_name = 'Artist ' || line")
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        with run.warehouse() as con:
            run.build(con)
        result = score(run)
        publish(run)

    caution = "The scores of this list can't be trusted, neither as numbers nor as an order"
    assert result.remarks[0].startswith(caution)
    assert [finding.check_name for finding in run.findings if caution in finding.message] == [
        "releases_are_of_the_world_that_was_learned"
    ]
    assert "songpop recalibrate --observed FILE" in run.findings[0].message
    spread = "spread_low, spread_high"
    low, high = _rows(toy, f"select {spread} from marts.scored_lists where run_id = '{run.run_id}'")[0]
    assert _rows(toy, "select max(score_low) <= ?, min(score_high) >= ? from marts.scores".replace("?", "{}").format(
        low, high
    )) == [(True, True)]  # fmt: skip
    evidence = "bool_or(evidence = 'full'), bool_and(contains(evidence_missing, 'genre'))"
    assert _rows(toy, f"select {evidence} from marts.release_evidence") == [(False, True)]

    def run_command(*arguments: str) -> Any:
        return CliRunner().invoke(songpop, [*arguments, "--home", str(toy.home)])

    assert caution in run_command("export", "releases").stderr
    assert caution in " ".join(run_command("status").stdout.split())
    ((track_id, listed_low),) = _rows(toy, "select track_id, score_low from marts.scores order by track_id limit 1")
    explained = json.loads(run_command("explain", track_id, "--json").stdout)
    assert explained["remarks"][0].startswith(caution)
    assert explained["prediction"]["score_low"] == pytest.approx(listed_low, abs=1e-3)
    book = tmp_path / "list.xlsx"
    run_command("export", "releases", "--out", str(book))
    assert any(caution in str(row) for row in pl.read_excel(book, sheet_id=2, has_header=False).rows())


@pytest.mark.parametrize(("n_artists", "is_trusted"), [(12, False), (4, True)])
def test_a_recalibration_of_another_world_is_not_trusted_on_a_list_like_what_was_learned(
    toy: Settings, n_artists: int, is_trusted: bool
) -> None:
    ((champion,),) = _rows(toy, "select model_version from marts.champion")
    with opened(toy) as con:
        con.execute(f"update raw.files__releases set artist_name = 'Artist ' || line % {n_artists}")
        con.execute(
            "insert into ledger.recalibrations by name select 'r' as recalibration_id, 'run' as run_id, 'taken' as "
            "decision, ? as model_version, 300 as n_tracks, [0.0, 100.0] as from_scores, [20.0, 100.0] as to_scores, "
            "1.0 as margin, true as is_of_other_world, timestamp '2100-01-01' as decided_at",
            [champion],
        )
    with open_run(toy, "score", as_of_date=AS_OF) as run:
        with run.warehouse() as con:
            run.build(con)
        result = score(run)

    caution = "are recalibrated on lists of another world, and this list is as what was learned"
    # too few artists tell nothing against the list
    assert (caution in " ".join(result.remarks)) is not is_trusted
    advised = [finding for finding in run.findings if "songpop recalibrate --undo" in finding.message]
    assert (advised == []) is is_trusted


def test_a_warehouse_of_before_has_scores_that_are_as_shipped(tmp_path: Path) -> None:
    settings = checked_warehouse.make_settings(tmp_path)
    with opened(settings) as con:
        checked_warehouse.fill(con)
        for name in ("shipped_score", "shipped_low", "shipped_high"):
            con.execute(f"alter table ledger.scores drop column {name}")
        for name in ("recalibrations", "scored_lists"):
            con.execute(f"drop table ledger.{name}")
    with opened(settings) as con:
        con.execute(
            "insert into ledger.popularity_observations values ('s', 'newTrack00000000000004', 40, ?)",
            [datetime(2027, 3, 1)],
        )
        checked_warehouse.build(con)
        rows = con.execute("select shipped_score = score, shipped_low = score_low from marts.score_backtest").fetchall()

        assert rows == [(True, True)]
        assert adjustments.read_adjustment(con).is_trusted
