"""A scripted Spotify on loopback, with answers in Spotify's shapes, and a clock that only sleeping moves."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from songpop.sources.loopback import LoopbackServer, Reply, Request
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.sample.service import SampleService, Tier
from songpop.sources.sample.service_catalogue import Catalogue
from songpop.sources.spotify.client import SpotifySource

CLIENT_ID = "a-client-id"
CLIENT_SECRET = "a-secret-nobody-may-see"
TOKEN_PATH = "/api/token"
NOW = datetime(2026, 11, 22, 3, 15)

Script = Mapping[str, Sequence[Reply]]


class FakeClock:
    """A monotonic clock; `sleep` moves it and is remembered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class FakeSpotify:
    """Answer each path from its list of replies, the last one for ever; what has no script a tier answers, or a 404.

    Attributes:
        clock: of the sources it makes.
        times: of that clock, when each request but the token's came in.
    """

    def __init__(self, script: Script, *, service: SampleService | None = None, quota: int | None = None) -> None:
        """Serve a script.

        Args:
            script: replies by path.
            service: answers what has no script, as a key of its tier may ask.
            quota: requests to each bucket in any 24 hours of the clock; those beyond are QUOTA_EXCEEDED.
        """
        self.clock = FakeClock()
        self.times: list[float] = []
        self.service = service
        self._quota = quota
        self._in_bucket: dict[str, list[float]] = {}
        self.script = {path: list(replies) for path, replies in script.items()}
        self._n_tokens = 0
        self.server = LoopbackServer(self._answer)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, without the token's."""
        return [request.path for request in self.requests]

    @property
    def requests(self) -> list[Request]:
        """The requests that came in, without the token's."""
        return [request for request in self.server.requests if request.path != TOKEN_PATH]

    @property
    def n_token_calls(self) -> int:
        """How often a token was asked for."""
        return sum(request.path == TOKEN_PATH for request in self.server.requests)

    def source(self, *, deadline_seconds: float = 2700.0, **options: Any) -> SpotifySource:
        """Return a client of this server, on its clock."""
        started_at = NOW + timedelta(seconds=self.clock())
        clock = RunClock(deadline_seconds, started_at, seconds=self.clock, sleep=self.clock.sleep)
        url = self.server.url
        return SpotifySource(CLIENT_ID, CLIENT_SECRET, url, url + TOKEN_PATH, clock=clock, **options)

    def _answer(self, request: Request) -> Reply:
        if request.path != TOKEN_PATH:
            self.times.append(self.clock())
            if self._is_over_quota(request):
                body = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
                return Reply(429, {"error": body}, {"Retry-After": "3600"})
        replies = self.script.get(request.path)
        if replies is None and request.path == TOKEN_PATH:
            return self._token()
        if replies is None:
            return self.service.answer_known(request) if self.service else error(404, "Service not found")
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _is_over_quota(self, request: Request) -> bool:
        """Count a request to its bucket, and say whether that is used up."""
        bucket = self._in_bucket.setdefault("/".join(request.path.split("/")[2:3] + request.path.split("/")[4:]), [])
        now = self.clock()
        bucket[:] = [moment for moment in bucket if moment > now - 24 * 3600]
        bucket.append(now)
        return self._quota is not None and len(bucket) > self._quota

    def _token(self) -> Reply:
        self._n_tokens += 1
        return Reply(200, {"access_token": f"token-{self._n_tokens}", "token_type": "Bearer", "expires_in": 3600})


@contextmanager
def scripted(
    script: Script, *, service: SampleService | None = None, quota: int | None = None, **options: Any
) -> Iterator[tuple[FakeSpotify, SpotifySource]]:
    """Serve a script, with a client for it."""
    fake = FakeSpotify(script, service=service, quota=quota)
    with served(fake, **options) as source:
        yield fake, source


@contextmanager
def of_tier(
    tier: Tier, *artists: str, script: Script | None = None, quota: int | None = None
) -> Iterator[tuple[FakeSpotify, SpotifySource]]:
    """Serve a Spotify that answers as it does to keys of a tier, and knows these artists, each by one song."""
    catalogue = Catalogue()
    for number, name in enumerate(artists, start=1):
        known = catalogue.add_artist(name, f"{number:022d}", popularity=100 - number)
        line = {"track_id": f"{number:022d}", "track_name": f"Song {number}", "artist_name": name, "energy": "0.5"}
        catalogue.add_track(line | {"danceability": "0.5"}, known.popularity)
    service = SampleService(catalogue, tier)
    with scripted(script or {}, service=service, quota=quota) as (fake, source):
        service.server = fake.server
        yield fake, source


@contextmanager
def served(fake: FakeSpotify, **options: Any) -> Iterator[SpotifySource]:
    """Start a fake, with a client for it."""
    with fake.server:
        source = fake.source(**options)
        try:
            yield source
        finally:
            source.close()


@contextmanager
def all_logs() -> Iterator[list[str]]:
    """Collect every log message of every logger, at the lowest level."""
    messages: list[str] = []
    handler = logging.Handler(level=0)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield messages
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def error(status: int, message: str, **headers: str) -> Reply:
    """Return an error in Spotify's shape."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"status": status, "message": message}}, sent)


def artist(name: str, artist_id: str, **fields: Any) -> dict[str, Any]:
    """Return an artist as a new app gets it; pass `popularity` and the like for the extended tier."""
    return {"id": artist_id, "name": name, "type": "artist", "uri": f"spotify:artist:{artist_id}"} | fields


def hits(*artists: Any, total: int | None = None) -> Reply:
    """Return the answer to a search for artists."""
    return Reply(200, {"artists": {"items": list(artists), "total": total or len(artists), "next": None}})


def albums_page(*albums: Any, next_page: str | None = None) -> Reply:
    """Return a page of albums."""
    return Reply(200, {"albums": {"items": list(albums), "total": 1000, "next": next_page}})


def album(album_id: str, release_date: str = "2026-11-20", tracks: Sequence[Any] | None = None) -> dict[str, Any]:
    """Return an album; `tracks` are embedded where given."""
    answer: dict[str, Any] = {
        "id": album_id,
        "name": f"Album {album_id}",
        "album_type": "album",
        "release_date": release_date,
        "release_date_precision": {4: "year", 7: "month"}.get(len(release_date), "day"),
        "total_tracks": len(tracks or []),
        "artists": [artist("An Artist", "artist1")],
    }
    return answer if tracks is None else answer | {"tracks": {"items": list(tracks), "total": len(tracks)}}


def track(track_id: str, artist_name: str = "An Artist", artist_id: str = "artist1", **fields: Any) -> dict[str, Any]:
    """Return a simplified track."""
    return {
        "id": track_id,
        "name": f"Song {track_id}",
        "artists": [artist(artist_name, artist_id)],
        "disc_number": 1,
        "track_number": 1,
        "duration_ms": 200_000,
        "explicit": False,
    } | fields


def features(track_id: str, **fields: Any) -> dict[str, Any]:
    """Return the audio features of a track, as in Spotify's own example."""
    return {
        "id": track_id,
        "danceability": 0.585,
        "energy": 0.842,
        "key": 9,
        "loudness": -5.883,
        "mode": 0,
        "speechiness": 0.0556,
        "acousticness": 0.00242,
        "instrumentalness": 0.00686,
        "liveness": 0.0866,
        "valence": 0.428,
        "tempo": 118.211,
        "duration_ms": 237_040,
        "time_signature": 4,
    } | fields


def raw(body: bytes, status: int = 200, **headers: str) -> Reply:
    """Return bytes as they are."""
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
