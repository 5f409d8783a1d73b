"""Spotipy's real client against a scripted server: what we make of each answer, and what the server saw."""

import logging
import traceback
from datetime import date

import pytest
from fake_spotify import (
    CLIENT_ID,
    CLIENT_SECRET,
    NOW,
    FakeClock,
    FakeSpotify,
    album,
    albums_page,
    all_logs,
    artist,
    error,
    features,
    hits,
    raw,
    scripted,
    track,
)

from songpop.errors import SettingsError, SourceChanged, SourceRefused, SourceStopped, SourceUnavailable
from songpop.sources.loopback import Reply
from songpop.sources.rate_limited_caller import Failure, RateLimitedCaller, RunClock
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY
from songpop.sources.spotify.client import SpotifySource
from songpop.sources.spotify.fetching import fetch_artists, fetch_audio_features, fetch_new_releases
from songpop.sources.spotify.parsing import may_be_released_within

SEARCH, ARTISTS, TRACKS = "/v1/search", "/v1/artists", "/v1/tracks"
FEATURES, NEW_RELEASES = "/v1/audio-features", "/v1/browse/new-releases"
BEYONCE = artist("Beyoncé", "beyonce1", popularity=90, followers={"href": None, "total": 5}, genres=["pop"])
AS_OF = date(2026, 11, 22)


def test_an_equal_name_is_found_with_its_facts() -> None:
    with scripted({SEARCH: [hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["BEYONCÉ"]))

    assert [request.query["q"] for request in fake.requests] == ['artist:"BEYONCÉ"']
    assert {**fake.requests[0].query, "q": ""} == {
        "q": "",
        "type": "artist",
        "limit": "10",
        "offset": "0",
        "market": "US",
    }
    assert rows == [
        {
            "artist_name": "BEYONCÉ",
            "found_name": "Beyoncé",
            "artist_id": "beyonce1",
            "match_state": "found",
            "match_method": "search_exact",
            "match_confidence": 1.0,
            "candidates": '[{"id": "beyonce1", "name": "Beyoncé", "popularity": 90, "followers": 5}]',
            "genres": ["pop"],
            "popularity": 90,
            "followers": 5,
            "asked_id": None,
        }
    ]


def test_accents_are_folded_only_where_no_name_is_equal_with_them() -> None:
    with scripted({SEARCH: [hits(BEYONCE)]}) as (_, source):
        (row,) = fetch_artists(source, ["Beyonce"])

    assert (row["artist_id"], row["match_confidence"]) == ("beyonce1", 0.9)


def test_the_first_hit_is_not_taken_when_another_name_is_the_equal_one() -> None:
    first = artist("Bailey Zimmerman", "zimmerman", popularity=73)
    with scripted({SEARCH: [hits(first, None, artist("Bailey", "bailey1", popularity=12))]}) as (_, source):
        (row,) = fetch_artists(source, ["bailey"])

    assert (row["artist_id"], row["popularity"]) == ("bailey1", 12)


def test_several_equal_names_are_ambiguous_and_kept_as_candidates() -> None:
    twins = [artist("Nirvana", "n1", popularity=80), artist("nirvana", "n2", popularity=3)]
    with scripted({SEARCH: [hits(*twins, total=0)]}) as (_, source):
        (row,) = fetch_artists(source, ["Nirvana"])

    assert (row["match_state"], row["artist_id"], row["popularity"]) == ("ambiguous", None, None)
    assert '"n1"' in row["candidates"]
    assert '"n2"' in row["candidates"]


@pytest.mark.parametrize("answer", [hits(), hits(artist("Bailey Zimmerman", "z1", popularity=73))])
def test_no_equal_name_is_unmatched(answer: Reply) -> None:
    with scripted({SEARCH: [answer]}) as (_, source):
        (row,) = fetch_artists(source, ["bailey"])

    assert (row["match_state"], row["artist_id"], row["popularity"]) == ("unmatched", None, None)


@pytest.mark.parametrize(("fields", "expected"), [({}, None), ({"popularity": None}, None), ({"popularity": 0}, 0)])
def test_an_absent_popularity_is_null_and_zero_is_zero(fields: dict[str, object], expected: int | None) -> None:
    with scripted({SEARCH: [hits(artist("Someone", "s1", **fields))]}) as (_, source):
        (row,) = fetch_artists(source, ["Someone"])

    assert (row["artist_id"], row["popularity"], row["followers"]) == ("s1", expected, None)


def test_a_name_with_quotes_stays_inside_its_quotes() -> None:
    with scripted({SEARCH: [hits()]}) as (fake, source):
        list(fetch_artists(source, ['"Weird Al" Yankovic']))

    assert fake.requests[0].query["q"] == 'artist:"Weird Al Yankovic"'


def test_track_ids_find_artists_in_two_calls() -> None:
    tracks = [track("t1", "First", "a1"), None, track("t3x", "Third", "a3", linked_from={"id": "t3"})]
    script = {
        TRACKS: [Reply(200, {"tracks": tracks})],
        ARTISTS: [Reply(200, {"artists": [artist("First", "a1", popularity=5), artist("Third", "a3", popularity=7)]})],
        SEARCH: [hits(artist("Second", "a2", popularity=6))],
    }
    with scripted(script) as (fake, source):
        rows = list(
            fetch_artists(
                source, ["First", "Second", "Third"], track_ids={"First": "t1", "Second": "t2", "Third": "t3"}
            )
        )

    assert fake.paths == [TRACKS, ARTISTS, SEARCH]
    assert fake.requests[1].query == {"ids": "a1,a3"}
    assert [(r["artist_name"], r["match_method"], r["popularity"]) for r in rows] == [
        ("First", "track_id", 5),
        ("Third", "track_id", 7),
        ("Second", "search_exact", 6),
    ]


def test_a_track_of_somebody_else_does_not_name_the_artist() -> None:
    script = {TRACKS: [Reply(200, {"tracks": [track("t1", "Somebody Else", "a9")]})], SEARCH: [hits()]}
    with scripted(script) as (fake, source):
        (row,) = fetch_artists(source, ["First"], track_ids={"First": "t1"})

    assert fake.paths == [TRACKS, SEARCH]
    assert row["match_state"] == "unmatched"


def test_a_key_without_batches_searches_and_asks_one_by_one() -> None:
    script = {
        TRACKS: [error(403, "Forbidden")],
        ARTISTS: [error(403, "Forbidden")],
        "/v1/artists/a1": [Reply(200, artist("Known", "a1", popularity=4))],
        SEARCH: [hits(artist("First", "f1", popularity=5))],
    }
    with scripted(script) as (fake, source):
        names = ["Known", "First"]
        rows = list(fetch_artists(source, names, artist_ids={"Known": "a1"}, track_ids={"First": "t1"}))
        again = list(fetch_artists(source, ["First"], track_ids={"First": "t1"}))

    assert [row["popularity"] for row in rows + again] == [4, 5, 5]
    assert fake.paths == [TRACKS, ARTISTS, "/v1/artists/a1", SEARCH, SEARCH]
    assert source.refused.keys() == {"tracks", "artists"}


def test_a_key_that_gives_no_popularity_is_not_asked_for_ever() -> None:
    found = [Reply(200, {"artists": {"items": [artist(f"Artist {n}", f"a{n}")]}}) for n in range(40)]
    with scripted({SEARCH: found}) as (fake, source):
        rows = list(fetch_artists(source, [f"Artist {n}" for n in range(40)]))

    assert len(rows) == len(fake.paths) == 20
    assert source.refused[ARTIST_POPULARITY].startswith("Spotify gave this key 20 artists")


def test_a_short_retry_after_is_slept_once() -> None:
    with scripted({SEARCH: [error(429, "Too many requests", Retry_After="1"), hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé"]))

    assert (len(rows), fake.clock.slept, len(fake.paths)) == (1, [1.0], 2)
    assert source.n_calls == {"search": 2}


@pytest.mark.parametrize(
    ("header", "slept"),
    [("soon", [1, 2, 4]), ("0", [1, 1, 1]), ("-5", [1, 1, 1]), ("Sun, 22 Nov 2026 00:00:00 GMT", [1, 2, 4])],
)
def test_an_odd_retry_after_is_waited_for_three_times_at_most(header: str, slept: list[float]) -> None:
    with scripted({SEARCH: [error(429, "Too many requests", Retry_After=header)]}) as (fake, source):
        rows = list(fetch_artists(source, ["One", "Two"]))

    assert (rows, fake.clock.slept, len(fake.paths)) == ([], slept, 4)
    assert "429 4 times" in source.stops["search"]


@pytest.mark.parametrize(
    "refusal",
    [
        error(429, "Too many requests", Retry_After="86207"),
        Reply(429, {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}),
    ],
)
def test_a_used_up_quota_stops_its_bucket_without_sleep(refusal: Reply) -> None:
    script = {
        SEARCH: [hits(BEYONCE), refusal],
        ARTISTS: [Reply(200, {"artists": [artist("Known", "k1", popularity=4)]})],
    }
    with scripted(script) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé", "Two", "Three"]))
        rows += fetch_artists(source, ["Known"], artist_ids={"Known": "k1"})

    assert [row["popularity"] for row in rows] == [90, 4]
    assert fake.clock.slept == []
    assert fake.paths == [SEARCH, SEARCH, ARTISTS]
    assert "Too many requests" in source.stops["search"]


def test_a_failing_server_is_asked_again() -> None:
    broken = [error(500, "oops"), raw(b"<html>Bad gateway</html>", 502, Content_Type="text/html")]
    with scripted({SEARCH: [*broken, hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé"]))

    assert (len(rows), fake.clock.slept, len(fake.paths)) == (1, [1.0, 2.0], 3)


@pytest.mark.parametrize(
    "answer",
    [
        raw(b'{"artists": {"items": [{"id": "a'),
        raw(b'{"artists": {"ite', Content_Length="4000"),
        raw(b""),
        raw(b"null"),
        raw(b"[]"),
        raw(b"<html></html>"),
        raw(b'{"error": "text"}'),
        raw(b'{"error": "text"}', 400),
        raw(b"", 204),
    ],
)
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_never_kept(answer: Reply) -> None:
    with scripted({SEARCH: [answer, hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé"]))

    assert (len(rows), fake.clock.slept, len(fake.paths)) == (1, [1.0], 2)


def test_an_answer_that_stays_broken_leaves_no_row_and_is_counted() -> None:
    with scripted({SEARCH: [raw(b"null"), raw(b"null"), raw(b"null"), hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["One", "Beyoncé"]))

    assert ([row["artist_name"] for row in rows], source.n_given_up, len(fake.paths)) == (["Beyoncé"], 1, 4)


def test_a_dead_service_is_not_asked_for_every_name() -> None:
    with (
        scripted({SEARCH: [error(503, "down")]}) as (fake, source),
        pytest.raises(SourceStopped, match=r"5 calls in a row failed, the last with 503 'down'"),
    ):
        list(fetch_artists(source, [f"Artist {n}" for n in range(100)]))

    assert len(fake.paths) == 15


def test_a_query_that_spotify_rejects_is_left_out() -> None:
    with scripted({SEARCH: [error(400, "Invalid query"), hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["One", "Beyoncé"]))

    assert (len(rows), source.n_given_up, len(fake.paths)) == (1, 1, 2)


def test_a_refused_token_is_renewed_once() -> None:
    with scripted({SEARCH: [error(401, "The access token expired"), hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé"]))

    assert (len(rows), fake.n_token_calls, fake.clock.slept) == (1, 2, [])
    assert [request.headers["Authorization"] for request in fake.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_is_refused_again_ends_all_calls() -> None:
    with (
        scripted({SEARCH: [error(401, "Invalid access token")]}) as (fake, source),
        pytest.raises(SourceStopped, match="a fresh token was refused too"),
    ):
        list(fetch_artists(source, ["One", "Two"]))

    assert (len(fake.paths), fake.n_token_calls) == (2, 2)


@pytest.mark.parametrize("answer", [Reply(503, {"error": "server_error"}), raw(b'{"access_tok'), raw(b"{}")])
def test_a_token_that_fails_to_come_is_asked_for_again(answer: Reply) -> None:
    token = Reply(200, {"access_token": "token", "token_type": "Bearer", "expires_in": 3600})
    with scripted({"/api/token": [answer, token], SEARCH: [hits(BEYONCE)]}) as (fake, source):
        rows = list(fetch_artists(source, ["Beyoncé"]))

    assert (len(rows), fake.n_token_calls, len(fake.paths), fake.clock.slept) == (1, 2, 1, [1.0])


def test_wrong_keys_end_all_calls_in_words() -> None:
    answer = {"error": "invalid_client", "error_description": "Invalid client"}
    with (
        scripted({"/api/token": [Reply(400, answer)]}) as (fake, source),
        pytest.raises(SourceStopped, match="must be a pair that Spotify knows"),
    ):
        list(fetch_artists(source, ["One", "Two"]))

    assert (fake.paths, fake.n_token_calls) == ([], 1)


def test_an_owner_without_premium_ends_all_calls_in_spotifys_words() -> None:
    refusal = raw(b"Active premium subscription required for the owner of the app.", 403, Content_Type="text/plain")
    with (
        scripted({SEARCH: [refusal]}) as (fake, source),
        pytest.raises(SourceStopped, match="Active premium subscription required"),
    ):
        list(fetch_artists(source, ["One", "Two"]))

    assert len(fake.paths) == 1


def test_secrets_reach_no_log_and_no_error() -> None:
    script = {
        "/api/token": [
            Reply(200, {"access_token": "token-nobody-may-see", "token_type": "Bearer", "expires_in": 3600}),
            Reply(400, {"error": "invalid_client", "error_description": CLIENT_SECRET}),
        ],
        SEARCH: [error(500, "oops"), error(401, "expired")],
    }
    with all_logs() as messages, scripted(script) as (_, source), pytest.raises(SourceStopped) as raised:
        list(fetch_artists(source, ["One"]))

    written = " ".join([*messages, repr(source), *traceback.format_exception(raised.value)])
    assert messages
    assert CLIENT_SECRET not in written
    assert "nobody-may-see" not in written
    assert "Basic " not in written
    assert logging.getLogger("spotipy.oauth2").level == logging.WARNING


def test_calls_keep_their_pace() -> None:
    with scripted({SEARCH: [hits()]}, pace_seconds=2.0) as (fake, source):
        list(fetch_artists(source, ["One", "Two", "Three"]))

    assert fake.clock.slept == [2.0, 2.0]


def test_no_call_and_no_sleep_begins_past_the_deadline() -> None:
    with scripted({SEARCH: [hits()]}, pace_seconds=4.0, deadline_seconds=10.0) as (fake, source):
        rows: list[dict[str, object]] = []
        with pytest.raises(SourceStopped, match="10 s, is used up"):
            rows.extend(fetch_artists(source, [f"Artist {n}" for n in range(9)]))

    assert (len(fake.paths), fake.clock.seconds) == (3, 8.0)


def test_new_releases_are_the_tracks_of_albums_of_these_days() -> None:
    listed = [album("old", "2026-09-01"), None, album("al1"), album("month", "2026-11")]
    script = {
        NEW_RELEASES: [albums_page(*listed, next_page="http://evil.example/next")],
        "/v1/albums/al1": [Reply(200, album("al1", tracks=[track("t1"), None, track("t2", track_number=2)]))],
        "/v1/albums/month": [Reply(200, album("month", "2026-11", tracks=[track("t1"), track("t3")]))],
    }
    with scripted(script) as (fake, source):
        rows = list(fetch_new_releases(source, as_of_date=AS_OF, days=28))

    assert fake.paths == [NEW_RELEASES, "/v1/albums/al1", "/v1/albums/month"]
    assert fake.requests[0].query == {"country": "US", "limit": "50", "offset": "0"}
    assert [(row["track_id"], row["album_id"]) for row in rows] == [("t1", "al1"), ("t2", "al1"), ("t3", "month")]
    assert rows[2] == {
        "track_id": "t3",
        "track_name": "Song t3",
        "artist_name": "An Artist",
        "artist_id": "artist1",
        "album_id": "month",
        "album_name": "Album month",
        "album_type": "album",
        "market": "US",
        "found_by": "new_releases",
        "release_date": "2026-11",
        "release_date_precision": "month",
        "total_tracks": 2,
        "disc_number": 1,
        "track_number": 1,
        "duration_ms": 200_000,
        "explicit": False,
    }


@pytest.mark.parametrize("day", ["0000", None])
def test_an_album_without_a_date_is_new_where_it_is_listed_as_new(day: str | None) -> None:
    undated = album("none", "0000") | {"release_date": day}
    script = {
        NEW_RELEASES: [albums_page(undated)],
        "/v1/albums/none": [Reply(200, album("none", "0000", tracks=[track("t1")]))],
    }
    with scripted(script) as (fake, source):
        rows = list(fetch_new_releases(source, as_of_date=AS_OF, days=28))

    assert fake.paths == [NEW_RELEASES, "/v1/albums/none"]
    assert [(row["track_id"], row["release_date"]) for row in rows] == [("t1", "0000")]


def test_without_the_list_new_albums_come_from_a_search_that_ends() -> None:
    full = albums_page(*(album(f"al{n}") for n in range(10)), next_page="http://evil.example/next")
    script = {NEW_RELEASES: [error(403, "Forbidden")], SEARCH: [error(400, "Invalid limit"), full]}
    with scripted(script) as (fake, source):
        rows = list(fetch_new_releases(source, as_of_date=AS_OF, days=28, known_album_ids={"al0"}))

    searches = [request.query for request in fake.requests if request.path == SEARCH]
    assert rows == []
    assert [(query["limit"], query["offset"]) for query in searches] == [("50", "0"), ("10", "0"), ("10", "10")]
    assert searches[1] == {"q": "tag:new", "type": "album", "limit": "10", "offset": "0", "market": "US"}
    assert "/v1/albums/al0" not in fake.paths
    assert fake.paths.count("/v1/albums/al1") == 1


def test_an_album_of_many_tracks_is_paged() -> None:
    first = album("al1", tracks=[track(f"t{n}") for n in range(50)])
    first["tracks"]["total"] = 52
    script = {
        NEW_RELEASES: [albums_page(album("al1"))],
        "/v1/albums/al1": [Reply(200, first)],
        "/v1/albums/al1/tracks": [Reply(200, {"items": [track("t50"), track("t51")]})],
    }
    with scripted(script) as (fake, source):
        rows = list(fetch_new_releases(source, as_of_date=AS_OF, days=28))

    assert len(rows) == 52
    assert fake.requests[-1].query["offset"] == "50"


def test_audio_features_skip_nulls_and_keep_to_their_ids() -> None:
    known = [features("t3"), None, features("t1", time_signature=1, tempo=None), features("not-asked")]
    with scripted({FEATURES: [Reply(200, {"audio_features": known})]}) as (fake, source):
        rows = list(fetch_audio_features(source, ["t1", "t2", "t3"]))

    assert [request.query for request in fake.requests] == [{"ids": "t1,t2,t3"}]
    found = [row for row in rows if row["state"] == "found"]
    assert [(r["track_id"], r["time_signature"], r["tempo"], r["key"]) for r in found] == [
        ("t1", 1, None, 9),
        ("t3", 4, 118.211, 9),
    ]
    assert [row for row in rows if row["state"] == "missing"] == [{"track_id": "t2", "state": "missing"}]


def test_audio_features_come_a_hundred_a_call() -> None:
    with scripted({FEATURES: [Reply(200, {"audio_features": []})]}) as (fake, source):
        list(fetch_audio_features(source, [f"t{n}" for n in range(201)]))

    assert [len(request.query["ids"].split(",")) for request in fake.requests] == [100, 100, 1]


def test_a_key_without_audio_features_is_refused_once_and_says_why() -> None:
    with scripted({FEATURES: [Reply(403, {"error": {"status": 403}})]}) as (fake, source):
        rows = list(fetch_audio_features(source, [f"t{n}" for n in range(201)]))

    assert (rows, fake.paths) == ([], [FEATURES])
    assert source.refused == {"audio_features": "Spotify refused audio_features: 403 without a message."}


def test_a_missing_key_is_named() -> None:
    with pytest.raises(SettingsError, match="SPOTIPY_CLIENT_SECRET must both be set"):
        SpotifySource(CLIENT_ID, "", clock=RunClock(60.0))


@pytest.mark.parametrize(
    ("kind", "expected", "message"),
    [
        ("refused", SourceRefused, "Spotify refused search: no"),
        ("request", SourceChanged, "Spotify must answer search, however it said no"),
        ("payload", SourceUnavailable, "Spotify must answer search, however 3 tries failed: no"),
    ],
)
def test_a_caller_names_what_it_could_not_get(kind: str, expected: type[Exception], message: str) -> None:
    clock = FakeClock()
    caller = RateLimitedCaller(
        "Spotify",
        lambda error: Failure(kind, "no"),
        RunClock(60.0, NOW, seconds=clock, sleep=clock.sleep),
        pace_seconds=0.0,
    )

    with pytest.raises(expected, match=message):
        caller.call(lambda: 1 // 0, "search")


def test_a_mistake_of_ours_is_no_failure_of_the_service() -> None:
    with FakeSpotify({}).server as server:
        source = SpotifySource("id", CLIENT_SECRET, server.url, server.url, clock=RunClock(60.0))
        with pytest.raises(ZeroDivisionError):
            source._answer("search", lambda: 1 // 0)
        source.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", True),
        ("2026-10-25", True),
        ("2026-10-24", False),
        ("2026-11-23", False),
        ("2026-10", True),
        ("2026-12", False),
        ("2026", True),
        ("2025", False),
        ("0000", False),
        ("soon", False),
        (None, False),
    ],
)
def test_a_release_date_counts_for_all_the_days_it_can_mean(text: str | None, expected: bool) -> None:
    assert may_be_released_within(text, date(2026, 10, 25), AS_OF) is expected
