"""Odd but whole answers of Spotify's: who is who, what is new, and what a value means; in the warehouse, over HTTP."""

import dataclasses
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from enriched import NOW, build, enrich, fill_home, know_everything, load_rows, load_tracks, rows_of, track_id
from fake_spotify import album, albums_page, artist, error, features, hits, scripted, track

from songpop.settings import Settings
from songpop.sources.loopback import Reply

SEARCH, ARTISTS, TRACKS = "/v1/search", "/v1/artists", "/v1/tracks"
FEATURES, NEW_RELEASES = "/v1/audio-features", "/v1/browse/new-releases"
QUIET: dict[str, Any] = {NEW_RELEASES: [albums_page()]}
ID = {name: f"{number:022d}" for number, name in enumerate("abcdef", start=100)}


@pytest.fixture
def home(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a warehouse with one artist, and a key that is known to be an approved organisation's."""
    fill_home(con)
    return con


def _artists(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return rows_of(con, "select artist_name, artist_id, match_state, match_method from raw.spotify__artists order by 1")


@pytest.mark.parametrize(("fields", "expected"), [({}, None), ({"popularity": None}, None), ({"popularity": 0}, 0)])
def test_09_an_absent_popularity_and_a_null_one_are_null_and_zero_is_zero(
    home: duckdb.DuckDBPyConnection, settings: Settings, fields: dict[str, Any], expected: int | None
) -> None:
    script = QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: [hits(artist("One", "o1", **fields))]}
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert fake.paths == [NEW_RELEASES, TRACKS, SEARCH]
    assert rows_of(home, "select artist_name, artist_popularity from marts.artists") == [("One", expected)]


def test_14_a_merged_artist_is_kept_under_the_new_id_with_the_old_one_beside_it(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(home, "artists", [{"artist_name": "One", "artist_id": ID["a"], "popularity": 4}])
    build(home)
    merged = artist("One", ID["b"], popularity=7)
    with scripted(QUIET | {ARTISTS: [Reply(200, {"artists": [merged]})]}) as (fake, source):
        enrich(home, settings, source)
        n_asked = len(fake.paths)
        enrich(home, settings, fake.source(), now=NOW.replace(hour=9))

    assert fake.paths[:n_asked] == [NEW_RELEASES, ARTISTS]
    assert fake.paths[n_asked:] == [NEW_RELEASES]
    assert rows_of(home, "select artist_id, asked_id, popularity from raw.spotify__artists") == [(ID["b"], ID["a"], 7)]
    assert rows_of(home, "select artist_id, artist_popularity from marts.artists") == [(ID["b"], 7)]


def test_14_an_artist_that_is_gone_is_searched_by_name_and_a_renamed_one_keeps_the_warehouse_s_name(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(
        home,
        "artists",
        [
            {"artist_name": "One", "artist_id": ID["a"], "popularity": 4},
            {"artist_name": "Was Two", "artist_id": ID["b"], "popularity": 4},
        ],
    )
    load_rows(home, "watchlist", [{"artist_name": "Was Two"}])
    build(home)
    script = QUIET | {
        ARTISTS: [error(403, "Forbidden")],
        f"/v1/artists/{ID['a']}": [error(404, "Resource not found")],
        f"/v1/artists/{ID['b']}": [Reply(200, artist("Is Two", ID["b"], popularity=9))],
        f"/v1/artists/{ID['b']}/albums": [Reply(200, {"items": []})],
        SEARCH: [hits(artist("One", ID["c"], popularity=7))],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert fake.paths.count(SEARCH) == 1
    assert rows_of(home, "select artist_name, found_name, artist_id from raw.spotify__artists order by 1") == [
        ("One", "One", ID["c"]),
        ("Was Two", "Is Two", ID["b"]),
    ]


def test_15_nulls_in_lists_are_skipped_and_everything_else_keeps_its_id(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(home, *((number, f"A{number}", 50) for number in (1, 2, 3)))
    new = album("al1", tracks=[track(track_id(7), "A1", "a1"), None, track(track_id(8), "A1", "a1")])
    script = {
        NEW_RELEASES: [albums_page(None, new, None)],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(200, {"audio_features": [None, features(track_id(8), tempo=99.0)]})],
        TRACKS: [Reply(200, {"tracks": [track(track_id(2), "A2", "a2"), None, track(track_id(3), "A3", "a3")]})],
        ARTISTS: [Reply(200, {"artists": [None, artist("A2", "a2", popularity=2), artist("A3", "a3", popularity=3)]})],
        SEARCH: [hits(None, artist("A1", "a9", popularity=1))],
    }
    with scripted(script) as (_, source):
        enrich(home, settings, source)

    assert rows_of(home, "select artist_name, popularity from raw.spotify__artists order by 1") == [
        ("A1", 1),
        ("A2", 2),
        ("A3", 3),
        ("One", None),
    ]
    assert rows_of(home, "select track_id, tempo, feature_source from marts.releases order by 1") == [
        (track_id(7), None, "none"),
        (track_id(8), 99.0, "spotify"),
    ]
    assert rows_of(home, "select service, key, state from ledger.unanswered") == [("spotify", track_id(7), "missing")]


@pytest.mark.parametrize("linked", [{"linked_from": {"id": track_id(1)}}, {}])
def test_16_a_relinked_track_counts_under_the_id_that_was_asked_for(
    home: duckdb.DuckDBPyConnection, settings: Settings, linked: dict[str, Any]
) -> None:
    other = track(track_id(99), "One", "o1", is_playable=False, restrictions={"reason": "market"}) | linked
    script = QUIET | {
        TRACKS: [Reply(200, {"tracks": [other]})],
        ARTISTS: [Reply(200, {"artists": [artist("One", "o1", popularity=7)]})],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert (fake.paths, fake.requests[1].query["ids"]) == ([NEW_RELEASES, TRACKS, ARTISTS], track_id(1))
    assert _artists(home) == [("One", "o1", "found", "track_id")]


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("Bailey", hits(artist("Bailey Zimmerman", "z1"), artist("Bailey", "b1")), ("b1", "found", "search_exact")),
        ("Bailey", hits(artist("Bailey Zimmerman", "z1"), total=0), (None, "unmatched", "search_exact")),
        ("Bailey", hits(total=900), (None, "unmatched", "search_exact")),
        ("BEYONCE", hits(artist("Beyoncé", "b1"), total=0), ("b1", "found", "search_exact")),
        ("Bailey", hits(artist("Bailey", "b1"), artist("bailey", "b2")), (None, "ambiguous", "search_exact")),
    ],
)
def test_17_only_an_equal_name_is_a_match_and_two_of_them_are_none(
    con: duckdb.DuckDBPyConnection, settings: Settings, name: str, found: Reply, expected: tuple[Any, ...]
) -> None:
    know_everything(con)
    load_tracks(con, (1, name, 90))
    searches = [found, Reply(200, {"tracks": {"items": []}})]
    with scripted(QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: searches}) as (fake, source):
        result = enrich(con, settings, source)

    assert fake.paths.count(SEARCH) == (2 if expected[1] == "ambiguous" else 1)
    assert _artists(con) == [(name, *expected)]
    assert rows_of(con, "select artist_id, match_state from marts.artist_sources") == [expected[:2]]
    assert (result.coverage.n_found, result.coverage.n_ambiguous, result.coverage.n_unmatched) == tuple(
        int(expected[1] == state) for state in ("found", "ambiguous", "unmatched")
    )


def test_17_two_equal_names_are_told_apart_by_their_track(home: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    two = hits(artist("One", "o1", popularity=80), artist("One", "o2", popularity=3))
    songs = Reply(
        200,
        {"tracks": {"items": [track("x", "One", "o1", name="Song 1 live"), track("y", "One", "o2", name="song 1")]}},
    )
    with scripted(QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: [two, songs]}) as (fake, source):
        enrich(home, settings, source)

    assert [request.query["q"] for request in fake.requests[2:]] == ['artist:"One"', 'track:"Song 1" artist:"One"']
    assert _artists(home) == [("One", "o2", "found", "track_search")]
    assert rows_of(home, "select artist_popularity, match_confidence from marts.artist_sources") == [(3, 0.95)]


def test_18_pages_end_whatever_they_say_and_the_token_stays_with_spotify(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    page = albums_page(*(album(f"al{n}", "2020-01-01") for n in range(10)), next_page="http://127.0.0.1:9/steal")
    later = albums_page(*(album(f"al{n}", "2020-01-01") for n in range(10, 20)))
    script = {
        NEW_RELEASES: [page, error(500, "no"), later, later],
        TRACKS: [Reply(200, {"tracks": [None]})],
        SEARCH: [hits()],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    offsets = [request.query["offset"] for request in fake.requests if request.path == NEW_RELEASES]
    assert offsets == ["0", "10", "10", "20"]
    assert {request.headers["Host"] for request in fake.requests} == {fake.server.url.removeprefix("http://")}
    assert rows_of(home, "select count(*) from raw.spotify__releases") == [(0,)]


@pytest.mark.parametrize(
    ("text", "precision", "expected"),
    [("2026-11", "month", date(2026, 11, 1)), ("2026-11-20", "day", date(2026, 11, 20)), ("2026", "year", None)],
)
def test_19_a_release_is_new_by_the_first_day_its_date_can_mean(
    home: duckdb.DuckDBPyConnection, settings: Settings, text: str, precision: str, expected: date | None
) -> None:
    new = album("al1", text, tracks=[track(track_id(7))])
    with scripted({NEW_RELEASES: [albums_page(new)], "/v1/albums/al1": [Reply(200, new)]}) as (_, source):
        enrich(home, settings, source)

    assert rows_of(home, "select release_date, release_date_precision from raw.spotify__releases") == [
        (text, precision)
    ]
    assert rows_of(home, "select release_date from marts.releases") == ([(expected,)] if expected else [])


def test_19_a_long_album_is_paged_and_one_without_a_year_is_not_asked_for(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    songs = [track(track_id(number)) for number in range(200, 260)]
    new, unknown = album("al1", tracks=songs[:50]), album("al0", "0000")
    new["tracks"]["total"] = 60
    script = {
        NEW_RELEASES: [albums_page(new, unknown, new)],
        "/v1/albums/al1": [Reply(200, new)],
        "/v1/albums/al1/tracks": [Reply(200, {"items": songs[50:] + songs[:1]})],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert fake.paths[:3] == [NEW_RELEASES, "/v1/albums/al1", "/v1/albums/al1/tracks"]
    assert rows_of(home, "select count(*), count(distinct track_id) from raw.spotify__releases") == [(60, 60)]


def test_19_a_song_of_single_album_and_deluxe_edition_is_one_release_and_the_file_s_own_wins(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    def edition(album_id: str, *names: str) -> dict[str, Any]:
        songs = [track(f"{album_id}{place:019d}", name=name) for place, name in enumerate(names)]
        return album(album_id, tracks=songs)

    editions = [
        edition("sgl", "Héllo!"),
        edition("alb", "Hello", "Other", "Mine"),
        edition("del", "Hello", "Other", "Bonus", "More"),
    ]
    load_rows(home, "releases", [{"track_id": ID["a"], "track_name": "mine", "artist_name": "An Artist"}])
    script = {NEW_RELEASES: [albums_page(*editions)]} | {f"/v1/albums/{e['id']}": [Reply(200, e)] for e in editions}
    with scripted(script) as (_, source):
        enrich(home, settings, source)

    assert rows_of(home, "select track_name, album_id, release_source from marts.releases order by 1, 2") == [
        ("Bonus", "del", "spotify"),
        ("Hello", "del", "spotify"),
        ("More", "del", "spotify"),
        ("Other", "del", "spotify"),
        ("mine", None, "releases_file"),
    ]
    assert rows_of(home, "select count(*) from raw.spotify__releases") == [(8,)]


def test_24_a_feature_out_of_range_is_null_and_spotify_s_own_words_are_kept(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    new = album("al1", tracks=[track(track_id(7))])
    known = features(track_id(7), time_signature=1, loudness=8.5, tempo=0, danceability=None, energy=1.2, key=-1)
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(200, {"audio_features": [known]})],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert fake.paths.count(FEATURES) == 1
    assert rows_of(
        home, 'select time_signature, loudness, tempo, danceability, energy, "key", valence from marts.releases'
    ) == [(1, None, None, None, None, -1, 0.428)]
    assert rows_of(home, "select loudness, tempo, energy from raw.spotify__audio_features") == [(8.5, 0.0, 1.2)]


def test_watched_artists_albums_are_new_releases_and_their_ids_are_searched_once(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(home, "watchlist", [{"artist_name": "One"}, {"artist_name": "Two"}])
    load_rows(home, "pins", [{"artist_name": "One", "artist_id": ID["a"]}])
    build(home)
    listed = [album("al1"), album("al2", "2026-01-01"), album("al3", "2025-12-01")]
    new = album("al1", tracks=[track(track_id(7), "One", ID["a"])])
    script = QUIET | {
        f"/v1/artists/{ID['a']}/albums": [Reply(200, {"items": listed})],
        "/v1/artists/t1/albums": [Reply(200, {"items": []})],
        "/v1/albums/al1": [Reply(200, new)],
        ARTISTS: [Reply(200, {"artists": [artist("One", ID["a"], popularity=5)]})],
        SEARCH: [hits(artist("Two", "t1"))],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)
        n_asked = len(fake.paths)
        enrich(home, settings, fake.source(), now=NOW.replace(hour=9))

    of_one, of_two = f"/v1/artists/{ID['a']}/albums", "/v1/artists/t1/albums"
    assert fake.paths[:6] == [SEARCH, of_one, "/v1/albums/al1", of_one, of_two, of_two]
    groups = [request.query["include_groups"] for request in fake.requests if request.path == of_two]
    assert groups == ["album", "single"] * 2
    assert {SEARCH, "/v1/albums/al1"}.isdisjoint(fake.paths[n_asked:])
    assert rows_of(home, "select track_id, found_by from raw.spotify__releases") == [(track_id(7), "watchlist")]


def test_a_pin_wins_over_what_was_matched_and_a_blank_one_says_that_there_is_no_such_artist(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(home, (1, "One", 90), (2, "Two", 9))
    script = QUIET | {
        TRACKS: [error(403, "Forbidden")],
        SEARCH: [hits(artist("One", ID["a"], popularity=7)), hits(artist("Two", ID["b"], popularity=8))],
        ARTISTS: [Reply(200, {"artists": [artist("One (the other)", ID["c"], popularity=70)]})],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)
        load_rows(home, "pins", [{"artist_name": "One", "artist_id": ID["c"]}, {"artist_name": "Two"}])
        build(home)
        result = enrich(home, settings, fake.source(), now=NOW.replace(hour=9))

    assert fake.paths.count(SEARCH) == 2
    assert fake.requests[-1].query["ids"] == ID["c"]
    assert rows_of(
        home, "select artist_name, artist_id, match_state, artist_popularity from marts.artist_sources order by 1"
    ) == [("One", ID["c"], "pinned", 70), ("Two", None, "pinned", None)]
    assert result.coverage.n_pinned == 2


def test_a_query_too_long_for_spotify_is_shortened_word_by_word(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    know_everything(con)
    name = " ".join(["Orchestra"] * 20)
    load_tracks(con, (1, name, 90), (2, "Two", 5))
    script = QUIET | {
        TRACKS: [error(403, "Forbidden")],
        SEARCH: [error(404, "Not found."), hits(artist("Two", "t1", popularity=5))],
    }
    with scripted(script) as (fake, source):
        enrich(con, settings, source)

    queries = [request.query["q"] for request in fake.requests if request.path == SEARCH]
    assert all(len(query) <= 100 for query in queries)
    assert queries[0].startswith('artist:"Orchestra Orchestra')
    assert _artists(con) == [("Two", "t1", "found", "search_exact")]
    assert rows_of(con, "select key, state from ledger.unanswered") == [(name, "failed")]


def test_new_singles_behind_old_albums_are_found_and_undated_ones_passed_over(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(home, "watchlist", [{"artist_name": "One"}])
    load_rows(home, "pins", [{"artist_name": "One", "artist_id": ID["a"]}])
    build(home)
    new = album("new", tracks=[track(track_id(7), "One", ID["a"])])
    albums = Reply(200, {"items": [album("undated", "0000"), album("old", "2020-01-01")]})
    singles = Reply(200, {"items": [album("undated2", "0000"), new, album("old2", "2020-01-01")]})
    script = QUIET | {f"/v1/artists/{ID['a']}/albums": [albums, singles], "/v1/albums/new": [Reply(200, new)]}
    with scripted(script) as (_, source):
        enrich(home, settings, source)

    assert rows_of(home, "select album_id, found_by from raw.spotify__releases") == [("new", "watchlist")]


def test_watched_artists_beyond_the_budget_come_first_the_next_night(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    know_everything(con)
    names = [f"Artist {number}" for number in range(1, 61)]
    load_rows(con, "watchlist", [{"artist_name": name} for name in names])
    load_rows(con, "pins", [{"artist_name": name, "artist_id": track_id(n)} for n, name in enumerate(names, start=1)])
    build(con)
    script = QUIET | {f"/v1/artists/{track_id(n)}/albums": [Reply(200, {"items": []})] for n in range(1, 61)}
    budgeted = dataclasses.replace(settings, spotify_daily_calls=60)
    with scripted(script | {ARTISTS: [Reply(200, {"artists": []})]}) as (fake, source):
        enrich(con, budgeted, source)
        fake.clock.seconds = 25 * 3600
        know_everything(con, NOW + timedelta(hours=25))
        enrich(con, budgeted, fake.source(), now=NOW + timedelta(hours=25))

    paths = [path for path in fake.paths if path.endswith("/albums")]
    assert len(paths) == len(set(paths)) * 2 == 120


def test_names_whose_known_id_was_not_answered_are_not_searched_among_namesakes(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(home, "artists", [{"artist_name": "One", "artist_id": ID["a"], "popularity": 40}])
    build(home)
    script = QUIET | {ARTISTS: [error(503, "busy")], SEARCH: [hits(artist("One", "impostor", popularity=1))]}
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert fake.paths.count(SEARCH) == 0
    assert rows_of(home, "select artist_id, artist_popularity from marts.artists") == [(ID["a"], 40)]


def test_an_album_of_which_a_page_did_not_come_is_asked_for_again_whole(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    songs = [track(track_id(number)) for number in range(200, 260)]
    new = album("al1", tracks=songs[:50])
    new["tracks"]["total"] = 60
    later = Reply(200, {"items": songs[50:]})
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        "/v1/albums/al1/tracks": [error(503, "busy"), error(503, "busy"), error(503, "busy"), later],
        FEATURES: [Reply(200, {"audio_features": []})],
        TRACKS: [Reply(200, {"tracks": [None]})],
        SEARCH: [hits()],
    }
    with scripted(script) as (fake, source):
        first = enrich(home, settings, source)
        fake.clock.seconds = 2 * 3600
        second = enrich(home, settings, fake.source(), now=NOW + timedelta(hours=2))

    assert (first.n_releases, second.n_releases) == (0, 60)


@pytest.mark.parametrize(
    "odd",
    [
        {"tracks": [1]},
        {"tracks": {"items": [track(track_id(9))], "total": "12"}},
        {"id": {"not": "an id"}},
        {"tracks": {"items": [track(track_id(9), disc_number=1e12, duration_ms=1e20, name=["x"])], "total": 1}},
        {"tracks": {"items": [], "total": 0}},
    ],
)
def test_an_odd_album_stands_in_no_other_s_way_and_is_not_asked_for_every_night(
    home: duckdb.DuckDBPyConnection, settings: Settings, odd: dict[str, Any]
) -> None:
    good = album("good", tracks=[track(track_id(8))])
    script = {
        NEW_RELEASES: [albums_page(album("odd"), good)],
        "/v1/albums/odd": [Reply(200, album("odd", tracks=[]) | odd)],
        "/v1/albums/good": [Reply(200, good)],
    }
    with scripted(script) as (fake, source):
        result = enrich(home, settings, source)
        n_asked = fake.paths.count("/v1/albums/odd")
        enrich(home, settings, fake.source(), now=NOW + timedelta(minutes=30))

    assert not any("mistake in songpop" in finding.message for finding in result.findings)
    assert (track_id(8),) in rows_of(home, "select track_id from raw.spotify__releases")
    assert fake.paths.count("/v1/albums/odd") == n_asked


def test_a_pinned_artist_that_is_not_there_is_not_asked_for_every_night(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(home, "pins", [{"artist_name": "One", "artist_id": ID["a"]}])
    build(home)
    with scripted(QUIET | {ARTISTS: [Reply(200, {"artists": [None]})]}) as (fake, source):
        enrich(home, settings, source)
        enrich(home, settings, fake.source(), now=NOW + timedelta(hours=1))

    assert fake.paths.count(ARTISTS) == 1
    assert _artists(home) == [("One", None, "unmatched", "pinned")]
