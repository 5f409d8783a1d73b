"""Artists, genres and albums under the keys that all their spellings share, on a handful of rows."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from songpop import names, queries, warehouse

_DAY = date(2026, 11, 23)
_KNOWN = "Beyoncé"
_SPELLINGS = (
    "beyoncé",
    "BEYONCÉ",
    " Beyoncé ",
    "Beyonce\u0301",
    "\u00a0Beyoncé\u2003",
    "Beyonce",
    "Ｂeyoncé",
    "Bey\u200boncé",
)

Rows = Callable[..., None]


@pytest.fixture
def rows(con: duckdb.DuckDBPyConnection) -> Rows:
    """Return what writes rows of a file: its entity and their columns, as lists of the same length."""

    def write(entity: str, **columns: list[Any]) -> None:
        con.execute(
            "insert into ledger.snapshots values (?, ?, 'f.csv', ?, 'run', 1, 0, [], ?, ?)",
            [entity, entity, entity, _DAY, datetime(2026, 11, 23)],
        )
        con.execute("insert into ledger.loads values ('run', ?, ?, true, ?)", [entity, entity, datetime(2026, 11, 23)])
        for line, values in enumerate(zip(*columns.values(), strict=True), start=2):
            quoted = ", ".join(f'"{name}"' for name in columns)
            con.execute(
                f"insert into raw.files__{entity} (snapshot_id, line, {quoted}) "
                f"values ('{entity}', {line}, {', '.join('?' * len(columns))})",
                list(values),
            )

    return write


def _build(con: duckdb.DuckDBPyConnection) -> None:
    warehouse.build(con, as_of_date=_DAY, new_release_days=28)


def _tracks(rows: Rows, artists: list[str], genres: list[str | None] | None = None) -> None:
    n = len(artists)
    rows(
        "tracks",
        track_id=[f"track{number}" for number in range(n)],
        artist_name=artists,
        popularity=[50] * n,
        genre=genres or [None] * n,
    )


def _releases(rows: Rows, artists: list[str], **columns: list[Any]) -> None:
    n = len(artists)
    names_of = {"track_id": [f"new{number}" for number in range(n)], "track_name": [f"Song {i}" for i in range(n)]}
    rows("releases", artist_name=artists, **names_of, **columns)


def test_every_spelling_of_an_artist_has_the_popularity_and_the_record(
    con: duckdb.DuckDBPyConnection, rows: Rows
) -> None:
    _tracks(rows, [_KNOWN])
    rows("artists", artist_name=["BEYONCÉ"], popularity=[91])
    _releases(rows, [*_SPELLINGS, "Nobody"])
    _build(con)

    found = con.execute(
        "select releases.artist_name, artists.artist_name, artist_popularity, n_tracks, artist_names "
        "from marts.releases join marts.artists on releases.artist_key = artists.artist_key order by track_id"
    ).fetchall()
    assert [row[0] for row in found] == [*_SPELLINGS, "Nobody"], "the file's own words stay"
    assert [row[1:4] for row in found] == [(_KNOWN, 91, 1)] * len(_SPELLINGS) + [("Nobody", None, 0)]
    assert con.execute("select count(*), count(distinct artist_key) from marts.artists").fetchall() == [(2, 2)]
    assert found[0][4] == ["beyoncé"]


@pytest.mark.parametrize(
    ("written", "meant", "all_of_them"),
    [
        ("Ann;Bob", "Ann", ["Ann", "Bob"]),
        ("New One; ANN", "Ann", ["New One", "ANN"]),
        ("['Bob', 'Ann']", "Bob", ["Bob", "Ann"]),
        ('["New One", "Bob"]', "Bob", ["New One", "Bob"]),
        ("[New One, Bob]", "Bob", ["New One", "Bob"]),
        ("New One, Bob", "Bob", ["New One", "Bob"]),
        ("New One & Ann", "Ann", ["New One", "Ann"]),
        ("Ann feat. Bob", "Ann", ["Ann", "Bob"]),
        ("New One (ft. Bob)", "Bob", ["New One", "Bob"]),
        ("Earth, Wind & Fire", "Earth, Wind & Fire", ["Earth, Wind & Fire"]),
        ("earth, wind and fire", "Earth, Wind & Fire", ["earth, wind and fire"]),
        ("Tyler, The Creator", "Tyler, The Creator", ["Tyler, The Creator"]),
        ("Kairon; IRSE!", "Kairon; IRSE!", ["Kairon; IRSE!"]),
        ("Ann & The Strangers", "Ann & The Strangers", ["Ann & The Strangers"]),
        ("Nobody, Neither", "Nobody, Neither", ["Nobody, Neither"]),
        ("[Alexandros]", "[Alexandros]", ["[Alexandros]"]),
        ("None", "None", ["None"]),
    ],
)
def test_of_several_artists_the_first_known_one_counts(
    con: duckdb.DuckDBPyConnection, rows: Rows, written: str, meant: str, all_of_them: list[str]
) -> None:
    _tracks(rows, ["Ann", "Earth, Wind & Fire", "Tyler, The Creator", "Earth", "Tyler"])
    rows("artists", artist_name=["Bob", "Kairon; IRSE!", "Kairon"], popularity=[40, 30, 20])
    _releases(rows, [written])
    _build(con)

    found = con.execute(
        "select artists.artist_name, artist_names from marts.releases "
        "join marts.artists on releases.artist_key = artists.artist_key"
    ).fetchall()
    assert found == [(meant, all_of_them)]


def test_a_near_spelling_counts_only_where_one_artist_has_it(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    _tracks(rows, ["HIM", "The Him", "R.E.M."])
    _releases(rows, ["him", "The HIM", "Him!", "REM"])
    _build(con)

    found = con.execute(
        "select releases.artist_name, known_name, match_method from marts.releases join marts.artist_keys using "
        "(artist_name) order by track_id"
    ).fetchall()
    assert found == [
        ("him", "HIM", "another spelling"),
        ("The HIM", "The Him", "another spelling"),
        ("Him!", "Him!", "unknown"),
        ("REM", "R.E.M.", "a near spelling"),
    ]


@pytest.mark.parametrize(
    ("written", "genre", "is_known"),
    [
        ("Hip-Hop", "hip-hop", True),
        ("hip hop", "hip-hop", True),
        ("Hip-Hop/Rap", "hip-hop", True),
        ("Rap", "hip-hop", True),
        (" K-Pop ", "k-pop", True),
        ("R&B/Soul", "r&b", True),
        ("R and B", "r&b", True),
        ("['dance pop', 'kpop']", "k-pop", True),
        ("polka, k_pop", "k-pop", True),
        ("polka", "polka", False),
    ],
)
def test_a_genre_is_that_of_the_tracks_in_any_spelling(
    con: duckdb.DuckDBPyConnection, rows: Rows, written: str, genre: str, is_known: bool
) -> None:
    _tracks(rows, ["A", "B", "C", "D"], ["hip-hop", "hip-hop", "k-pop", "r&b"])
    _releases(rows, ["A"], genre=[written])
    _build(con)

    assert con.execute("select genre from marts.releases").fetchall() == [(genre,)]
    known = con.execute("select is_known from marts.genre_keys where written_genre = ?", [written]).fetchall()
    assert known == [(is_known,)]


def test_an_album_without_an_id_is_its_name_with_the_artist_who_stands_first(
    con: duckdb.DuckDBPyConnection, rows: Rows
) -> None:
    _tracks(rows, ["Drake"])
    artists = ["Ann", "ann ", "Ann, Drake", "Bob", "Ann"]
    _releases(rows, artists, album_name=["Slate", "SLATE", "Slate", "Slate", None], album_id=[None] * 5)
    _build(con)

    found = con.execute("select track_id, album_id, n_album_tracks from marts.releases order by track_id").fetchall()
    assert [row[1] == found[0][1] for row in found] == [True, True, True, False, False]
    assert [row[2] for row in found] == [3, 3, 3, 1, None]
    assert found[0][1].startswith("album-")


def test_an_id_over_several_albums_is_told_apart(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    spotify = "5jqNAJAGIYJKH5EeFFRyqG"
    ids = ["7", "7", "7", "8", "8", "8", "9", "9", "9", spotify, spotify, spotify]
    artists = ["A", "A", "A", "A", "B", "C", "A", "A feat. B", "B & A", "A", "B", "C"]
    albums = ["One", "one ", "Two", "Sum", "Sum", "Sum", "All", "All", "All", "Hits", "Hits", "Hits"]
    _releases(rows, artists, album_id=ids, album_name=albums)
    _build(con)

    found = con.execute(
        "select track_id, is_id_shared, album_id, written_album_id from marts.album_ids order by "
        "regexp_extract(track_id, '[0-9]+')::integer"
    ).fetchall()
    assert [row[1] for row in found] == [True] * 6 + [False] * 6
    assert found[0][2] == found[1][2] != found[2][2], "one id over two names"
    assert len({row[2] for row in found[3:6]}) == 3, "one id over artists of whom none takes part in half of the songs"
    assert {row[2] for row in found[6:9]} == {"9"}, "guests do not part an album"
    assert {row[2] for row in found[9:]} == {spotify}, "a compilation of Spotify's is one album"


def test_only_new_names_are_spelled_out(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    _tracks(rows, ["A"])
    _build(con)
    con.execute("update marts.artist_spellings set artist_key = 'kept'")
    rows("artists", artist_name=["B"], popularity=[1])
    _build(con)
    assert con.execute("select artist_name, artist_key from marts.artist_spellings order by 1").fetchall() == [
        ("A", "kept"), ("B", "b")
    ]  # fmt: skip

    con.execute("delete from raw.files__artists")
    _build(con)
    assert con.execute("select artist_name from marts.artist_spellings").fetchall() == [("A",)]

    con.execute("update marts.artist_spellings set rules = ?", [names.RULES - 1])
    _build(con)
    assert con.execute("select artist_key from marts.artist_spellings order by 1").fetchall() == [("a",)]


def test_pins_and_watchlist_find_their_artist_in_any_spelling(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    _tracks(rows, ["Beyoncé", "Other"])
    rows("pins", artist_name=["BEYONCE"], artist_id=["5jqNAJAGIYJKH5EeFFRyqG"])
    rows("watchlist", artist_name=["beyoncé ", "Beyoncé"])
    _build(con)

    assert con.execute("select artist_name, artist_id from marts.artists order by 1").fetchall() == [
        ("Beyoncé", "5jqNAJAGIYJKH5EeFFRyqG"), ("Other", None)
    ]  # fmt: skip
    watched = queries.read_rows(con, "enrich", "watched_artists", now=datetime(2026, 11, 23))
    assert [row["artist_name"] for row in watched] == ["Beyoncé"]
