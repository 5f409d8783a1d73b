"""A Spotify-shaped HTTP service over the synthetic sample, so that a night needs no keys but uses the real client.

Field lists, limits and refusals follow Spotify's three tiers: `extended` (what an approved organisation may ask),
`dev_legacy` (an app from before February 2026) and `dev_new` (any since).
"""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

from songpop.audio_features import NAMES
from songpop.sources.loopback import LoopbackServer, Reply, Request
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.sample.service_catalogue import Album, Artist, Catalogue, SampleFiles, Track
from songpop.sources.spotify.client import SpotifySource

Tier = Literal["extended", "dev_legacy", "dev_new"]
Answer = dict[str, Any]

CLIENT_ID = "synthetic-client"
CLIENT_SECRET = "synthetic-secret"  # of a service that lives for one run on this machine
_TOKEN = "synthetic-token"
_RUN_SECONDS = 2700.0  # the clients it hands out may ask for so long
_MOST_IDS = {"artists": 50, "tracks": 50, "audio-features": 100}
_LONG_PAGE, _SHORT_PAGE = 50, 10
_DEEPEST = 1000
_FILTER = re.compile(r'(artist|track|album):"([^"]*)"')
_FOLLOWERS_A_POINT = 10_000


@contextmanager
def serve_sample(files: SampleFiles, *, tier: Tier = "extended") -> Iterator["SampleService"]:
    """Serve a sample on a free loopback port for as long as the `with` lasts.

    Args:
        files: the sample's files; the albums of `files.releases` are the service's new releases.
        tier: what its one pair of keys may ask.
    """
    catalogue = Catalogue(files)
    with ExitStack() as stack:
        service = SampleService(catalogue, tier)
        service.server = stack.enter_context(LoopbackServer(service.answer))
        yield service
        for source in service.sources:
            source.close()


@dataclass
class SampleService:
    """The service's routes.

    Attributes:
        catalogue: what it knows.
        tier: what its keys may ask.
        server: where it listens; it remembers the requests.
        sources: the clients that it handed out.
    """

    catalogue: Catalogue
    tier: Tier
    server: LoopbackServer = field(init=False)
    sources: list[SpotifySource] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address that stands for api.spotify.com."""
        return self.server.url

    @property
    def token_url(self) -> str:
        """Return the address that gives tokens."""
        return f"{self.server.url}/api/token"

    def source(self) -> SpotifySource:
        """Return a client with this service's keys; it is closed with the service."""
        source = SpotifySource(CLIENT_ID, CLIENT_SECRET, self.url, self.token_url, clock=RunClock(_RUN_SECONDS))
        self.sources.append(source)
        return source

    def answer(self, request: Request) -> Reply:
        """Answer one request as Spotify would."""
        if request.path == "/api/token":
            return _token(request)
        if request.headers.get("Authorization") != f"Bearer {_TOKEN}":
            return _error(401, "Invalid access token")
        return self.answer_known(request)

    def answer_known(self, request: Request) -> Reply:
        """Answer a request whose token is good."""
        match request.path.removeprefix("/v1/").split("/"):
            case ["search"]:
                return self._search(request)
            case ["browse", "new-releases"]:
                return self._new_releases(request)
            case ["artists" | "tracks" | "audio-features" as kind]:
                return self._several(kind, request)
            case ["artists", artist_id]:
                return self._one(self.catalogue.artists.get(artist_id), self._artist)
            case ["artists", artist_id, "albums"]:
                albums = self.catalogue.albums_of(artist_id)
                reply = self._page(request, "albums", albums, self._album, f"artists/{artist_id}/albums")
                return reply if reply.status != 200 else Reply(200, reply.body["albums"])
            case ["tracks", track_id]:
                return self._one(self.catalogue.tracks.get(track_id), self._full_track)
            case ["albums", album_id]:
                return self._one(self.catalogue.albums.get(album_id), self._full_album)
            case ["albums", album_id, "tracks"]:
                return self._album_tracks(self.catalogue.albums.get(album_id), request)
        return _error(404, "Service not found")

    def _one(self, found: Any, shape: Callable[[Any], Answer]) -> Reply:
        return _error(404, "Resource not found") if found is None else Reply(200, shape(found))

    def _several(self, kind: str, request: Request) -> Reply:
        if kind == "audio-features" and self.tier != "extended":
            return Reply(403, {"error": {"status": 403}})  # Spotify's refusal has no message
        if self.tier == "dev_new":
            return _error(403, "Forbidden")
        ids = request.query.get("ids", "").split(",")
        if not all(ids) or len(ids) > _MOST_IDS[kind]:
            return _error(400, "Invalid ids")
        known: dict[str, Callable[[str], Answer | None]] = {
            "artists": lambda key: _shaped(self.catalogue.artists.get(key), self._artist),
            "tracks": lambda key: _shaped(self.catalogue.tracks.get(key), self._full_track),
            "audio-features": lambda key: _shaped(self.catalogue.tracks.get(key), self._features),
        }
        return Reply(200, {kind.replace("-", "_"): [known[kind](key) for key in ids]})

    def _search(self, request: Request) -> Reply:
        query, kind = request.query.get("q", ""), request.query.get("type", "")
        filters = dict(_FILTER.findall(query))
        if "tag:new" in query and kind == "album":
            return self._page(request, "albums", self.catalogue.new_albums(), self._album, "search")
        if kind == "artist":
            return self._page(
                request, "artists", self.catalogue.find_artists(filters.get("artist", query)), self._artist, "search"
            )
        if kind == "track":
            tracks = self.catalogue.find_tracks(filters.get("track", ""), filters.get("artist", ""))
            return self._page(request, "tracks", tracks, self._full_track, "search")
        albums = self.catalogue.find_albums(filters.get("album", ""), filters.get("artist", ""))
        return self._page(request, "albums", albums, self._album, "search")

    def _new_releases(self, request: Request) -> Reply:
        if self.tier == "dev_new":
            return _error(403, "Forbidden")
        return self._page(request, "albums", self.catalogue.new_albums(), self._album, "browse/new-releases")

    def _album_tracks(self, album: Album | None, request: Request) -> Reply:
        if album is None:
            return _error(404, "Resource not found")
        reply = self._page(request, "tracks", album.tracks, self._track, f"albums/{album.album_id}/tracks")
        return reply if reply.status != 200 else Reply(200, reply.body["tracks"])

    def _page(
        self,
        request: Request,
        name: str,
        items: Sequence[Any],
        shape: Callable[[Any], Answer],
        path: str,
    ) -> Reply:
        is_search = path == "search"
        is_short = self.tier == "dev_new" and (is_search or path.endswith("/albums"))
        most = _SHORT_PAGE if is_short else _LONG_PAGE
        limit, offset = int(request.query.get("limit", 20)), int(request.query.get("offset", 0))
        if not 1 <= limit <= most:
            return _error(400, "Invalid limit")
        if is_search and limit + offset > _DEEPEST:
            return _error(400, f"Limit + Offset exceeds maximum of {_DEEPEST}")
        return Reply(200, {name: self._paging(items, shape, limit, offset, path)})

    def _paging(
        self, items: Sequence[Any], shape: Callable[[Any], Answer], limit: int, offset: int, path: str
    ) -> Answer:
        href = f"{self.url}/v1/{path}"
        later = f"{href}?offset={offset + limit}&limit={limit}"
        return {
            "href": href,
            "items": [shape(item) for item in items[offset : offset + limit]],
            "limit": limit,
            "next": later if offset + limit < len(items) else None,
            "offset": offset,
            "previous": None,
            "total": len(items),
        }

    def _artist(self, artist: Artist) -> Answer:
        known = self._named("artist", artist.artist_id, artist.name) | {"images": []}
        if self.tier == "dev_new":
            return known
        followers = None if artist.popularity is None else artist.popularity * _FOLLOWERS_A_POINT
        return known | {
            "followers": {"href": None, "total": followers},
            "genres": artist.genres,
            "popularity": artist.popularity,
        }

    def _track(self, track: Track) -> Answer:
        known = self._named("track", track.track_id, track.name) | {
            "artists": [self._named("artist", track.artist.artist_id, track.artist.name)],
            "disc_number": 1,
            "duration_ms": _number(track, "duration_ms"),
            "explicit": False,
            "is_local": False,
            "preview_url": None,
            "track_number": track.track_number,
        }
        return known if self.tier == "dev_new" else known | {"available_markets": ["US"]}

    def _full_track(self, track: Track) -> Answer:
        album = self.catalogue.albums.get(track.album_id or "")
        return self._track(track) | {
            "album": None if album is None else self._album(album),
            "external_ids": {},
            "is_playable": True,
            "popularity": track.popularity or 0,
        }

    def _album(self, album: Album) -> Answer:
        known = self._named("album", album.album_id, album.name) | {
            "album_type": "single" if len(album.tracks) < 4 else "album",
            "artists": [self._named("artist", a.artist_id, a.name) for a in _first_artists(album)],
            "images": [],
            "release_date": album.release_date,
            "release_date_precision": {4: "year", 7: "month"}.get(len(album.release_date), "day"),
            "total_tracks": len(album.tracks),
        }
        return known if self.tier == "dev_new" else known | {"available_markets": ["US"]}

    def _full_album(self, album: Album) -> Answer:
        path = f"albums/{album.album_id}/tracks"
        known = self._album(album) | {
            "copyrights": [],
            "external_ids": {},
            "genres": [],
            "tracks": self._paging(album.tracks, self._track, 50, 0, path),
        }
        return known if self.tier == "dev_new" else known | {"label": "synthetic", "popularity": 0}

    def _features(self, track: Track) -> Answer | None:
        if _number(track, "danceability") is None:
            return None
        known = self._named("audio_features", track.track_id, "") | {
            "analysis_url": f"{self.url}/v1/audio-analysis/{track.track_id}",
            "track_href": f"{self.url}/v1/tracks/{track.track_id}",
        }
        del known["name"], known["href"], known["external_urls"]
        return known | {name: _number(track, name) for name in NAMES}

    def _named(self, kind: str, key: str, name: str) -> Answer:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{key}"},
            "href": f"{self.url}/v1/{kind}s/{key}",
            "id": key,
            "name": name,
            "type": kind,
            "uri": f"spotify:{kind}:{key}",
        }


def _token(request: Request) -> Reply:
    keys = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {keys}":
        return Reply(400, {"error": "invalid_client", "error_description": "Invalid client"})
    if parse_qs(request.body).get("grant_type") != ["client_credentials"]:
        return Reply(400, {"error": "unsupported_grant_type"})
    return Reply(200, {"access_token": _TOKEN, "token_type": "Bearer", "expires_in": 3600})


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"error": {"status": status, "message": message}})


def _shaped(found: Any, shape: Callable[[Any], Answer | None]) -> Answer | None:
    return None if found is None else shape(found)


def _first_artists(album: Album) -> list[Artist]:
    return list({track.artist.artist_id: track.artist for track in album.tracks}.values())


def _number(track: Track, name: str) -> float | int | None:
    try:
        number = float(track.line.get(name) or "")
    except ValueError:
        return None
    return int(number) if number == int(number) else number
