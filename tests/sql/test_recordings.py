"""Which new releases are versions of one recording, how much their scores rest on, and which stands for the others."""

from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from songpop import names, resources, warehouse

_DAY = date(2026, 11, 23)
_MINUTES = 200_000


def _recordings(con: duckdb.DuckDBPyConnection, *releases: dict[str, Any]) -> list[list[str]]:
    """Return the track ids of each recording, made of releases whose ids are the letters of the alphabet."""
    con.execute(
        "create or replace table marts.releases (track_id varchar, album_id varchar, isrc varchar, track_name varchar, "
        "artist_name varchar, artist_key varchar, album_name varchar, duration_ms bigint, release_date date, "
        "is_date_assumed boolean default false)"
    )
    for number, values in enumerate(releases):
        row = {"track_id": "abcdefgh"[number], "track_name": "North Star", "artist_name": "Ida Fenn"} | values
        row["artist_key"] = names.artist_key(row["artist_name"])
        columns = ", ".join(row)
        con.execute(f"insert into marts.releases ({columns}) values ({', '.join('?' * len(row))})", list(row.values()))
    for name in ("release_titles", "recordings"):
        query = resources.sql_path("marts", name).read_text()
        con.execute(f"create or replace table marts.{name} as {query}")
    query = "select string_agg(track_id, '' order by track_id) from marts.recordings group by recording_id order by 1"
    return [list(letters) for (letters,) in con.execute(query).fetchall()]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"track_name": "North Star"}, {"track_name": "NORTH  STAR!"}),
        ({"track_name": "Días (feat. Nobody)"}, {"track_name": "Dias [ft. Nobody]"}),
        ({"track_name": "Don't Stop & Go"}, {"track_name": "Don’t Stop and Go"}),
        ({"artist_name": "Ida Fenn"}, {"artist_name": "ida fenn "}),
        ({"track_name": "Star - Live"}, {"track_name": "Star (Live)"}),
        ({"duration_ms": _MINUTES}, {"duration_ms": _MINUTES + 2000}),
        ({"track_name": "???"}, {"track_name": "???"}),
        ({"track_name": "कहानी"}, {"track_name": "कहानी"}),
        ({"track_name": "Star - Nu Remix", "album_name": "Remixes", "duration_ms": None},
         {"track_name": "Star (Nu Remix)", "album_name": "Best of", "duration_ms": None}),
    ],
)  # fmt: skip
def test_two_spellings_of_one_recording_are_one(
    con: duckdb.DuckDBPyConnection, first: dict[str, Any], second: dict[str, Any]
) -> None:
    length = {"duration_ms": _MINUTES}
    assert _recordings(con, {"album_id": "x"} | length | first, {"album_id": "y"} | length | second) == [["a", "b"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"track_name": "Star"}, {"track_name": "Star - Remastered 2011"}),
        ({"track_name": "Star"}, {"track_name": "Star (Acoustic)"}),
        ({"track_name": "Star"}, {"track_name": "Star - Radio Edit"}),
        ({"track_name": "Star"}, {"track_name": "Star, Pt. 2"}),
        ({"track_name": "=1"}, {"track_name": "+1"}),
        ({"track_name": "1.5"}, {"track_name": "15"}),
        ({"track_name": "???"}, {"track_name": "!!!"}),
        ({"track_name": "कहानी"}, {"track_name": "कहना"}),
        ({"artist_name": "Ida Fenn"}, {"artist_name": "Ada Fenn"}),
        ({"duration_ms": _MINUTES}, {"duration_ms": _MINUTES + 2001}),
        ({"album_name": "Night"}, {"album_name": "Night (Instrumentals)"}),
        ({"album_name": "Night", "duration_ms": None}, {"album_name": "Night: Live", "duration_ms": None}),
        ({"track_name": "Intro", "duration_ms": None}, {"track_name": "Intro", "duration_ms": None}),
        ({"track_name": None}, {"track_name": None}),
        ({"album_id": "x"}, {"album_id": "x"}),
        ({"album_id": None, "album_name": "Night"}, {"album_id": None, "album_name": "Night"}),
    ],
)
def test_what_only_looks_like_one_recording_is_two(
    con: duckdb.DuckDBPyConnection, first: dict[str, Any], second: dict[str, Any]
) -> None:
    length = {"duration_ms": _MINUTES}
    found = _recordings(con, {"album_id": "x"} | length | first, {"album_id": "y"} | length | second)
    assert found == [["a"], ["b"]]


def test_a_version_of_unknown_length_joins_the_only_one_there_is_and_no_other(con: duckdb.DuckDBPyConnection) -> None:
    known, longer, unknown = ({"album_id": name, "duration_ms": length}
                              for name, length in (("x", 180_000), ("y", 240_000), ("z", None)))  # fmt: skip

    assert _recordings(con, known, unknown) == [["a", "b"]]
    assert _recordings(con, known, longer, unknown) == [["a"], ["b"], ["c"]]
    assert _recordings(con, unknown, unknown | {"album_id": "w"}) == [["a", "b"]]


def test_lengths_that_lead_from_one_to_the_next_are_not_all_one_recording(con: duckdb.DuckDBPyConnection) -> None:
    lengths = [180_000 + 1500 * number for number in range(4)]

    found = _recordings(con, *({"album_id": f"x{length}", "duration_ms": length} for length in lengths))

    assert found == [["a", "b"], ["c"], ["d"]]


def test_songs_of_one_name_on_an_album_stay_apart_on_its_other_edition_too(con: duckdb.DuckDBPyConnection) -> None:
    songs = [{"album_id": album, "duration_ms": length} for album in ("x", "y") for length in (180_000, 181_000)]

    assert _recordings(con, *songs) == [["a", "c"], ["b", "d"]]


def test_a_code_tells_a_recording_whatever_its_titles(con: duckdb.DuckDBPyConnection) -> None:
    coded = {"isrc": "gb-abc-26-00001", "album_id": "x", "duration_ms": _MINUTES}
    renamed = {"isrc": "GBABC2600001", "album_id": "y", "track_name": "North Star - Single", "duration_ms": _MINUTES}
    uncoded = {"album_id": "z", "duration_ms": _MINUTES}
    other = {"isrc": "GBABC2600002", "album_id": "w", "track_name": "Paper Moon", "duration_ms": _MINUTES}

    assert _recordings(con, coded, renamed, uncoded, other) == [["a", "b", "c"], ["d"]]
    rows = con.execute("select recording_id, recording_basis from marts.recordings order by track_id").fetchall()
    assert rows[0] == ("isrc-GBABC2600001", "isrc")


@pytest.mark.parametrize("isrc", ["GBABC2600001", "unknown"])
def test_a_code_that_was_filled_in_for_everything_tells_nothing(con: duckdb.DuckDBPyConnection, isrc: str) -> None:
    first = {"isrc": isrc, "album_id": "x", "track_name": "One", "artist_name": "A", "duration_ms": _MINUTES}
    second = {"isrc": isrc, "album_id": "y", "track_name": "Two", "artist_name": "B", "duration_ms": _MINUTES}

    assert _recordings(con, first, second) == [["a"], ["b"]]


def test_a_recording_keeps_its_id_when_another_version_comes(con: duckdb.DuckDBPyConnection) -> None:
    def id_of_first() -> str:
        (found,) = con.execute("select recording_id from marts.recordings where track_id = 'a'").fetchall()
        return str(found[0])

    single = {"album_id": "x", "duration_ms": 180_900, "release_date": date(2026, 11, 1)}
    _recordings(con, single)
    alone = id_of_first()
    _recordings(con, single, {"album_id": "y", "duration_ms": 179_500, "release_date": date(2026, 11, 20)})

    assert alone == id_of_first()


def _insert(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    columns = ", ".join(f'"{name}"' for name in values)
    con.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(values))})", list(values.values()))


def _snapshot(con: duckdb.DuckDBPyConnection, entity: str) -> None:
    loaded = datetime(2026, 11, 23, 3)
    con.execute("insert into ledger.snapshots values (?, ?, 'f.csv', 'sha', 'run', 1, 0, [], ?, ?)",
                [entity, entity, _DAY, loaded])  # fmt: skip
    con.execute("insert into ledger.loads values ('run', ?, ?, true, ?)", [entity, entity, loaded])


def _score(con: duckdb.DuckDBPyConnection, track_id: str, score: float, **release: Any) -> None:
    row = {"artist_name": "Known", "track_name": f"Title {track_id}", "line": 2, "genre": "pop"} | release
    _insert(con, "raw.files__releases", snapshot_id="releases", track_id=track_id, **row)
    _insert(
        con, "ledger.scores", run_id="night", track_id=track_id, model_version="m", score=score, score_low=score - 9,
        score_high=score + 9, p_0_25=1.0, p_26_50=0.0, p_51_75=0.0, p_76_100=0.0, p_best=0.5, as_of_date=_DAY,
        scored_at=datetime(2026, 11, 23, 3),
    )  # fmt: skip


@pytest.fixture
def scored(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Load a track of a known artist and genre."""
    for entity in ("tracks", "releases"):
        _snapshot(con, entity)
    _insert(con, "raw.files__tracks", snapshot_id="tracks", line=2, track_id="old", artist_name="Known",
            track_name="Old", popularity=50, year=2020, genre="pop", danceability=0.5)  # fmt: skip
    return con


def _build(con: duckdb.DuckDBPyConnection) -> None:
    warehouse.build(con, as_of_date=_DAY, new_release_days=28)


@pytest.mark.parametrize(
    ("release", "evidence", "missing"),
    [
        ({"energy": 0.5, "release_date": "2026-11-20"}, "full", None),
        ({"energy": 0.5}, "full", "release date"),
        ({"energy": 0.5, "genre": "vaporwave"}, "some", "genre, release date"),
        ({"energy": 0.5, "artist_name": "Nobody"}, "some", "artist, release date"),
        ({}, "some", "audio features, release date"),
        ({"artist_name": "Nobody"}, "little", "audio features, artist, release date"),
        ({"artist_name": "Nobody", "tempo": 0.0, "danceability": 0.0, "valence": 0.0, "speechiness": 0.0,
          "time_signature": 0}, "little", "audio features, artist, release date"),
    ],
)  # fmt: skip
def test_a_release_says_how_much_is_known_of_it_and_what_is_not(
    scored: duckdb.DuckDBPyConnection, release: dict[str, Any], evidence: str, missing: str | None
) -> None:
    _score(scored, "a", 50, **release)
    _build(scored)

    found = scored.execute("select evidence, evidence_missing from marts.ranked_releases").fetchall()
    assert found == [(evidence, missing)]


def test_a_genre_that_tracks_have_and_the_champion_never_learned_is_no_evidence(
    scored: duckdb.DuckDBPyConnection,
) -> None:
    _score(scored, "a", 50, energy=0.5, release_date="2026-11-20")
    _build(scored)
    ((genre,),) = scored.execute("select genre from marts.releases").fetchall()
    now = datetime(2026, 11, 22)
    scored.execute(
        "insert into ledger.promotions by name select 'p' as promotion_id, 'r' as run_id, 'promoted' as decision, "
        "'m' as challenger, 'm' as champion, 'first' as reason, ? as decided_at",
        [now],
    )
    found = []
    for number, learned in enumerate((["tango"], [genre], None)):
        # one of before does not tell, and the tracks' genres count
        scored.execute("delete from ledger.model_versions where model_version = 'm'")
        scored.execute(
            "insert into ledger.model_versions by name select 'm' as model_version, 'r' as run_id, 'f' as family, "
            "0 as seed, 9 as n_tracks, []::varchar[] as data_snapshot_ids, '' as data_sha256, '' as weights_sha256, "
            "?::date as as_of_date, ?::timestamp as registered_at, ?::varchar[] as genres",
            [_DAY, now, learned],
        )
        _build(scored)
        found += scored.execute("select evidence, evidence_missing from marts.ranked_releases").fetchall()
        assert len(found) == number + 1

    assert found == [("some", "genre"), ("full", None), ("full", None)]


def test_what_models_may_not_read_is_no_evidence(scored: duckdb.DuckDBPyConnection) -> None:
    _score(scored, "a", 50, energy=0.5, release_date="2026-11-20")
    warehouse.build(scored, as_of_date=_DAY, new_release_days=28, model_sources=["spotify"])

    found = scored.execute("select evidence, evidence_missing from marts.ranked_releases").fetchall()
    assert found == [("some", "audio features")]


def test_the_best_known_version_stands_for_a_recording_and_places_have_no_holes(
    scored: duckdb.DuckDBPyConnection,
) -> None:
    song = {"track_name": "One", "duration_ms": _MINUTES}
    _score(scored, "single", 60, album_id="x", **song)
    _score(scored, "album", 50, album_id="y", energy=0.5, **song)
    _score(scored, "deluxe", 40, album_id="z", energy=0.5, **song)
    _score(scored, "unknown", 55, artist_name="Nobody")
    _score(scored, "last", 30, energy=0.5)
    _build(scored)

    rows = scored.execute(
        'select "rank", track_id, place, version_number, n_versions, other_version_ids from marts.ranked_releases '
        "order by 1"
    ).fetchall()
    assert rows == [
        (1, "single", 1, 3, 3, ["album", "deluxe"]),
        (2, "unknown", None, 1, 1, []),
        (3, "album", 1, 1, 3, ["deluxe", "single"]),
        (4, "deluxe", 1, 2, 3, ["album", "single"]),
        (5, "last", 2, 1, 1, []),
    ]


def test_an_album_has_the_evidence_of_its_best_known_song(scored: duckdb.DuckDBPyConnection) -> None:
    for number, (album, values) in enumerate((("x", {"energy": 0.5}), ("x", {}), ("y", {}), ("y", {}))):
        _score(scored, f"t{number}", 50, album_id=album, artist_name="Nobody", **values)
    _build(scored)

    rows = scored.execute("select album_id, evidence from marts.album_singles order by 1").fetchall()
    assert rows == [("x", "some"), ("y", "little")]
