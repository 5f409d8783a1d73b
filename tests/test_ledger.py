from datetime import date, datetime

import duckdb
import polars as pl
import pytest

from songpop import ledger
from songpop.errors import WarehouseError
from songpop.estimators.picks import measure_records
from songpop.findings import Finding

_DAY = date(2026, 11, 23)
_NOW = datetime(2026, 11, 23, 3, 15)


def test_a_run_is_opened_once_and_closed_once(con: duckdb.DuckDBPyConnection) -> None:
    ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)
    ledger.close_run(con, "run", "failed", now=_NOW, message="no file")
    ledger.close_run(con, "run", "done", now=_NOW)

    assert con.execute("select status, message, finished_at from ledger.runs").fetchall() == [
        ("failed", "no file", _NOW)
    ]


def test_findings_are_numbered_through_a_run_and_keep_five_examples(con: duckdb.DuckDBPyConnection) -> None:
    finding = Finding("a_rule", "warning", "must, however", "marts.tracks", n_rows=9, example_keys=list("abcdefghi"))

    ledger.save_findings(con, "run", [finding], now=_NOW)
    ledger.save_findings(con, "run", [finding, finding], now=_NOW)

    rows = con.execute("select finding_id, example_keys from ledger.findings order by finding_id").fetchall()
    assert rows == [(f"run-{number}", list("abcde")) for number in (1, 2, 3)]


def test_the_champion_is_what_the_newest_promotion_says(con: duckdb.DuckDBPyConnection) -> None:
    assert ledger.champion_version(con) is None
    for number, champion in enumerate(("first", "second", "first")):
        ledger.save_promotion(
            con,
            {
                "promotion_id": str(number),
                "run_id": "run",
                "decision": "promoted",
                "challenger": champion,
                "champion": champion,
                "reason": "",
                "decided_at": datetime(2026, 11, 20 + number),
            },
        )

    assert ledger.champion_version(con) == "first"


def test_the_record_of_a_versions_singles_is_kept_with_it(con: duckdb.DuckDBPyConnection) -> None:
    version = {
        "model_version": "m", "run_id": "run", "family": "keras", "seed": 0, "n_tracks": 9, "data_snapshot_ids": [],
        "data_sha256": "a", "weights_sha256": "b", "as_of_date": date(2026, 11, 22),
        "registered_at": datetime(2026, 11, 22),
    }  # fmt: skip
    songs = pl.DataFrame(
        {
            "album_id": ["x", "x"], "track_id": ["1", "2"], "seed": [0, 0], "evidence": ["full", "some"],
            "p_best": [0.8, 0.2], "score": [50.0, 40.0], "popularity": [60.0, 30.0],
        }
    )  # fmt: skip
    ledger.save_model(con, version, [], (), measure_records(songs))

    rows = con.execute(
        "select model_version, size_class, evidence, n_albums, right_share, chance_share, lift, n_clear, is_known "
        "from ledger.single_records where n_albums > 0 order by size_class, evidence"
    ).fetchall()
    assert rows == [
        ("m", size, evidence, 1, 1.0, 0.5, 2.0, 1, False) for size in ("2", "any") for evidence in ("any", "full")
    ]


def test_a_run_scores_a_track_once(con: duckdb.DuckDBPyConnection) -> None:
    scores = pl.DataFrame({"run_id": ["run"], "track_id": ["track"], "model_version": ["m"], "as_of_date": [_DAY]})
    scores = scores.with_columns(
        *(pl.lit(1.0).alias(name) for name in ("score", "score_low", "score_high")),
        *(pl.lit(0.25).alias(name) for name in ("p_0_25", "p_26_50", "p_51_75", "p_76_100")),
        scored_at=pl.lit(_NOW),
    )
    ledger.save_scores(con, scores)

    with pytest.raises(WarehouseError, match="must score a track once, however 1 were"):
        ledger.save_scores(con, scores)
    assert con.execute("select track_id, p_best from ledger.scores").fetchall() == [("track", None)]
