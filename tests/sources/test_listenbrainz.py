"""ListenBrainz over real HTTP on loopback; what it shares with the others is in test_reccobeats.py."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import pytest
from fake_spotify import FakeClock

from songpop.sources.listenbrainz import ListenBrainzSource
from songpop.sources.loopback import LoopbackServer, Reply
from songpop.sources.rate_limited_caller import RunClock

AS_OF = date(2026, 11, 22)
VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"


@contextmanager
def _asking(*replies: Reply, **options: Any) -> Iterator[tuple[LoopbackServer, ListenBrainzSource, FakeClock]]:
    """Serve the replies in order, the last one for ever, with a client and its clock."""
    left = list(replies)
    clock = FakeClock()
    run = RunClock(3600, seconds=clock, sleep=clock.sleep)
    with (
        LoopbackServer(lambda _: left.pop(0) if len(left) > 1 else left[0]) as server,
        closing(ListenBrainzSource(server.url, run, **({"pace_seconds": 0.0} | options))) as source,
    ):
        yield server, source, clock


def _release(group: str, **fields: Any) -> dict[str, Any]:
    return {
        "artist_credit_name": "Abba feat. Cher",
        "artist_mbids": ["abba", "cher"],
        "release_name": f"Album {group}",
        "release_date": "2026-11-20",
        "release_group_mbid": group,
        "release_mbid": f"release of {group}",
        "release_group_primary_type": "Album",
        "release_tags": [],
    } | fields


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"payload": {"releases": rows, "total_count": 1}}])
def test_fresh_releases_are_read_bare_and_from_a_payload(wrap: Any) -> None:
    with _asking(Reply(200, wrap([_release("g1"), None]))) as (server, source, _):
        rows = list(source.fetch_fresh_releases(AS_OF, 14))

    assert [(request.method, request.path, request.query) for request in server.requests] == [
        (
            "GET",
            "/1/explore/fresh-releases",
            {"release_date": "2026-11-22", "days": "14", "past": "true", "future": "false"},
        )
    ]
    assert rows == [
        {
            "release_group_mbid": "g1",
            "artist_name": "Abba feat. Cher",
            "artist_mbids": ["abba", "cher"],
            "album_name": "Album g1",
            "album_type": "Album",
            "release_date": "2026-11-20",
        }
    ]


def test_collections_and_albums_of_nobody_are_dropped_and_a_release_group_comes_once() -> None:
    releases = [
        _release("g1", release_date="2026-11-18"),
        _release("g2", artist_credit_name="Various artists"),
        _release("g3", artist_credit_name="Diverse", artist_mbids=[VARIOUS_ARTISTS]),
        _release("g4", artist_credit_name=None),
        _release("g5", release_name="  "),
        _release("g1", release_date="2026-11-20"),
        _release("g6", artist_mbids=None, release_group_primary_type=None, release_date=None),
        _release("g7", release_group_mbid=None),
    ]
    with _asking(Reply(200, {"payload": {"releases": releases}})) as (server, source, _):
        rows = list(source.fetch_fresh_releases(AS_OF, 14))

    assert len(server.requests) == 1
    assert [(row["release_group_mbid"], row["release_date"]) for row in rows] == [("g1", "2026-11-18"), ("g6", None)]
    assert (rows[1]["artist_mbids"], rows[1]["album_type"]) == ([], None)


def test_no_more_days_are_asked_for_than_it_looks_back() -> None:
    with _asking(Reply(200, [])) as (server, source, _):
        assert list(source.fetch_fresh_releases(AS_OF, 365)) == []

    assert [request.query["days"] for request in server.requests] == ["90"]


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"payload": rows}])
def test_popularity_is_read_bare_and_from_a_payload_and_an_unknown_count_is_null(wrap: Any) -> None:
    artists = [
        {"artist_mbid": "cher", "total_listen_count": None, "total_user_count": None},
        {"artist_mbid": "abba", "total_listen_count": 900, "total_user_count": 0},
    ]
    with _asking(Reply(200, wrap(artists))) as (server, source, _):
        rows = list(source.fetch_popularity(["abba", "cher", "nobody", "abba"]))

    assert [(request.method, request.path, json.loads(request.body)) for request in server.requests] == [
        ("POST", "/1/popularity/artist", {"artist_mbids": ["abba", "cher", "nobody"]})
    ]
    assert rows == [
        {"artist_mbid": "abba", "n_listens": 900, "n_listeners": 0},
        {"artist_mbid": "cher", "n_listens": None, "n_listeners": None},
        {"artist_mbid": "nobody", "n_listens": None, "n_listeners": None},
    ]


def test_a_thousand_artists_go_into_one_call_at_its_pace() -> None:
    with _asking(Reply(200, []), pace_seconds=None) as (server, source, clock):
        rows = list(source.fetch_popularity(f"artist {number}" for number in range(2001)))

    assert [len(json.loads(request.body)["artist_mbids"]) for request in server.requests] == [1000, 1000, 1]
    assert (len(rows), clock.slept, source.n_calls) == (2001, [1.0, 1.0], {"popularity": 3})


def test_a_bad_gateway_is_asked_again_and_the_next_artists_go_on_past_one_that_stays() -> None:
    bad = Reply(502, b"<html><h1>502 Bad Gateway")
    with _asking(bad, Reply(200, []), bad, bad, bad, Reply(200, [])) as (server, source, clock):
        rows = list(source.fetch_popularity(f"artist {number}" for number in range(2500)))

    assert [len(json.loads(request.body)["artist_mbids"]) for request in server.requests] == [1000] * 5 + [500]
    assert [row["artist_mbid"] for row in rows[999:1001]] == ["artist 999", "artist 2000"]
    assert (len(rows), clock.slept, source.n_given_up) == (1500, [1.0, 1.0, 2.0], 1)


def test_a_popularity_that_is_switched_off_leaves_the_releases() -> None:
    with _asking(Reply(404, {"code": 404, "error": "gone"}), Reply(200, [_release("g1")])) as (server, source, _):
        assert list(source.fetch_popularity(["abba"])) == []
        assert list(source.fetch_popularity(["abba"])) == []
        rows = list(source.fetch_fresh_releases(AS_OF, 7))

    assert [request.path for request in server.requests] == ["/1/popularity/artist", "/1/explore/fresh-releases"]
    assert ([row["release_group_mbid"] for row in rows], list(source.refused)) == (["g1"], ["popularity"])
