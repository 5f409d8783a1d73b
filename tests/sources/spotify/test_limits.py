"""What Spotify may refuse, delay or break, against what the server saw and what the warehouse holds then.

Each test is a row of the table of behaviours that a client of the Web API must bear.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from broken_server import Fault, broken_server
from enriched import NOW, build, enrich, fill_home, know_everything, load_tracks, rows_of, track_id
from fake_spotify import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_PATH,
    FakeSpotify,
    album,
    albums_page,
    all_logs,
    artist,
    error,
    features,
    hits,
    of_tier,
    raw,
    scripted,
    track,
)

from songpop import enriching, warehouse
from songpop.errors import SettingsError
from songpop.settings import Settings
from songpop.sources.loopback import Reply
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.reccobeats import ReccoBeatsSource
from songpop.sources.registry import Sources
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY, LONG_SEARCHES, tier_of
from songpop.sources.spotify.client import SpotifySource
from songpop.sources.spotify.fetching import Lead, fetch_new_releases

SEARCH, ARTISTS, TRACKS = "/v1/search", "/v1/artists", "/v1/tracks"
FEATURES, NEW_RELEASES = "/v1/audio-features", "/v1/browse/new-releases"
QUIET: dict[str, Any] = {NEW_RELEASES: [albums_page()]}
NO_BATCH = QUIET | {TRACKS: [error(403, "Forbidden")]}
QUOTA = Reply(
    429,
    {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}},
    {"Retry-After": "86207"},
)
FOUND = hits(artist("One", "o1", popularity=7))


@pytest.fixture
def home(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a warehouse with one artist, and a key that is known to be an approved organisation's."""
    fill_home(con)
    return con


def _artists(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return rows_of(con, "select artist_name, match_state, popularity from raw.spotify__artists order by 1")


def _n_calls(con: duckdb.DuckDBPyConnection) -> int:
    return int(rows_of(con, "select count(*) from ledger.api_calls")[0][0])


def test_01_a_short_retry_after_is_slept_once_and_both_requests_count(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    script = NO_BATCH | {SEARCH: [error(429, "wait", Retry_After="1"), FOUND]}
    with scripted(script) as (fake, source):
        enrich(home, settings, source)

    assert (fake.clock.slept, fake.paths.count(SEARCH)) == ([1.0], 2)
    assert _artists(home) == [("One", "found", 7)]
    assert rows_of(home, "select count(*) from ledger.api_calls where bucket = 'search'") == [(2,)]


def test_02_a_used_up_quota_closes_its_bucket_for_later_runs_too_and_no_other(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    new = album("al1", tracks=[track(track_id(7), "One", "o1")])
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(200, {"audio_features": [features(track_id(7))]})],
        TRACKS: [error(403, "Forbidden")],
        ARTISTS: [Reply(200, {"artists": [None]})],
        SEARCH: [QUOTA, FOUND],
    }
    with scripted(script) as (fake, source):
        first = enrich(home, settings, source)
        n_first = fake.paths.count(SEARCH)
        fake.clock.seconds = 20 * 3600
        enrich(home, settings, fake.source(), now=NOW + timedelta(hours=20))
        n_second = fake.paths.count(SEARCH) - n_first
        fake.clock.seconds = 86_300
        enrich(home, settings, fake.source(), now=NOW + timedelta(seconds=86_300))

    assert (fake.clock.slept, n_first, n_second, fake.paths.count(SEARCH)) == ([], 1, 0, 2)
    assert (first.n_releases, first.n_features, first.n_unasked) == (1, 1, 1)
    assert [finding.check_name for finding in first.findings] == ["enrichment_is_complete"]
    assert rows_of(home, "select service, bucket, open_until from ledger.api_circuits") == [
        ("Spotify", "search", NOW + timedelta(seconds=86_207))
    ]
    assert _artists(home) == [("One", "found", 7)]


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        (None, [1.0, 2.0, 4.0]),
        ("soon", [1.0, 2.0, 4.0]),
        ("Wed, 25 Nov 2026 08:00:00 GMT", [1.0, 2.0, 4.0]),
        ("0", [1.0, 1.0, 1.0]),
        ("-5", [1.0, 1.0, 1.0]),
    ],
)
def test_03_an_odd_retry_after_is_waited_for_three_times_and_the_name_is_kept_for_later(
    home: duckdb.DuckDBPyConnection, settings: Settings, header: str | None, slept: list[float]
) -> None:
    refusal = error(429, "wait") if header is None else error(429, "wait", Retry_After=header)
    with scripted(NO_BATCH | {SEARCH: [refusal]}) as (fake, source):
        result = enrich(home, settings, source)

    assert (fake.clock.slept, fake.paths.count(SEARCH)) == (slept, 4)
    assert (_artists(home), result.n_unasked) == ([], 1)
    assert rows_of(home, "select bucket, open_until - opened_at from ledger.api_circuits") == [
        ("search", timedelta(minutes=15))
    ]


@pytest.mark.parametrize(
    ("token", "expected", "message"),
    [
        ([error(429, "slow down")], 3, "no token"),
        ([Reply(400, {"error": "invalid_client", "error_description": "Invalid client"})], 1, "must be a pair"),
        ([raw(b'{"access_tok')], 3, "an answer that can't be read"),
    ],
)
def test_04_a_token_that_does_not_come_is_a_finding_in_words_without_the_secret(
    home: duckdb.DuckDBPyConnection, settings: Settings, token: list[Reply], expected: int, message: str
) -> None:
    with scripted({TOKEN_PATH: token}) as (fake, source), all_logs() as messages:
        result = enrich(home, settings, source)

    assert fake.paths == []
    assert fake.n_token_calls >= expected
    assert message in result.findings[0].message
    assert CLIENT_SECRET not in " ".join([*messages, *(finding.message for finding in result.findings)])
    assert (_artists(home), rows_of(home, "select count(*) from raw.spotify__releases")) == ([], [(0,)])


def test_04_a_token_that_never_comes_ends_with_the_deadline(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    _assert_it_ends(home, settings, "silent token")


def test_05_refused_audio_features_are_asked_for_once_and_then_at_the_next_source(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    new = album("al1", tracks=[track(track_id(number), "One", "o1") for number in range(150, 300)])
    href = "https://open.spotify.com/track/"
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(403, {"error": {"status": 403}})],
    }
    with scripted(script) as (fake, source):
        reccobeats = ReccoBeatsSource(fake.server.url, source.caller.clock, pace_seconds=0.0)
        known = {"id": "r1", "href": href + track_id(150), "danceability": 0.4, "energy": 0.5, "tempo": 99.0}
        fake.script[FEATURES] += [Reply(200, {"content": [known]})]
        result = enrich(home, settings, Sources(source, reccobeats))
        enrich(home, settings, Sources(source, reccobeats), now=NOW + timedelta(hours=1))
        reccobeats.close()

    requests = [request for request in fake.requests if request.path == FEATURES]
    assert sum("Authorization" in request.headers for request in requests) == 1
    assert len(requests) == 5
    assert source.refused["audio_features"] == "Spotify refused audio_features: 403 without a message."
    assert rows_of(
        home, "select track_id, feature_source, tempo from marts.releases where feature_source <> 'none'"
    ) == [(track_id(150), "reccobeats", 99.0)]
    assert "spotify_key_may_ask" in {finding.check_name for finding in result.findings}


def test_06_a_key_without_batches_is_asked_one_by_one_and_that_is_remembered(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    script = QUIET | {
        TRACKS: [error(403, "Forbidden")],
        ARTISTS: [error(403, "Forbidden")],
        "/v1/artists/o1": [Reply(200, artist("One", "o1", popularity=7))],
        SEARCH: [FOUND],
    }
    with scripted(script) as (fake, source):
        enrich(home, settings, source)
        home.execute("delete from raw.spotify__artists")
        enrich(home, settings, fake.source(), now=NOW + timedelta(hours=1))
        home.execute("delete from raw.spotify__artists")
        enrich(home, settings, fake.source(), now=NOW + timedelta(hours=2))

    paths = [path for path in fake.paths if path != NEW_RELEASES]
    assert paths == [TRACKS, SEARCH, ARTISTS, "/v1/artists/o1", "/v1/artists/o1"]
    assert rows_of(
        home, "select capability, is_allowed from ledger.api_capabilities where run_id <> 'earlier-run' order by all"
    ) == [("artists", False), ("tracks", False)]
    assert _artists(home) == [("One", "found", 7)]


def test_07_an_owner_without_premium_ends_all_calls_with_spotifys_words(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    body = b"Active premium subscription required for the owner of the app."
    with scripted({NEW_RELEASES: [raw(body, 403, Content_Type="text/plain")]}) as (fake, source):
        result = enrich(home, settings, source)

    assert fake.paths == [NEW_RELEASES]
    assert "Active premium subscription required" in result.findings[0].message
    assert _artists(home) == []


def test_08_pages_are_short_where_long_ones_are_refused_and_never_too_deep(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "One", 90))
    with of_tier("dev_new", "One") as (fake, source):
        enrich(con, settings, source)
        enrich(con, settings, fake.source(), now=NOW + timedelta(hours=1))

    queries = [request.query for request in fake.requests if "limit" in request.query]
    assert [query["limit"] for query in queries if query.get("type") == "artist"] == ["50", "10"]
    assert all(int(query["limit"]) + int(query.get("offset", 0)) <= 1000 for query in queries)
    assert [query["limit"] for query in queries if query.get("type") == "album"] == ["10", "10"]
    assert rows_of(con, f"select is_allowed from ledger.api_capabilities where capability = '{LONG_SEARCHES}'") == [
        (False,)
    ]


@pytest.mark.parametrize(
    "answer",
    [raw(b"{}", 500), raw(b"<html>bad gateway</html>", 502, Content_Type="text/html"), error(503, "", Retry_After="2")],
)
def test_10_a_server_error_is_retried_and_called_one(
    home: duckdb.DuckDBPyConnection, settings: Settings, answer: Reply
) -> None:
    with scripted(NO_BATCH | {SEARCH: [answer, FOUND]}) as (fake, source):
        enrich(home, settings, source)
        again = [finding.message for finding in _after_failures(home, settings, fake, answer).findings]

    assert _artists(home)[0] == ("One", "found", 7)
    assert len(fake.clock.slept) == 3
    assert (
        f"1 were not after retries (the last: Spotify must answer search, however 3 tries failed: {answer.status}"
        in again[0]
    )
    assert rows_of(home, "select state, words from ledger.unanswered")[0][1].find(str(answer.status)) > 0


def _after_failures(
    con: duckdb.DuckDBPyConnection, settings: Settings, fake: FakeSpotify, answer: Reply
) -> enriching.EnrichResult:
    """Ask for one more artist of a server that does nothing but fail."""
    con.execute("update raw.files__tracks set artist_name = 'Two'")
    con.execute("delete from raw.spotify__artists where artist_name = 'Two'")
    build(con)
    fake.script[SEARCH] = [answer]
    know_everything(con, NOW + timedelta(minutes=1))
    return enrich(con, settings, fake.source(), now=NOW + timedelta(minutes=2))


@pytest.mark.parametrize(
    "answer",
    [
        raw(b'{"artists": {"it'),
        raw(b'{"artists"', Content_Length="400"),
        raw(b""),
        raw(b"null"),
        Reply(204, b""),
        raw(b"<html></html>", Content_Type="text/html"),
        Reply(200, []),
        Reply(200, {"error": "text"}),
        Reply(400, {"error": "text"}),
    ],
)
def test_11_an_answer_that_can_t_be_read_is_retried_and_never_stored(
    home: duckdb.DuckDBPyConnection, settings: Settings, answer: Reply
) -> None:
    with scripted(NO_BATCH | {SEARCH: [answer]}) as (fake, source):
        result = enrich(home, settings, source)

    assert fake.paths.count(SEARCH) == 3
    assert (_artists(home), result.n_asked) == ([], 0)
    (failed,) = rows_of(home, "select kind, key, state, n_attempts, ask_again_at - asked_at from ledger.unanswered")
    assert failed == ("artist", "One", "failed", 1, timedelta(hours=1))


def test_11_what_failed_is_asked_again_after_an_hour_then_two_and_at_most_a_week(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    was_searched, moment = [], NOW
    with scripted(NO_BATCH | {SEARCH: [raw(b"null")]}) as (fake, source):
        enrich(home, settings, source)
        for minutes in (30, 61, 61, 121, 60 * 24 * 8):
            before = fake.paths.count(SEARCH)
            moment += timedelta(minutes=minutes)
            know_everything(home, moment)
            fake.clock.seconds = (moment - NOW).total_seconds()
            fake.script[TRACKS] = [error(403, "Forbidden")]
            enrich(home, settings, fake.source(), now=moment)
            was_searched.append(fake.paths.count(SEARCH) > before)

    assert was_searched == [False, True, False, True, True]
    assert rows_of(home, "select list(n_attempts order by n_attempts) from ledger.unanswered") == [([1, 2, 3, 4],)]


def _assert_it_ends(con: duckdb.DuckDBPyConnection, settings: Settings, fault: Fault) -> None:
    """Run against a broken server with a deadline of 1.5 seconds, in real time."""
    with broken_server(fault) as (url, requests):
        source = SpotifySource(CLIENT_ID, CLIENT_SECRET, url, url + TOKEN_PATH, clock=RunClock(1.5, NOW))
        started = time.monotonic()
        result = enrich(con, settings, source)
        seconds = time.monotonic() - started
        source.close()

    assert seconds < 6
    assert len(requests) >= 1
    assert [finding.check_name for finding in result.findings][:1] == ["enrichment_is_complete"]
    assert _artists(con) == []


@pytest.mark.parametrize("fault", ["reset", "silent", "trickle", "trickling headers"])
def test_12_a_broken_network_ends_with_the_deadline(
    home: duckdb.DuckDBPyConnection, settings: Settings, fault: Fault
) -> None:
    _assert_it_ends(home, settings, fault)


def test_13_a_refused_token_is_renewed_once(home: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    with scripted(NO_BATCH | {SEARCH: [error(401, "The access token expired"), FOUND]}) as (fake, source):
        enrich(home, settings, source)

    assert (fake.n_token_calls, fake.paths.count(SEARCH)) == (2, 2)
    assert _artists(home) == [("One", "found", 7)]


def test_13_a_token_that_stays_refused_ends_all_calls(home: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    with scripted({NEW_RELEASES: [error(401, "no")]}) as (fake, source):
        result = enrich(home, settings, source)

    assert (fake.n_token_calls, fake.paths) == (2, [NEW_RELEASES] * 2)
    assert "a fresh token was refused too" in result.findings[0].message
    assert _artists(home) == []


def test_13_a_token_about_to_end_is_renewed_ahead(home: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    short = Reply(200, {"access_token": "short", "token_type": "Bearer", "expires_in": 30})
    with scripted(NO_BATCH | {SEARCH: [FOUND], TOKEN_PATH: [short]}) as (fake, source):
        enrich(home, settings, source)

    assert fake.n_token_calls == len(fake.paths) == 3
    assert _artists(home) == [("One", "found", 7)]


@pytest.mark.parametrize(("ending", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_23_what_a_killed_run_had_committed_is_not_asked_for_again(
    settings: Settings, ending: signal.Signals, status: int
) -> None:
    names = [f"Artist {number}" for number in range(1, 1501)]
    with warehouse.connect(settings) as con:
        load_tracks(con, *((number, name, 99) for number, name in enumerate(names, start=1)))
    with of_tier("dev_legacy", *names) as (fake, source):
        command = [sys.executable, "-m", "songpop", "enrich", "--home", str(settings.home)]
        command += ["--spotify-api-url", fake.server.url, "--spotify-token-url", fake.server.url + TOKEN_PATH]
        keys = {"SPOTIPY_CLIENT_ID": CLIENT_ID, "SPOTIPY_CLIENT_SECRET": CLIENT_SECRET, "SONGPOP_SOURCES": "spotify"}
        child = subprocess.Popen([*command, "--as-of", "2026-11-22"], env=os.environ | keys, stderr=subprocess.DEVNULL)
        while len(fake.requests) < 16 and child.poll() is None:
            time.sleep(0.01)
        child.send_signal(ending)
        assert child.wait(timeout=30) == status
        n_asked = len(fake.requests)
        with warehouse.connect(settings) as con:
            before = {number for (number,) in rows_of(con, "select artist_id from raw.spotify__artists")}
            n_counted = _n_calls(con)
            enrich(con, settings, source, now=datetime.now(UTC).replace(tzinfo=None))
            after = rows_of(con, "select count(*), count(distinct artist_name) from raw.spotify__artists")

    later = {key for request in fake.requests[n_asked:] for key in request.query.get("ids", "").split(",")}
    probed = {track_id(1), track_id(2)}
    assert len(before) >= 50
    assert (later - probed).isdisjoint(before)
    assert n_counted >= n_asked
    assert after == [(1500, 1500)]


def test_25_no_rolling_day_sees_more_calls_than_the_budget(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    names = [f"Nobody {number}" for number in range(1, 301)]
    load_tracks(con, *((number, name, 9) for number, name in enumerate(names, start=1)))
    con.execute("update raw.files__tracks set track_id = 'x' || line")  # no track that names its artist
    moment = NOW
    with of_tier("dev_legacy", "Somebody", quota=80) as (fake, source):
        for hours in (0, 7, 12, 6, 30):
            moment += timedelta(hours=hours)
            fake.clock.seconds = (moment - NOW).total_seconds()
            enrich(con, settings, source if hours == 0 else fake.source(), now=moment)

    searches = [at for at, request in zip(fake.times, fake.requests, strict=True) if request.path == SEARCH]
    worst = max(sum(start <= at < start + 24 * 3600 for at in searches) for start in searches)
    assert worst == 80
    assert "QUOTA_EXCEEDED" not in str(rows_of(con, "from ledger.api_circuits"))
    assert 160 <= len(searches) <= 240
    n_rows = rows_of(con, "select count(*) from raw.spotify__artists")[0][0]
    assert n_rows == len(searches) - 1  # one was the probe
    assert _n_calls(con) == len(fake.requests)


@pytest.mark.parametrize(
    ("tier", "n_calls", "allowed"),
    [
        ("extended", 5, {ARTIST_POPULARITY, "tracks", "audio_features"}),
        ("dev_legacy", 5, {ARTIST_POPULARITY, "tracks"}),
        ("dev_new", 6, set()),
    ],
)
def test_a_key_is_probed_in_six_calls_and_then_for_a_week_not_again(
    con: duckdb.DuckDBPyConnection, settings: Settings, tier: Any, n_calls: int, allowed: set[str]
) -> None:
    load_tracks(con, (1, "One", 90))
    with of_tier(tier, "One", script=QUIET) as (fake, source):
        first = enrich(con, settings, source)
        probed = fake.paths.index(NEW_RELEASES)
        fake.clock.seconds += 3600
        other = fake.source()
        second = enrich(con, settings, other, now=NOW + timedelta(hours=1))

    assert probed == n_calls
    assert (first.tier, second.tier, tier_of(other.capabilities)) == (tier, tier, tier)
    assert allowed == {ARTIST_POPULARITY, "tracks", "audio_features"} - set(other.refused)
    assert other.caller.daily_calls == (None if tier == "extended" else 80)
    assert _n_calls(con) == len(fake.requests)


def test_a_lead_of_another_service_is_searched_by_title_and_artist() -> None:
    listed = album("al1", tracks=[track(track_id(1), "One", "o1")]) | {"artists": [artist("One", "o1")]}
    other = listed | {"id": "al2", "artists": [artist("Another", "a1")]}
    script = QUIET | {
        SEARCH: [Reply(200, {"albums": {"items": [other, listed]}})],
        "/v1/albums/al1": [Reply(200, listed)],
    }
    with scripted(script) as (fake, source):
        rows = list(
            fetch_new_releases(
                source, as_of_date=date(2026, 11, 22), days=28, leads=[Lead("one", "ALBUM al1", "listenbrainz")]
            )
        )

    assert fake.requests[0].query["q"] == 'album:"ALBUM al1" artist:"one"'
    assert [(row["track_id"], row["found_by"]) for row in rows] == [(track_id(1), "listenbrainz")]


@pytest.mark.parametrize("seconds", ["1795000000000", "9" * 400])
def test_a_retry_after_of_ages_closes_the_bucket_for_a_week(
    home: duckdb.DuckDBPyConnection, settings: Settings, seconds: str
) -> None:
    with scripted(NO_BATCH | {SEARCH: [error(429, "wait", Retry_After=seconds), FOUND]}) as (fake, source):
        enrich(home, settings, source)

    closed = rows_of(home, "select open_until - opened_at from ledger.api_circuits")
    assert closed == ([(timedelta(days=7),)] if len(seconds) < 20 else [])
    assert fake.paths.count(SEARCH) == (1 if len(seconds) < 20 else 2)


def test_questions_that_spotify_does_not_like_do_not_make_it_dead(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    know_everything(con)
    load_tracks(con, *((number, f"Artist {number}", 9) for number in range(1, 9)))
    with scripted(NO_BATCH | {SEARCH: [error(400, "Bad query")]}) as (fake, source):
        enrich(con, settings, source)

    assert fake.paths.count(SEARCH) == 8
    assert rows_of(con, "select count(*) from ledger.api_circuits") == [(0,)]


def test_a_secret_is_cut_out_of_words_that_end_in_its_middle(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    echoed = "client " + "x" * (95 - len("client ")) + CLIENT_SECRET
    with scripted({TOKEN_PATH: [Reply(400, {"error": echoed})]}) as (_, source):
        result = enrich(home, settings, source)

    assert CLIENT_SECRET[:5] not in result.findings[0].message
    with pytest.raises(SettingsError, match="must be plain letters and digits"):
        SpotifySource(CLIENT_ID, "söcret", clock=RunClock(1.0))


def test_08_a_search_that_never_ends_is_left_at_the_depth_that_spotify_allows(
    home: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    pages = [albums_page(*(album(f"al{page}-{n}", "2020-01-01") for n in range(50))) for page in range(40)]
    with scripted(NO_BATCH | {NEW_RELEASES: [error(403, "Forbidden")], SEARCH: pages}) as (fake, source):
        enrich(home, settings, source)

    queries = [request.query for request in fake.requests if request.query.get("type") == "album"]
    assert len(queries) == 20
    assert max(int(query["limit"]) + int(query["offset"]) for query in queries) == 1000
