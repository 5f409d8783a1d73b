"""The questions of sql/reports that status, the night's report and the quality page share, on a handful of rows."""

from datetime import date, datetime
from typing import Any

import duckdb

from songpop import ledger, queries
from songpop.findings import Finding

_DAY, _BEGAN = date(2026, 11, 22), datetime(2026, 11, 22, 3, 15)


def _list_releases(con: duckdb.DuckDBPyConnection, *changes: tuple[str, int | None]) -> None:
    """Rank releases as they are given, each with what its rank changed by."""
    con.execute(
        'create table marts.ranked_releases (track_id varchar, "rank" integer, previous_rank integer, '
        "rank_change integer, track_name varchar, artist_name varchar, score double, score_change double, "
        "version_number bigint, evidence varchar)"
    )
    for rank, (track_id, change) in enumerate(changes, start=1):
        previous = None if change is None else rank + change
        con.execute(
            "insert into marts.ranked_releases values (?, ?, ?, ?, ?, 'An Artist', ?, 0.0, 1, 'full')",
            [track_id, rank, previous, change, f"Title {track_id}", 60.0 - rank],
        )


def _read(con: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    return queries.read_rows(con, "reports", name, **parameters)


def test_the_releases_that_moved_furthest_stand_risers_first(con: duckdb.DuckDBPyConnection) -> None:
    _list_releases(con, ("a", None), ("b", 1), ("c", 0), ("d", 4), ("e", -2), ("f", -1), ("g", -4))

    movers = _read(con, "movers", limit=1)

    artist = {"artist_name": "An Artist"}
    assert movers == [
        {"rank_change": 4, "rank": 4, "previous_rank": 8, "track_id": "d", "track_name": "Title d", **artist,
         "score": 56.0, "score_change": 0.0},
        {"rank_change": -4, "rank": 7, "previous_rank": 3, "track_id": "g", "track_name": "Title g", **artist,
         "score": 53.0, "score_change": 0.0},
    ]  # fmt: skip


def test_of_movers_that_moved_as_far_the_better_rank_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    _list_releases(con, ("z", 2), ("y", 2), ("b", -2), ("a", -2), ("x", 2))

    assert [row["track_id"] for row in _read(con, "movers", limit=2)] == ["z", "y", "b", "a"]
    assert [row["track_id"] for row in _read(con, "movers", limit=1)] == ["z", "b"]


def test_another_version_and_a_release_of_little_evidence_are_no_movers(con: duckdb.DuckDBPyConnection) -> None:
    _list_releases(con, ("a", 3), ("b", 2), ("c", 1))
    con.execute("update marts.ranked_releases set version_number = 2 where track_id = 'a'")
    con.execute("update marts.ranked_releases set evidence = 'little' where track_id = 'b'")

    assert [row["track_id"] for row in _read(con, "movers", limit=3)] == ["c"]


def test_the_list_and_what_it_leaves_out_make_all_scored_releases(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table marts.ranked_releases as select * from (values ('x', 1), ('x', 1), ('y', null), ('z', 2)) "
        "as rows(recording_id, place)"
    )

    assert _read(con, "list_counts") == [{"n_listed": 2, "n_little": 1, "n_other_versions": 1}]


def test_findings_stand_as_they_were_found_the_critical_ones_first(con: duckdb.DuckDBPyConnection) -> None:
    ledger.open_run(con, "earlier", "nightly", as_of_date=_DAY, now=datetime(2026, 11, 21, 3, 15))
    ledger.open_run(con, "newest", "nightly", as_of_date=_DAY, now=_BEGAN)
    found = [Finding(f"check_{number}", "warning", f"Message {number}.") for number in range(1, 12)]
    ledger.save_findings(con, "earlier", found, now=_BEGAN)
    ledger.save_findings(con, "newest", [*found, Finding("worst", "critical", "Stop.", n_rows=3)], now=_BEGAN)

    rows = _read(con, "findings", limit=12)

    assert rows[0] == {
        "finding_id": "newest-12", "severity": "critical", "check_name": "worst", "message": "Stop.", "n_rows": 3,
        "found_at": _BEGAN,
    }  # fmt: skip
    assert [row["check_name"] for row in rows[1:]] == [finding.check_name for finding in found]


def test_a_release_counts_with_what_is_known_of_it_whether_it_is_scored_or_not(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table marts.releases as from (values ('a', 'Known', 0.4), ('b', 'Known', null), ('c', 'Unknown', 0.5)) "
        "as rows (track_id, artist_key, danceability)"
    )
    con.execute(
        "create table marts.artist_sources as from (values ('Known', 40), ('Unknown', null)) "
        "as rows (artist_key, artist_popularity)"
    )
    con.execute("create table marts.scores as from (values ('a'), ('of an older release')) as rows (track_id)")

    assert _read(con, "release_counts") == [
        {"n_releases": 3, "n_with_artist_popularity": 2, "n_with_audio_features": 2, "n_scored": 1}
    ]


def test_a_file_was_published_by_the_newest_run_that_it_knows(con: duckdb.DuckDBPyConnection) -> None:
    assert _read(con, "published_at") == []
    ledger.open_run(con, "first", "nightly", as_of_date=_DAY, now=_BEGAN)
    assert _read(con, "published_at") == [{"published_at": _BEGAN, "as_of_date": _DAY}]

    ledger.close_run(con, "first", "done", now=datetime(2026, 11, 22, 3, 20))
    assert _read(con, "published_at") == [{"published_at": datetime(2026, 11, 22, 3, 20), "as_of_date": _DAY}]


def test_past_scores_are_held_against_popularity_by_the_age_of_the_release(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table marts.score_backtest as from (values (-1, 4.0, true, 40.0, 38), (7, -2.0, true, 40.0, 44), "
        "(28, 9.0, false, null, 50), (400, 1.0, true, 50.0, 50), (null, 3.0, true, 1.0, 2)) "
        "as rows (age_days, error, covered, benchmark_score, popularity)"
    )

    names = ("age", "n", "mae", "bias", "coverage_90", "benchmark_mae")
    assert _read(con, "backtest_by_age") == [
        dict(zip(names, row, strict=True))
        for row in (
            ("0 to 7", 2, 3.0, 1.0, 1.0, 3.0), ("8 to 28", 1, 9.0, 9.0, 0.0, None), ("over 90", 1, 1.0, 1.0, 1.0, 0.0)
        )
    ]  # fmt: skip
    assert _read(con, "backtest_summary") == [{"n_scores": 5, "mae": 3.8, "covered_share": 0.8}]


def test_intervals_are_judged_for_the_champion_in_each_slice(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table marts.champion as select 'keras-2' as model_version")
    con.execute(
        "create table marts.model_measures as from (values "
        "('keras-2', 'network', 'temporal', 'genre', 'pop', 'coverage_90', 30, 0.9), "
        "('keras-2', 'network', 'temporal', 'genre', 'rock', 'coverage_90', 40, 0.8), "
        "('keras-2', 'network', 'temporal', 'artist', 'new', 'coverage_90', 5, 0.7), "
        "('keras-2', 'network', 'temporal', 'genre', null, 'coverage_90', 9, 0.1), "
        "('keras-2', 'network', 'temporal', 'all', 'all', 'coverage_90', 70, 0.1), "
        "('keras-2', 'network', 'temporal', 'genre', 'pop', 'mae', 30, 0.1), "
        "('keras-2', 'network', 'random', 'genre', 'pop', 'coverage_90', 30, 0.1), "
        "('keras-2', 'benchmark', 'temporal', 'genre', 'pop', 'coverage_90', 30, 0.1), "
        "('keras-1', 'network', 'temporal', 'genre', 'pop', 'coverage_90', 30, 0.1)) "
        "as rows (model_version, role, split, slice, slice_value, metric, n, value)"
    )
    con.execute("alter table marts.model_measures add column low double default 0.5")
    con.execute("alter table marts.model_measures add column high double default 1.0")

    rows = _read(con, "interval_coverage")

    assert [(row["slice"], row["slice_value"], row["n"], float(row["coverage_90"])) for row in rows] == [
        ("artist", "new", 5, 0.7), ("genre", "rock", 40, 0.8), ("genre", "pop", 30, 0.9)
    ]  # fmt: skip
    assert {(row["low"], row["high"]) for row in rows} == {(0.5, 1.0)}


def test_calls_of_a_day_are_counted_with_what_is_closed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into ledger.api_calls by name select 'run' as run_id, number as call_number, service, bucket, "
        "called_at from (values (1, 'spotify', 'search', timestamp '2026-11-21 03:00'), "
        "(2, 'spotify', 'search', timestamp '2026-11-22 03:00')) as rows (number, service, bucket, called_at)"
    )
    con.execute(
        "insert into ledger.api_circuits by name select 'run' as run_id, 'deezer' as service, 'all' as bucket, "
        "'429' as reason, timestamp '2026-11-22 03:00' as opened_at, timestamp '2026-11-22 04:00' as open_until"
    )

    assert _read(con, "call_budgets", now=_BEGAN) == [
        {"service": "deezer", "bucket": "all", "n_calls_24h": 0, "closed_until": datetime(2026, 11, 22, 4)},
        {"service": "spotify", "bucket": "search", "n_calls_24h": 1, "closed_until": None},
    ]
