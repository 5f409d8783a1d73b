"""Each mart on a handful of rows."""

from datetime import date, datetime
from typing import Any

import duckdb
import numpy as np
import pytest

from songpop import ledger, queries, warehouse
from songpop.albums.verdict import read_records, record_of
from songpop.published.list_definition import Filters
from songpop.scoring.album_picks import verdict_of

_DAY = date(2026, 11, 23)
_NOW = datetime(2026, 11, 23, 3)


def _snapshot(
    con: duckdb.DuckDBPyConnection, snapshot_id: str, entity: str, day: date, loaded_at: datetime = _NOW
) -> None:
    con.execute(
        "insert into ledger.snapshots values (?, ?, 'file.csv', 'sha', 'run', 1, 0, [], ?, ?)",
        [snapshot_id, entity, day, loaded_at],
    )
    con.execute("insert into ledger.loads values ('run', ?, ?, true, ?)", [snapshot_id, entity, loaded_at])


def _insert(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    columns = ", ".join(f'"{name}"' for name in values)
    con.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(values))})", list(values.values()))


def _track(con: duckdb.DuckDBPyConnection, snapshot_id: str, track_id: str, popularity: int, artist: str = "A") -> None:
    _insert(
        con, "raw.files__tracks", snapshot_id=snapshot_id, line=2, track_id=track_id, artist_name=artist,
        track_name="Title", popularity=popularity, year=2020, genre="pop", danceability=0.5,
    )  # fmt: skip


def _release(con: duckdb.DuckDBPyConnection, snapshot_id: str, track_id: str, **values: Any) -> None:
    row = {"artist_name": "A", "track_name": "New", "line": 2} | values
    _insert(con, "raw.files__releases", snapshot_id=snapshot_id, track_id=track_id, **row)


def _score(
    con: duckdb.DuckDBPyConnection, run_id: str, track_id: str, score: float, at: datetime, **values: Any
) -> None:
    row = {
        "model_version": "m", "score": score, "score_low": score - 9, "score_high": score + 9, "p_0_25": 1.0,
        "p_26_50": 0.0, "p_51_75": 0.0, "p_76_100": 0.0, "as_of_date": at.date(), "scored_at": at,
    }  # fmt: skip
    _insert(con, "ledger.scores", run_id=run_id, track_id=track_id, **(row | values))


def _build(con: duckdb.DuckDBPyConnection) -> None:
    warehouse.build(con, as_of_date=_DAY, new_release_days=28)


def test_a_track_is_what_the_newest_snapshot_that_holds_it_says(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "old", "tracks", date(2026, 1, 1), datetime(2026, 1, 1))
    _snapshot(con, "new", "tracks", date(2026, 6, 1), datetime(2026, 6, 1))
    _track(con, "old", "both", 10)
    _track(con, "old", "only-old", 20)
    _track(con, "new", "both", 30)
    _build(con)

    rows = con.execute(
        "select track_id, popularity, popularity_date, snapshot_id from marts.tracks order by 1"
    ).fetchall()
    assert rows == [("both", 30, date(2026, 6, 1), "new"), ("only-old", 20, date(2026, 1, 1), "old")]


def test_an_unknown_artist_popularity_is_null_and_a_zero_stays_zero(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "tracks", "tracks", _DAY)
    _snapshot(con, "artists", "artists", _DAY)
    for number, artist in enumerate(("None", "Zero", "Björk", "Nobody")):
        _track(con, "tracks", str(number), 10, artist)
    for line, (artist, popularity) in enumerate((("None", 7), ("Zero", 0), ("BJORK", 70))):
        _insert(con, "raw.files__artists", snapshot_id="artists", line=line, artist_name=artist, popularity=popularity)
    _build(con)

    rows = con.execute(
        "select artist_name, artist_popularity, popularity_source, match_method, n_tracks from marts.artists order by 1"
    ).fetchall()
    assert rows == [
        ("Björk", 70, "artists_file", "folded_name", 1),
        ("Nobody", None, None, None, 1),
        ("None", 7, "artists_file", "exact_name", 1),
        ("Zero", 0, "artists_file", "exact_name", 1),
    ]


def test_two_artists_that_differ_in_accents_lend_their_popularity_to_nobody(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "tracks", "tracks", _DAY)
    _snapshot(con, "artists", "artists", _DAY)
    _track(con, "tracks", "t", 10, "Zoe")
    for line, artist in enumerate(("Zoé", "Zoë")):
        _insert(con, "raw.files__artists", snapshot_id="artists", line=line, artist_name=artist, popularity=50)
    _build(con)

    assert con.execute("select artist_popularity from marts.artists").fetchall() == [(None,)]


def test_an_album_gives_its_tracks_date_size_and_year(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "tracks", "tracks", _DAY)
    _snapshot(con, "albums", "albums", _DAY)
    _track(con, "tracks", "t", 10)
    for track_id in ("t", "other"):
        _insert(
            con, "raw.files__albums", snapshot_id="albums", line=2, track_id=track_id, album_id="album",
            album_name="LP", release_date="2019-07",
        )  # fmt: skip
    _build(con)

    query = 'select album_name, release_date, release_date_precision, n_album_tracks, "year" from marts.tracks'
    assert con.execute(query).fetchall() == [("LP", date(2019, 7, 1), "month", 2, 2020)]


def _album(con: duckdb.DuckDBPyConnection, snapshot_id: str, line: int, track_id: str, album_id: str | None) -> None:
    _insert(
        con, "raw.files__albums", snapshot_id=snapshot_id, line=line, track_id=track_id, album_id=album_id,
        album_name="LP", release_date="2026-11-20",
    )  # fmt: skip


def test_an_albums_size_counts_its_tracks_of_the_albums_files_and_the_newest_releases_file(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for number, snapshot_id in enumerate(("old", "new"), start=1):
        _snapshot(con, f"albums-{snapshot_id}", "albums", _DAY, datetime(2026, 11, number))
        _snapshot(con, f"releases-{snapshot_id}", "releases", _DAY, datetime(2026, 11, number))
    # the newest albums file has moved one track to another album
    for snapshot_id, album_id in (("albums-old", "first"), ("albums-new", "second")):
        _album(con, snapshot_id, 2, "moved", album_id)
    _album(con, "albums-old", 3, "kept", "first")
    _album(con, "albums-new", 3, "single", None)
    # the newest releases file has one track that an albums file has too, and one of its own
    for track_id in ("kept", "coming"):
        _release(con, "releases-new", track_id, album_id="first")
    _release(con, "releases-old", "gone", album_id="first")
    _build(con)

    rows = con.execute("select album_id, n_album_tracks from marts.album_sizes order by 1").fetchall()
    assert rows == [("first", 2), ("second", 1)]


@pytest.mark.parametrize("reason", ["withdrawn", "known only later"])
def test_an_albums_file_that_does_not_count_changes_no_albums_size(con: duckdb.DuckDBPyConnection, reason: str) -> None:
    _snapshot(con, "tracks", "tracks", _DAY)
    _snapshot(con, "albums", "albums", _DAY, datetime(2026, 11, 1))
    _snapshot(con, "releases", "releases", _DAY)
    _snapshot(con, "other", "albums", _DAY if reason == "withdrawn" else date(2026, 11, 24), datetime(2026, 11, 2))
    if reason == "withdrawn":
        con.execute("insert into ledger.withdrawals values ('other', 'run', 'no such album', '2026-11-03')")
    _track(con, "tracks", "t", 10)
    _album(con, "albums", 2, "t", "album")
    _release(con, "releases", "new", album_id="album")
    for line in range(2, 6):
        _album(con, "other", line, f"never-{line}", "album")
    _build(con)

    assert con.execute("select album_id, n_album_tracks from marts.tracks").fetchall() == [("album", 2)]
    assert con.execute("select album_id, n_album_tracks from marts.releases").fetchall() == [("album", 2)]


@pytest.mark.parametrize(("n_told", "n_album_tracks"), [(9, 9), (None, 3)])
def test_an_album_that_a_service_found_has_the_size_that_it_tells_or_what_was_found_of_it(
    con: duckdb.DuckDBPyConnection, n_told: int | None, n_album_tracks: int
) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    _release(con, "releases", "in-file", album_id="album")
    for track_id in ("one", "two"):
        _insert(
            con, "raw.spotify__releases", run_id="run", track_id=track_id, artist_name="A", track_name=track_id,
            release_date="2026-11-20", album_id="album", total_tracks=n_told, fetched_at=_NOW, expires_at=_NOW,
            market="US", found_by="new_releases",
        )  # fmt: skip
    _build(con)

    rows = con.execute("select track_id, n_album_tracks from marts.releases order by 1").fetchall()
    assert rows == [("in-file", 3), ("one", n_album_tracks), ("two", n_album_tracks)]


def test_every_row_of_the_newest_releases_file_is_a_release_whatever_its_date(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "first", "releases", _DAY, datetime(2026, 11, 1))
    _snapshot(con, "second", "releases", _DAY, datetime(2026, 11, 2))
    _release(con, "first", "gone")
    _release(con, "second", "old", release_date="2012-01-31", danceability=0.5)
    _release(con, "second", "undated")
    _build(con)

    rows = con.execute(
        "select track_id, release_age_days, feature_source, release_source from marts.releases order by 1"
    ).fetchall()
    assert rows == [
        ("old", (_DAY - date(2012, 1, 31)).days, "releases_file", "releases_file"),
        ("undated", None, "none", "releases_file"),
    ]


def test_a_release_without_a_date_and_a_year_is_out_on_the_as_of_date_and_marked(
    con: duckdb.DuckDBPyConnection,
) -> None:
    _snapshot(con, "file", "releases", _DAY)
    _release(con, "file", "dated", release_date="2026-11-02")
    _release(con, "file", "of-a-month", release_date="2026-11", line=3)
    _release(con, "file", "of-a-year", year=2019, line=4)
    _release(con, "file", "undated", line=5)
    _build(con)

    columns = "release_date, release_date_precision, year, is_date_assumed, release_age_days"
    rows = con.execute(f"select track_id, {columns} from marts.releases order by 1").fetchall()
    assert rows == [
        ("dated", date(2026, 11, 2), "day", 2026, False, 21),
        ("of-a-month", date(2026, 11, 1), "month", 2026, False, 22),
        ("of-a-year", None, None, 2019, False, None),
        ("undated", _DAY, "day", 2026, True, None),
    ]
    assert con.execute(
        "select track_id from marts.release_evidence where contains(evidence_missing, 'release date') order by 1"
    ).fetchall() == [("of-a-year",), ("undated",)]
    titles = con.execute("select track_id, release_date from marts.release_titles where track_id = 'undated'")
    assert titles.fetchall() == [("undated", None)]


@pytest.mark.parametrize(("found_on", "is_release"), [("2026-10-26", True), ("2026-10-25", False)])
def test_a_track_that_a_service_found_without_a_date_is_new_for_as_long_as_one_of_that_day(
    con: duckdb.DuckDBPyConnection, found_on: str, is_release: bool
) -> None:
    day = date.fromisoformat(found_on)
    ledger.open_run(con, "found", "enrich", as_of_date=day, now=datetime(2026, 11, 23))
    _insert(
        con, "raw.spotify__releases", run_id="found", track_id="new", track_name="T", artist_name="A", album_id="album",
        album_name="N", album_type="single", found_by="tag:new", market="US", fetched_at=datetime(2026, 11, 23),
        expires_at=datetime(2026, 12, 23),
    )  # fmt: skip
    _build(con)

    rows = con.execute("select release_date, is_date_assumed, release_age_days from marts.releases").fetchall()
    assert rows == ([(_DAY, True, None)] if is_release else [])


def test_a_file_that_is_loaded_again_counts_as_the_newest(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "first", "releases", _DAY, datetime(2026, 11, 1))
    _snapshot(con, "second", "releases", _DAY, datetime(2026, 11, 2))
    _release(con, "first", "one")
    _release(con, "second", "two")
    con.execute("insert into ledger.loads values ('later', 'first', 'releases', false, '2026-11-03')")
    _build(con)

    assert con.execute("select track_id from marts.releases").fetchall() == [("one",)]


@pytest.mark.parametrize(("day", "is_release"), [("2026-10-26", True), ("2026-10-25", False), ("2026-11-24", False)])
def test_a_track_that_a_service_found_is_a_release_for_28_days(
    con: duckdb.DuckDBPyConnection, day: str, is_release: bool
) -> None:
    _insert(
        con, "raw.spotify__releases", run_id="run", track_id="t", artist_name="A", track_name="New", release_date=day,
        album_id="album", total_tracks=9, fetched_at=_NOW, expires_at=_NOW, market="US", found_by="new_releases",
    )  # fmt: skip
    _insert(
        con,
        "raw.spotify__audio_features",
        run_id="run",
        track_id="t",
        danceability=0.7,
        fetched_at=_NOW,
        expires_at=_NOW,
    )
    _build(con)

    rows = con.execute("select track_id, danceability, feature_source, n_album_tracks from marts.releases").fetchall()
    assert rows == ([("t", 0.7, "spotify", 9)] if is_release else [])


def test_ranks_break_ties_by_track_id_and_remember_the_run_before(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    _snapshot(con, "tracks", "tracks", _DAY)
    _track(con, "tracks", "t", 10)
    for track_id in ("a", "b", "c"):
        _release(con, "releases", track_id, genre="pop")
    for track_id, score in (("a", 10.0), ("b", 20.0)):
        _score(con, "run-1", track_id, score, datetime(2026, 11, 22))
    for track_id, score in (("a", 50.0), ("b", 50.0), ("c", 60.0)):
        _score(con, "run-2", track_id, score, datetime(2026, 11, 23))
    _build(con)

    rows = con.execute(
        'select "rank", track_id, previous_rank, rank_change, run_id, round(percentile_in_genre) '
        "from marts.ranked_releases order by 1"
    ).fetchall()
    assert rows == [
        (1, "c", None, None, "run-2", 100),
        (2, "a", 2, 1, "run-2", 67),
        (3, "b", 1, -1, "run-2", 67),
    ]


def test_who_left_and_who_came_moves_nobody(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    for track_id in ("a", "b", "c", "new"):
        _release(con, "releases", track_id, track_name=track_id, energy=0.5)
    earlier = {"gone-1": 90.0, "gone-2": 80.0, "a": 50.0, "b": 40.0, "c": 30.0}
    for run_id, day, scores in (("run-1", 22, earlier), ("run-2", 23, {"new": 99.0, "a": 50.0, "b": 20.0, "c": 30.0})):
        for track_id, score in scores.items():
            _score(con, run_id, track_id, score, datetime(2026, 11, day))
    _build(con)

    rows = con.execute(
        'select track_id, "rank", previous_rank, rank_change, previous_score, score_change '
        "from marts.ranked_releases order by 2"
    ).fetchall()
    assert rows == [
        ("new", 1, None, None, None, None),
        ("a", 2, 3, 0, 50.0, 0.0),
        ("c", 3, 5, 1, 30.0, 0.0),
        ("b", 4, 4, -1, 40.0, -20.0),
    ]
    changes = queries.read_rows(con, "exports", "changes", **vars(Filters()), changed_since="run-1")
    assert [(row["change"], row["track_id"], row["rank_change"], row["score_change"]) for row in changes] == [
        ("new", "new", None, None),
        ("rank", "c", 1, 0.0),
        ("rank and score", "b", -1, -20.0),
        ("gone", "gone-1", None, None),
        ("gone", "gone-2", None, None),
    ]


def test_a_release_whose_score_fell_has_moved_though_its_place_is_the_same(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    for run_id, day, scores in (("run-1", 22, (80.0, 60.0, 40.0)), ("run-2", 23, (80.4, 72.0, 30.0))):
        for track_id, score in zip(("a", "b", "c"), scores, strict=True):
            _score(con, run_id, track_id, score, datetime(2026, 11, day))
    for track_id in ("a", "b", "c"):
        _release(con, "releases", track_id, track_name=track_id, energy=0.5)
    _build(con)

    listed = queries.read_rows(con, "exports", "movers", **vars(Filters()))
    assert [(row["track_id"], row["rank_change"], row["score_change"]) for row in listed] == [
        ("b", 0, 12.0), ("c", 0, -10.0)
    ]  # fmt: skip
    assert [row["track_id"] for row in queries.read_rows(con, "reports", "movers", limit=1)] == ["b", "c"]


def test_without_a_genre_that_tracks_have_there_is_no_percentile_in_it(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    _snapshot(con, "tracks", "tracks", _DAY)
    _track(con, "tracks", "t", 10)
    for track_id, genre in (("a", "POP "), ("b", None), ("c", "polka")):
        _release(con, "releases", track_id, genre=genre)
        _score(con, "run", track_id, 50.0, datetime(2026, 11, 23))
    _build(con)

    rows = con.execute(
        "select track_id, percentile_in_genre, percentile_in_year from marts.ranked_releases order by 1"
    ).fetchall()
    assert rows == [("a", 100.0, 100.0), ("b", None, 100.0), ("c", None, 100.0)]


def _record(con: duckdb.DuckDBPyConnection, size: str, evidence: str, n_albums: int = 40, **values: object) -> None:
    """Keep the record of one kind of album of the model that scores in these tests."""
    known = n_albums >= 30
    row = {
        "right_share": 0.6, "chance_share": 0.4, "lift": 1.5, "n_clear": 35, "clear_right_share": 0.8,
        "is_known": known, "can_tell": known, "has_clear": known,
    }  # fmt: skip
    _insert(
        con, "ledger.single_records", model_version="m", size_class=size, evidence=evidence, n_albums=n_albums,
        **row | values,
    )  # fmt: skip


def test_an_albums_single_is_its_song_with_the_best_chance(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    for album_id, chances in (
        ("clear", (0.7, 0.3)),
        ("close", (0.52, 0.48)),
        ("lone", (1.0,)),
        ("more", (0.7, 0.2, 0.1)),
    ):
        for number, p_best in enumerate(chances):
            track_id = f"{album_id}-{number}"
            _release(con, "releases", track_id, album_id=album_id, album_name=album_id, track_name=track_id, energy=0.5)
            _score(con, "run", track_id, 50.0 - number, _NOW, p_best=p_best, album_id=album_id)
    _record(con, "2", "any")
    _record(con, "2", "some", n_albums=3)
    _record(con, "3", "any", n_albums=29)
    _record(con, "3", "some", n_albums=29)
    _build(con)

    rows = con.execute(
        "select album_id, n_tracks, single_track_id, p_best, runner_up_track_name, verdict, record_n_albums, "
        "record_right_share from marts.album_singles order by 1"
    ).fetchall()
    assert rows == [
        ("clear", 2, "clear-0", 0.7, "clear-1", "clear", 40, 0.6),
        ("close", 2, "close-0", 0.52, "close-1", "too close to call", 40, 0.6),
        # nothing is known of albums of three
        ("more", 3, "more-0", 0.7, "more-1", "too close to call", None, None),
    ]


def test_the_record_of_an_album_is_that_of_its_size_and_evidence_or_else_of_its_size(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for evidence, n_albums, share in (("any", 90, 0.6), ("full", 60, 0.7), ("some", 25, 0.5), ("little", 5, 0.4)):
        _record(con, "2", evidence, n_albums, right_share=share, n_clear=n_albums // 3, can_tell=n_albums > 60)
    _record(con, "any", "full", 70)
    _build(con)

    rows = con.execute(
        "select size_class, evidence, record_evidence, n_albums, right_share, n_clear, can_tell, has_clear "
        "from marts.single_records order by evidence"
    ).fetchall()
    assert rows == [
        # what few such albums can't tell, those of its size can, and clear leads are counted over all of a size
        ("2", "full", "full", 60, 0.7, 30, False, False),
        # of albums of which little is known, the others tell nothing
        ("2", "little", None, None, None, None, False, False),
        ("2", "some", "any", 90, 0.6, 30, True, True),
    ]


def test_a_fragment_has_no_clear_single(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    _snapshot(con, "albums", "albums", _DAY)
    for number, p_best in enumerate((0.7, 0.3)):
        _release(con, "releases", f"t{number}", album_id="lp", album_name="LP", track_name=f"T{number}", energy=0.5)
        _score(con, "run", f"t{number}", 50.0, _NOW, p_best=p_best, album_id="lp")
    _record(con, "2", "any")
    _record(con, "2", "some", n_albums=3)
    _build(con)
    whole = con.execute("select n_album_tracks, is_fragment, verdict from marts.album_singles").fetchall()
    _insert(con, "raw.files__albums", snapshot_id="albums", line=2, track_id="old", album_id="lp", album_name="LP")
    _build(con)

    assert whole == [(2, False, "clear")]
    rows = con.execute("select n_album_tracks, is_fragment, verdict from marts.album_singles").fetchall()
    assert rows == [(3, True, "too close to call")]


def test_a_backtest_row_is_a_score_and_a_popularity_seen_since(con: duckdb.DuckDBPyConnection) -> None:
    _score(con, "run-1", "t", 40.0, datetime(2026, 11, 1), release_date=date(2026, 10, 30))
    _score(con, "run-2", "t", 44.0, datetime(2026, 11, 1, 9), release_date=date(2026, 10, 30))
    _insert(
        con, "ledger.popularity_observations", snapshot_id="o", track_id="t", popularity=50, observed_at="2026-11-20"
    )
    _insert(
        con, "ledger.popularity_observations", snapshot_id="o", track_id="t", popularity=5, observed_at="2026-10-31"
    )
    _snapshot(con, "tracks", "tracks", date(2026, 11, 22))
    _track(con, "tracks", "t", 70)
    _build(con)

    rows = con.execute(
        "select score, popularity, error, age_days, covered from marts.score_backtest order by observed_at"
    ).fetchall()
    assert rows == [(44.0, 50, -6.0, 21, True), (44.0, 70, -26.0, 23, False)]


def _version(con: duckdb.DuckDBPyConnection, name: str) -> None:
    _insert(
        con, "ledger.model_versions", model_version=name, run_id="run", family="keras", seed=0, n_tracks=70,
        data_snapshot_ids=[], data_sha256="", weights_sha256="", as_of_date=_DAY, registered_at=_NOW,
    )  # fmt: skip


def _decide(con: duckdb.DuckDBPyConnection, number: int, champion: str, at: datetime, **changes: object) -> None:
    row = {"decision": "promoted", "challenger": champion, "reason": f"reason {number}"} | changes
    _insert(con, "ledger.promotions", promotion_id=f"run-{number}", run_id="run", champion=champion, decided_at=at,
            **row)  # fmt: skip


def test_the_champion_is_what_the_newest_decision_says(con: duckdb.DuckDBPyConnection) -> None:
    _build(con)
    assert con.execute("select * from marts.champion").fetchall() == []
    for name in ("first", "second"):
        _version(con, name)
    _decide(con, 1, "first", datetime(2026, 11, 1))
    _decide(con, 2, "first", datetime(2026, 11, 9), decision="kept", challenger="second", previous_champion="first")
    _build(con)

    cursor = con.execute("select * from marts.champion")
    names = [column[0] for column in cursor.description or []]
    assert [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] == [
        {
            "model_version": "first",
            "family": "keras",
            "decision": "kept",
            "reason": "reason 2",
            "previous_champion": "first",
            "run_id": "run",
            "n_tracks": 70,
            "as_of_date": _DAY,
            "registered_at": _NOW,
            "decided_at": datetime(2026, 11, 9),
        }
    ]


def test_of_two_decisions_at_one_instant_the_later_id_names_the_champion_everywhere(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for name in ("first", "second"):
        _version(con, name)
        _insert(con, "ledger.model_metrics", model_version=name, family="keras", split="temporal", n=1, mae=9.0)
    _decide(con, 2, "second", _NOW)
    _decide(con, 1, "first", _NOW)
    _build(con)

    assert con.execute("select model_version from marts.champion").fetchall() == [("second",)]
    assert con.execute("select model_version from marts.model_scoreboard where is_champion").fetchall() == [("second",)]
    assert ledger.champion_version(con) == "second"


def test_a_champion_that_is_not_registered_is_named_all_the_same(con: duckdb.DuckDBPyConnection) -> None:
    _decide(con, 1, "gone", _NOW)
    _build(con)

    assert con.execute("select model_version, family, n_tracks from marts.champion").fetchall() == [
        ("gone", None, None)
    ]


def test_the_scoreboard_marks_the_champions_own_family_only(con: duckdb.DuckDBPyConnection) -> None:
    _version(con, "m")
    for family in ("keras", "lightgbm"):
        _insert(con, "ledger.model_metrics", model_version="m", family=family, split="temporal", n=1, mae=9.0)
    _decide(con, 1, "m", _NOW)
    _build(con)

    rows = con.execute("select family, is_champion from marts.model_scoreboard order by 1").fetchall()
    assert rows == [("keras", True), ("lightgbm", False)]


def test_a_family_has_the_role_it_was_written_with_and_before_that_the_one_of_its_name(
    con: duckdb.DuckDBPyConnection,
) -> None:
    written = {"toy": "network", "median": "baseline", "keras": "benchmark"}
    for version, roles in (("new", written), ("old", dict.fromkeys(("keras", "lightgbm", "genre_year_mean")))):
        _version(con, version)
        for family, role in roles.items():
            _insert(con, "ledger.model_metrics", model_version=version, family=family, split="temporal", n=1, role=role)
            _insert(con, "ledger.model_measures", model_version=version, family=family, split="temporal", slice="all",
                    slice_value="all", metric="mae", n=1)  # fmt: skip
    _build(con)

    for mart in ("model_scoreboard", "model_measures"):
        rows = con.execute(f"select model_version, family, role from marts.{mart} order by all").fetchall()
        assert rows == [
            ("new", "keras", "benchmark"),
            ("new", "median", "baseline"),
            ("new", "toy", "network"),
            ("old", "genre_year_mean", "baseline"),
            ("old", "keras", "network"),
            ("old", "lightgbm", "benchmark"),
        ]


def test_a_withdrawn_snapshot_counts_again_once_it_is_loaded_again(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "good", "tracks", _DAY, datetime(2026, 11, 1))
    _snapshot(con, "bad", "tracks", _DAY, datetime(2026, 11, 2))
    _track(con, "good", "t", 50)
    _track(con, "bad", "t", 0)
    con.execute("insert into ledger.withdrawals values ('bad', 'run', 'popularity collapsed', '2026-11-03')")
    _build(con)
    assert con.execute("select popularity, snapshot_id from marts.tracks").fetchall() == [(50, "good")]

    con.execute("insert into ledger.loads values ('later', 'bad', 'tracks', false, '2026-11-04')")
    _build(con)
    assert con.execute("select popularity, snapshot_id from marts.tracks").fetchall() == [(0, "bad")]


def test_a_run_knows_no_file_that_was_loaded_for_a_later_day(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "early", "tracks", date(2026, 11, 1), datetime(2026, 11, 1))
    _snapshot(con, "late", "tracks", date(2026, 11, 20), datetime(2026, 11, 20))
    _track(con, "early", "t", 10)
    _track(con, "late", "t", 90)
    warehouse.build(con, as_of_date=date(2026, 11, 10), new_release_days=28)

    assert con.execute("select popularity from marts.tracks").fetchall() == [(10,)]
    con.execute("insert into ledger.runs values ('again', 'load', 'done', null, '', '2026-11-09', '2026-11-21', null)")
    con.execute("insert into ledger.loads values ('again', 'late', 'tracks', false, '2026-11-21')")
    warehouse.build(con, as_of_date=date(2026, 11, 10), new_release_days=28)
    assert con.execute("select popularity, popularity_date from marts.tracks").fetchall() == [(90, date(2026, 11, 9))]


def test_a_newer_blank_does_not_hide_a_known_artist_popularity(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "tracks", "tracks", _DAY)
    _snapshot(con, "known", "artists", _DAY, datetime(2026, 11, 1))
    _snapshot(con, "blank", "artists", _DAY, datetime(2026, 11, 2))
    _track(con, "tracks", "t", 10)
    for snapshot_id, popularity in (("known", 55), ("blank", None)):
        _insert(con, "raw.files__artists", snapshot_id=snapshot_id, line=2, artist_name="A", popularity=popularity)
    _build(con)

    assert con.execute("select artist_popularity from marts.artists").fetchall() == [(55,)]


def test_the_scores_of_a_failed_run_are_nobodys_rank_and_no_backtest(con: duckdb.DuckDBPyConnection) -> None:
    _snapshot(con, "releases", "releases", _DAY)
    for track_id in ("a", "b"):
        _release(con, "releases", track_id)
    for day, run_id, scores in ((20, "good", (60.0, 50.0)), (21, "bad", (1.0, 99.0)), (22, "now", (60.0, 50.0))):
        status = "failed" if run_id == "bad" else "done"
        at = datetime(2026, 11, day)
        con.execute("insert into ledger.runs values (?, 'nightly', ?, null, '', ?, ?, ?)", [run_id, status, at, at, at])
        for track_id, score in zip(("a", "b"), scores, strict=True):
            _score(con, run_id, track_id, score, at)
    _insert(
        con, "ledger.popularity_observations", snapshot_id="o", track_id="a", popularity=50, observed_at="2026-11-23"
    )
    _build(con)

    ranks = con.execute('select track_id, "rank", rank_change from marts.ranked_releases order by 2').fetchall()
    assert ranks == [("a", 1, 0), ("b", 2, 0)]
    assert con.execute("select score from marts.score_backtest order by as_of_date").fetchall() == [(60.0,), (60.0,)]


def test_what_a_model_learned_from_is_no_later_view_of_its_scores(con: duckdb.DuckDBPyConnection) -> None:
    _insert(
        con, "ledger.model_versions", model_version="m", run_id="run", family="keras", seed=0, n_tracks=1,
        data_snapshot_ids=["learned"], data_sha256="", weights_sha256="", as_of_date=_DAY, registered_at=_NOW,
    )  # fmt: skip
    _score(con, "run", "t", 40.0, datetime(2026, 11, 1))
    for snapshot_id, day in (("learned", date(2026, 11, 10)), ("same-day", date(2026, 11, 1))):
        _snapshot(con, snapshot_id, "tracks", day)
        _track(con, snapshot_id, "t", 41)
    _build(con)

    assert con.execute("select count(*) from marts.score_backtest").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("learned", "fitted", "seen", "n_rows"),
    [
        ([], date(2026, 11, 1), date(2026, 11, 10), 1),
        # on the day itself, and before it
        ([], date(2026, 11, 1), date(2026, 11, 1), 0),
        ([], date(2026, 11, 1), date(2026, 10, 20), 0),
        # the version had learned from an earlier popularity of the track
        (["learned"], date(2026, 11, 1), date(2026, 11, 10), 0),
        # scored for an earlier day than the version was fitted on, and seen before that
        ([], date(2026, 11, 15), date(2026, 11, 10), 0),
        ([], date(2026, 11, 15), date(2026, 11, 20), 1),
    ],
)
def test_a_score_counts_only_against_what_its_model_could_not_know(
    con: duckdb.DuckDBPyConnection, learned: list[str], fitted: date, seen: date, n_rows: int
) -> None:
    _insert(
        con, "ledger.model_versions", model_version="m", run_id="run", family="keras", seed=0, n_tracks=1,
        data_snapshot_ids=learned, data_sha256="", weights_sha256="", as_of_date=fitted, registered_at=_NOW,
    )  # fmt: skip
    _snapshot(con, "learned", "tracks", date(2026, 10, 1))
    _track(con, "learned", "t", 41)
    _score(con, "run", "t", 40.0, datetime(2026, 11, 1), benchmark_score=33.0, album_id="album")
    _insert(con, "ledger.popularity_observations", snapshot_id="o", track_id="t", popularity=50, observed_at=seen)
    _build(con)

    rows = con.execute("select album_id, benchmark_score, popularity, as_of_date from marts.score_backtest").fetchall()
    assert rows == [("album", 33.0, 50, date(2026, 11, 1))] * n_rows


def test_a_release_of_a_service_without_an_artist_is_left_out(con: duckdb.DuckDBPyConnection) -> None:
    _insert(
        con, "raw.spotify__releases", run_id="run", track_id="t", track_name="New", release_date="2026-11-20",
        fetched_at=_NOW, expires_at=_NOW, found_by="new_releases",
    )  # fmt: skip
    _build(con)

    assert con.execute("select count(*) from marts.releases").fetchall() == [(0,)]
    assert con.execute("select count(*) from marts.artists").fetchall() == [(0,)]


def test_drift_is_that_of_the_newest_scoring_run_that_did_not_fail(con: duckdb.DuckDBPyConnection) -> None:
    _insert(con, "ledger.runs", run_id="bad", flow="score", status="failed", started_at=_NOW, songpop_version="",
            as_of_date=_DAY)  # fmt: skip
    for day, run_id in enumerate(("old", "good", "bad"), start=1):
        _score(con, run_id, "t", 40.0, datetime(2026, 11, day))
        _insert(con, "ledger.drift", run_id=run_id, feature="tempo", model_version="m", kind="input", n_releases=day,
                psi=0.1, is_drifted=False, as_of_date=_DAY)  # fmt: skip
    _build(con)
    assert con.execute("select run_id, feature, n_releases from marts.drift").fetchall() == [("good", "tempo", 2)]

    # a model without a reference scores next: what an older model saw is no news of it
    _score(con, "next", "t", 40.0, datetime(2026, 11, 4))
    _build(con)
    assert con.execute("select * from marts.drift").fetchall() == []


def test_the_mart_and_the_module_call_the_same_albums_clear(con: duckdb.DuckDBPyConnection) -> None:
    """Generated albums of all sizes and records, chances in hundredths, so that many stand on the rule's edges."""
    draw = np.random.default_rng(0)
    for size in ("2", "3", "4+"):
        for evidence, n_albums in (("any", 90), ("full", 40), ("some", 20), ("little", 5)):
            _record(con, size, evidence, n_albums, has_clear=n_albums > 30 and size != "3")
    _snapshot(con, "releases", "releases", _DAY)
    _snapshot(con, "albums", "albums", _DAY)
    chances = {f"album {i}": draw.multinomial(100, draw.dirichlet(np.full(i % 4 + 2, 0.5))) / 100 for i in range(60)}
    for number, (album_id, shares) in enumerate(chances.items()):
        for song, p_best in enumerate(shares):
            track_id = f"{album_id}, {song}"
            sound = {} if number % 3 == 0 else {"energy": 0.5, "tempo": 100.0}
            _release(con, "releases", track_id, album_id=album_id, album_name=album_id, track_name=track_id, **sound)
            _score(con, "run", track_id, 50.0, _NOW, p_best=p_best, album_id=album_id)
        if number % 5 == 0:
            _insert(con, "raw.files__albums", snapshot_id="albums", line=number + 2, track_id=f"old {number}",
                    album_id=album_id, album_name=album_id)  # fmt: skip
    _build(con)

    records = read_records(con, "m")
    rows = con.execute("select album_id, n_tracks, evidence, is_fragment, verdict from marts.album_singles").fetchall()
    called = {
        album_id: verdict_of(
            sorted(chances[album_id], reverse=True),
            has_clear=record_of(records, n_tracks, evidence).has_clear,
            is_fragment=is_fragment,
        )
        for album_id, n_tracks, evidence, is_fragment, _ in rows
    }
    assert called == {row[0]: row[-1] for row in rows}
    assert len(rows) == 60
    assert 5 < list(called.values()).count("clear") < 40
