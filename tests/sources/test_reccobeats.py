"""ReccoBeats over real HTTP on loopback; and what all services without a key make of a bad answer."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import pytest
from fake_spotify import FakeClock

from songpop import __version__
from songpop.errors import SettingsError, SourceStopped
from songpop.sources.deezer import DeezerSource
from songpop.sources.json_service import JsonService
from songpop.sources.listenbrainz import ListenBrainzSource
from songpop.sources.loopback import LoopbackServer, Reply, Request
from songpop.sources.rate_limited_caller import RunClock, RunMemory
from songpop.sources.reccobeats import LONG_BATCHES, ReccoBeatsSource

NOW = datetime(2026, 11, 22, 3, 15)
NOTHING = Reply(200, {"content": []})
SHARES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")
# name -> the service, one question, an answer to it, and how many rows come of that
QUESTIONS: dict[str, tuple[type[JsonService], Callable[[Any], Iterator[Any]], Any, int]] = {
    "ReccoBeats": (ReccoBeatsSource, lambda source: source.fetch_audio_features(["a"]), {"content": []}, 1),
    "Deezer": (DeezerSource, lambda source: source.fetch_artists(["Abba"]), {"data": []}, 1),
    "ListenBrainz, fresh": (ListenBrainzSource, lambda source: source.fetch_fresh_releases(NOW.date(), 7), [], 0),
    "ListenBrainz, popularity": (ListenBrainzSource, lambda source: source.fetch_popularity(["m"]), [], 1),
}
every_question = pytest.mark.parametrize("question", QUESTIONS)


@contextmanager
def _asking(
    service: type[Any], *replies: Reply, deadline: float = 3600, **options: Any
) -> Iterator[tuple[LoopbackServer, Any, FakeClock]]:
    """Serve the replies in order, the last one for ever, with a client and its clock."""
    left = list(replies)
    clock = FakeClock()
    run = RunClock(deadline, NOW, seconds=clock, sleep=clock.sleep)
    with (
        LoopbackServer(lambda _: left.pop(0) if len(left) > 1 else left[0]) as server,
        closing(service(server.url, run, **({"pace_seconds": 0.0} | options))) as source,
    ):
        yield server, source, clock


def _features(track_id: str, **fields: Any) -> dict[str, Any]:
    known = dict.fromkeys(SHARES, 0.5) | {"loudness": -9.455, "tempo": 101.96, "key": 0, "mode": 1}
    href = f"https://open.spotify.com/track/{track_id}"
    return {"id": f"uuid-{track_id}", "href": href, "isrc": f"of {track_id}"} | known | fields


def _ids(n: int) -> list[str]:
    return [f"track{number:02}" for number in range(n)]


def _echo(request: Request) -> Reply:
    return Reply(200, {"content": [_features(track_id) for track_id in request.query["ids"].split(",")]})


def test_features_are_joined_on_the_address_and_never_by_place() -> None:
    shuffled = [_features("b", valence=0.2), None, {"id": "no address"}, _features("a", valence=0.1)]
    with _asking(ReccoBeatsSource, Reply(200, {"content": shuffled})) as (server, source, _):
        rows = list(source.fetch_audio_features(["a", "unknown", "b", "a"]))

    assert [(request.method, request.path, request.query) for request in server.requests] == [
        ("GET", "/v1/audio-features", {"ids": "a,unknown,b"})
    ]
    half = dict.fromkeys(SHARES, 0.5)
    rest = {"loudness": -9.455, "tempo": 101.96, "key": 0, "mode": 1}
    nothing = dict.fromkeys((*half, *rest))
    assert rows == [
        {"track_id": "a", "state": "found", "reccobeats_id": "uuid-a", "isrc": "of a", **half, **rest, "valence": 0.1},
        {"track_id": "unknown", "state": "missing", "reccobeats_id": None, "isrc": None, **nothing},
        {"track_id": "b", "state": "found", "reccobeats_id": "uuid-b", "isrc": "of b", **half, **rest, "valence": 0.2},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("key", -1, -1), ("key", 12, None), ("key", 4.5, None), ("mode", 1, 1), ("mode", 2, None), ("mode", True, None),
        ("tempo", 0, None), ("tempo", 0.0, None), ("tempo", 999, None), ("tempo", "120", None), ("tempo", 250, 250.0),
        ("loudness", 5, 5.0), ("loudness", 5.1, None), ("loudness", -60.5, None), ("loudness", None, None),
        ("valence", 0, 0.0), ("valence", 1, 1.0), ("energy", 1.01, None), ("danceability", -0.1, None),
        ("liveness", float("nan"), None),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_null_and_one_at_its_edge_is_kept(name: str, value: Any, kept: float | None) -> None:
    with _asking(ReccoBeatsSource, Reply(200, {"content": [_features("a", **{name: value})]})) as (server, source, _):
        (row,) = source.fetch_audio_features(["a"])

    assert (row["state"], row[name], len(server.requests)) == ("found", kept, 1)


def test_forty_tracks_go_into_one_call() -> None:
    with _asking(ReccoBeatsSource, NOTHING) as (server, source, _):
        states = [row["state"] for row in source.fetch_audio_features(_ids(81))]

    assert [request.query["ids"].count(",") + 1 for request in server.requests] == [40, 40, 1]
    assert states == ["missing"] * 81
    assert source.n_calls == {"audio_features": 3}


def test_batches_that_are_too_long_are_halved_once_and_stay_so() -> None:
    def answer(request: Request) -> Reply:
        is_long = request.query["ids"].count(",") > 19
        return Reply(400, {"error": "size must be at most 20"}) if is_long else _echo(request)

    with (
        LoopbackServer(answer) as server,
        closing(ReccoBeatsSource(server.url, RunClock(60, NOW), pace_seconds=0)) as source,
    ):
        rows = list(source.fetch_audio_features(_ids(45)))
        list(source.fetch_track_artists(_ids(45)))

    assert [request.query["ids"].count(",") + 1 for request in server.requests] == [40, 20, 20, 5, 20, 20, 5]
    assert [(row["track_id"], row["state"]) for row in rows] == [(track_id, "found") for track_id in _ids(45)]
    assert (list(source.refused), source.n_given_up) == ([LONG_BATCHES], 0)
    assert "400" in source.refused[LONG_BATCHES]


def test_a_short_batch_that_is_rejected_is_skipped_and_counted() -> None:
    with _asking(ReccoBeatsSource, Reply(400, {"error": "what?"}), NOTHING) as (server, source, clock):
        rows = [*source.fetch_audio_features(["a"]), *source.fetch_audio_features(["b"])]

    assert [request.query["ids"] for request in server.requests] == ["a", "b"]
    assert [row["track_id"] for row in rows] == ["b"]
    assert (source.n_given_up, source.refused, clock.slept) == (1, {}, [])


def test_the_artists_of_a_track_bear_spotifys_ids() -> None:
    artists = [
        {"id": "uuid", "name": "Abba", "href": "https://open.spotify.com/artist/abba1"},
        {"id": "uuid", "name": "Cher", "href": "https://open.spotify.com/artist/cher1?si=x"},
        {"id": "uuid", "name": "Abba", "href": "https://open.spotify.com/artist/abba1"},
        {"id": "uuid", "name": "No address", "href": None},
        None,
    ]
    content = [_features("b") | {"artists": None}, _features("a") | {"artists": artists}, _features("not asked")]
    with _asking(ReccoBeatsSource, Reply(200, {"content": content})) as (server, source, _):
        rows = list(source.fetch_track_artists(["a", "b", "c"]))

    assert [(request.path, request.query) for request in server.requests] == [("/v1/track", {"ids": "a,b,c"})]
    assert rows == [
        {"track_id": "a", "artist_id": "abba1", "artist_name": "Abba"},
        {"track_id": "a", "artist_id": "cher1", "artist_name": "Cher"},
    ]


def test_no_call_begins_past_the_deadline_and_rows_before_it_are_good() -> None:
    rows: list[Any] = []
    with (
        _asking(ReccoBeatsSource, NOTHING, deadline=0.5, pace_seconds=1.0) as (server, source, clock),
        pytest.raises(SourceStopped, match="time for enrichment"),
    ):
        rows.extend(source.fetch_audio_features(_ids(41)))

    assert [row["track_id"] for row in rows] == _ids(40)
    assert (len(server.requests), clock.slept) == (1, [])


@every_question
def test_each_says_who_asks_and_keeps_its_pace(question: str) -> None:
    service, ask, answer, n_rows = QUESTIONS[question]
    with _asking(service, Reply(200, answer), pace_seconds=None) as (server, source, clock):
        rows = [*ask(source), *ask(source)]

    assert len(rows) == 2 * n_rows
    assert {request.headers["User-Agent"] for request in server.requests} == {f"songpop/{__version__}"}
    assert clock.slept == [service.declared.pace_seconds]
    assert (len(server.requests), sum(source.n_calls.values())) == (2, 2)


@pytest.mark.parametrize(
    ("bad", "slept"),
    [
        (Reply(429, {"error": "slow down"}, {"Retry-After": "7"}), 7.0),
        (Reply(429, b"", {"X-RateLimit-Reset-In": "3"}), 3.0),
        (Reply(429, b"", {"Retry-After": "soon"}), 1.0),
        (Reply(500, {"error": "oops"}), 1.0),
        (Reply(502, b"<html><h1>Bad gateway</h1>"), 1.0),
        (Reply(503, b"", {"Retry-After": "2"}), 2.0),
        (Reply(200, b"<!doctype html><p>Log in to the wifi"), 1.0),
        (Reply(200, b'{"content": [{"hr'), 1.0),
        (Reply(200, b'{"content": [', {"Content-Length": "5000"}), 1.0),
        (Reply(200, b""), 1.0),
        (Reply(204, b""), 1.0),
        (Reply(200, b"null"), 1.0),
        (Reply(200, b'"text"'), 1.0),
        (Reply(200, {"content": {"a": 1}, "data": {"a": 1}, "payload": {"a": 1}}), 1.0),
    ],
)
@every_question
def test_what_may_pass_is_asked_for_again_and_never_kept(question: str, bad: Reply, slept: float) -> None:
    service, ask, answer, n_rows = QUESTIONS[question]
    with _asking(service, bad, Reply(200, answer)) as (server, source, clock):
        rows = list(ask(source))

    assert len(rows) == n_rows
    assert (len(server.requests), clock.slept) == (2, [slept])
    assert server.requests[0] == server.requests[1]
    assert (source.n_given_up, source.refused, source.stops) == (0, {}, {})


@every_question
def test_what_stays_bad_is_given_up_and_five_in_a_row_rest_the_service(question: str) -> None:
    service, ask, _, _ = QUESTIONS[question]
    memory = RunMemory()
    with _asking(service, Reply(500, b"down"), memory=memory) as (server, source, clock):
        for _ in range(4):
            assert list(ask(source)) == []
        with pytest.raises(SourceStopped, match="5 calls in a row failed, the last with 500 'down'"):
            list(ask(source))

    assert (len(server.requests), source.n_given_up, clock.slept) == (15, 4, [1.0, 2.0] * 5)
    assert "every call" in memory.circuits(service.declared.title, NOW)


@every_question
def test_a_long_retry_after_is_not_slept_but_remembered(question: str) -> None:
    service, ask, answer, _ = QUESTIONS[question]
    memory = RunMemory()
    refusal = Reply(429, b"", {"Retry-After": "3600"})
    with (
        _asking(service, refusal, memory=memory) as (server, source, clock),
        pytest.raises(SourceStopped, match="may be asked again from 2026-11-22 04:15 UTC on"),
    ):
        list(ask(source))
    with (
        _asking(service, Reply(200, answer), memory=memory) as (later_server, later, _),
        pytest.raises(SourceStopped, match="2026-11-22 04:15 UTC"),
    ):
        list(ask(later))

    assert (len(server.requests), clock.slept, list(source.stops)) == (1, [], list(source.n_calls))
    assert later_server.requests == []


@pytest.mark.parametrize("status", [401, 403, 404])
@every_question
def test_a_refusal_is_remembered_in_its_words_and_not_asked_for_again(question: str, status: int) -> None:
    service, ask, answer, _ = QUESTIONS[question]
    with _asking(service, Reply(status, {"error": "not for you"}), Reply(200, answer)) as (server, source, _):
        assert [*ask(source), *ask(source)] == []

    (bucket,) = source.n_calls
    assert len(server.requests) == 1
    assert source.refused == {
        bucket: f"{service.declared.title} refused {bucket}: {status} " + repr('{"error": "not for you"}') + "."
    }
    assert (source.n_given_up, source.stops) == (0, {})


@every_question
def test_a_budget_of_calls_is_kept(question: str) -> None:
    service, ask, answer, _ = QUESTIONS[question]
    with _asking(service, Reply(200, answer), daily_calls=1) as (server, source, _):
        list(ask(source))
        with pytest.raises(SourceStopped, match="budget of 1 calls in 24 hours is used up"):
            list(ask(source))

    assert len(server.requests) == 1


def test_a_connection_serves_many_calls() -> None:
    n_requests = []  # by connection
    with (
        _raw_server(lambda peer: n_requests.append(_answer_for_ever(peer))) as url,
        closing(ReccoBeatsSource(url, RunClock(60, NOW), pace_seconds=0)) as source,
    ):
        states = [row["state"] for _ in range(3) for row in source.fetch_audio_features(["a"])]

    assert states == ["missing"] * 3
    assert n_requests == [3]


def test_a_reset_connection_is_tried_again() -> None:
    peers = []

    def reset(peer: socket.socket) -> None:
        peers.append(peer.recv(65_536))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends a reset

    clock = FakeClock()
    run = RunClock(60, NOW, seconds=clock, sleep=clock.sleep)
    with _raw_server(reset) as url, closing(DeezerSource(url, run, pace_seconds=0)) as source:
        assert list(source.fetch_artists(["Abba"])) == []

    assert ([peer.split()[0] for peer in peers], clock.slept) == ([b"GET"] * 3, [1.0, 2.0])
    assert source.n_given_up == 1


def _never(peer: socket.socket) -> None:
    while peer.recv(65_536):  # until the client hangs up
        pass


def _trickle(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[")
    for _ in range(60):
        time.sleep(0.05)
        peer.sendall(b" ")


@pytest.mark.parametrize("behave", [_never, _trickle])
def test_a_service_that_never_ends_its_answer_is_left_at_the_deadline(behave: Callable[[socket.socket], None]) -> None:
    peers = []

    def count(peer: socket.socket) -> None:
        peers.append(peer)
        behave(peer)

    began = time.monotonic()
    with _raw_server(count) as url, closing(ListenBrainzSource(url, RunClock(0.4), pace_seconds=0)) as source:
        with pytest.raises(SourceStopped, match="time for enrichment"):
            list(source.fetch_popularity(["m"]))
        assert time.monotonic() - began < 1.5
    assert len(peers) == 1


def test_a_mistake_of_ours_is_no_failure_of_the_service() -> None:
    with _asking(ListenBrainzSource, Reply(200, [])) as (server, source, _), pytest.raises(TypeError):
        list(source.fetch_popularity([{1, 2}]))

    assert (server.requests, source.n_given_up) == ([], 0)


def test_an_address_must_be_one() -> None:
    with pytest.raises(SettingsError, match=r"address of Deezer must begin with https:// or http://, not 'deezer'"):
        DeezerSource("deezer", RunClock(1))
    with closing(DeezerSource(None, RunClock(1))) as source:
        assert (repr(source), source.is_loopback) == ("DeezerSource('https://api.deezer.com')", False)


@contextmanager
def _raw_server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accept connections and let `behave` treat each as it likes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with closing(peer):
                try:
                    behave(peer)
                except OSError:
                    continue  # the client has hung up

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _answer_for_ever(peer: socket.socket) -> int:
    """Answer each request on a connection and return how many there were."""
    n_requests = 0
    while peer.recv(65_536):
        n_requests += 1
        peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"content":[]}')
    return n_requests
