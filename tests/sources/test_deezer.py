"""Deezer over real HTTP on loopback; what it shares with the others is in test_reccobeats.py."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import pytest
from fake_spotify import FakeClock

from songpop.errors import SourceStopped
from songpop.sources.deezer import DeezerSource
from songpop.sources.loopback import LoopbackServer, Reply
from songpop.sources.rate_limited_caller import RunClock, RunMemory

NOW = datetime(2026, 11, 22, 3, 15)
QUOTA = Reply(200, {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}})
NO_DATA = Reply(200, {"error": {"type": "DataException", "message": "no data", "code": 800}})
BUSY = Reply(200, {"error": {"type": "Exception", "message": "Service busy", "code": 700}})


@contextmanager
def _asking(*replies: Reply, **options: Any) -> Iterator[tuple[LoopbackServer, DeezerSource, FakeClock]]:
    """Serve the replies in order, the last one for ever, with a client and its clock."""
    left = list(replies)
    clock = FakeClock()
    run = RunClock(3600, NOW, seconds=clock, sleep=clock.sleep)
    with (
        LoopbackServer(lambda _: left.pop(0) if len(left) > 1 else left[0]) as server,
        closing(DeezerSource(server.url, run, **({"pace_seconds": 0.0} | options))) as source,
    ):
        yield server, source, clock


def _artist(name: str, deezer_id: int, n_fans: Any = 0) -> dict[str, Any]:
    return {"id": deezer_id, "name": name, "nb_album": 3, "nb_fan": n_fans, "type": "artist"}


def _hits(*artists: Any) -> Reply:
    return Reply(200, {"data": list(artists), "total": len(artists)})


def _asked(server: LoopbackServer) -> list[str]:
    return [request.query["q"] for request in server.requests]


def test_an_equal_name_is_found_with_its_fans() -> None:
    with _asking(_hits(_artist("Daft Punk Tribute", 1, 9), None, _artist("Daft Punk", 27, 4_875_548))) as case:
        server, source, _ = case
        rows = list(source.fetch_artists(["DAFT PUNK", "DAFT PUNK"]))

    assert [(request.method, request.path, request.query) for request in server.requests] == [
        ("GET", "/search/artist", {"q": "DAFT PUNK"})
    ]
    assert rows == [
        {
            "artist_name": "DAFT PUNK",
            "found_name": "Daft Punk",
            "deezer_id": "27",
            "match_state": "found",
            "match_confidence": 1.0,
            "n_fans": 4_875_548,
            "n_albums": 3,
            "candidates": '[{"id": "27", "name": "Daft Punk", "n_fans": 4875548, "n_albums": 3}]',
        }
    ]


def test_the_first_hit_is_never_taken_for_another_name() -> None:
    with _asking(_hits(_artist("Bailey Zimmerman", 1, 900_000))) as (server, source, _):
        (row,) = source.fetch_artists(["Bailey"])

    assert _asked(server) == ["Bailey"]
    assert row["match_state"] == "unmatched"
    assert [row[name] for name in ("found_name", "deezer_id", "match_confidence", "n_fans", "n_albums")] == [None] * 5
    assert json.loads(row["candidates"]) == [{"id": "1", "name": "Bailey Zimmerman", "n_fans": 900_000, "n_albums": 3}]


def test_accents_are_folded_only_where_no_name_is_equal_with_them() -> None:
    with _asking(_hits(_artist("Beyoncé", 1, 5), _artist("Beyonce", 2, 4)), _hits(_artist("Beyoncé", 1, 5))) as case:
        server, source, _ = case
        rows = [*source.fetch_artists(["Beyonce"]), *source.fetch_artists(["Beyonce"])]

    assert _asked(server) == ["Beyonce", "Beyonce"]
    assert [(row["deezer_id"], row["match_confidence"]) for row in rows] == [("2", 1.0), ("1", 0.9)]


@pytest.mark.parametrize(
    ("fans", "found", "state"),
    [
        ([481, 4_073_537], "2", "found"),
        ([20, 400], "2", "found"),
        ([21, 400], None, "ambiguous"),
        ([0, 19], None, "ambiguous"),
        ([0, 20], "2", "found"),
        ([None, 4_073_537], None, "ambiguous"),
        ([0, 0], None, "ambiguous"),
    ],
)
def test_of_several_equal_names_only_one_far_ahead_is_meant(
    fans: list[int | None], found: str | None, state: str
) -> None:
    equal = [_artist("Radiohead", number, n_fans) for number, n_fans in enumerate(fans, start=1)]
    with _asking(_hits(*equal, _artist("Radiohead Tribute", 9, 10_000_000))) as (server, source, _):
        (row,) = source.fetch_artists(["Radiohead"])

    assert _asked(server) == ["Radiohead"]
    assert (row["deezer_id"], row["match_state"]) == (found, state)
    assert row["match_confidence"] == (0.9 if found else None)
    assert row["n_fans"] == (fans[1] if found else None)
    assert [candidate["id"] for candidate in json.loads(row["candidates"])] == ["1", "2"]


@pytest.mark.parametrize("answer", [_hits(), NO_DATA])
def test_an_artist_that_is_not_there_is_unmatched_at_once(answer: Reply) -> None:
    with _asking(answer) as (server, source, clock):
        (row,) = source.fetch_artists(["Nobody"])

    assert (_asked(server), clock.slept, source.n_given_up) == (["Nobody"], [], 0)
    assert (row["match_state"], row["candidates"]) == ("unmatched", "[]")


def test_a_quota_that_comes_with_status_200_is_waited_for() -> None:
    with _asking(QUOTA, QUOTA, _hits(_artist("Abba", 1, 5))) as (server, source, clock):
        (row,) = source.fetch_artists(["Abba"])

    assert (_asked(server), clock.slept) == (["Abba"] * 3, [1.0, 2.0])
    assert (row["match_state"], row["n_fans"]) == ("found", 5)


def test_a_quota_that_does_not_come_back_rests_the_search() -> None:
    memory = RunMemory()
    with (
        _asking(QUOTA, memory=memory) as (server, source, clock),
        pytest.raises(SourceStopped, match=r"429 4 times in a row.*2026-11-22 03:30 UTC"),
    ):
        list(source.fetch_artists(["Abba", "Cher"]))

    assert (_asked(server), clock.slept) == (["Abba"] * 4, [1.0, 2.0, 4.0])
    assert list(memory.circuits("Deezer", NOW)) == ["search"]


def test_another_error_with_status_200_is_one_of_the_server() -> None:
    with _asking(BUSY, BUSY, BUSY, _hits(_artist("Cher", 2, 7))) as (server, source, clock):
        rows = list(source.fetch_artists(["Abba", "Cher"]))

    assert (_asked(server), clock.slept) == (["Abba"] * 3 + ["Cher"], [1.0, 2.0])
    assert [row["artist_name"] for row in rows] == ["Cher"]
    assert source.n_given_up == 1


def test_an_absent_count_is_null_and_zero_is_zero() -> None:
    with _asking(_hits({"id": 1, "name": "Abba"}), _hits(_artist("Cher", 2, 0))) as (server, source, _):
        rows = list(source.fetch_artists(["Abba", "Cher"]))

    assert _asked(server) == ["Abba", "Cher"]
    assert [(row["n_fans"], row["n_albums"]) for row in rows] == [(None, None), (0, 3)]
