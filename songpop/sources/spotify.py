"""Spotify's Web API through Spotipy, made safe to run unattended; its answers as JSON objects.

Spotipy's defaults are not: it sleeps on a Retry-After of hours without a word, calls a 5xx a 429,
returns None for JSON it can't read and writes the token to ./.cache. So it gets its own session
without urllib3's retries, a cache in memory, and time-outs on both hosts; every call goes through
`PoliteCaller`. Pages are asked for by offset: `Spotify.next` would send the token wherever an answer points.
"""

import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from songpop.errors import SettingsError, SourceChanged, SourceRefused, SourceStopped, SourceUnavailable
from songpop.settings import Settings
from songpop.sources.calling import ALL_BUCKETS, Failure, PoliteCaller
from songpop.sources.spotify_answers import Row

ARTISTS_A_CALL = 50
FEATURES_A_CALL = 100
SEARCH_LIMIT = 10  # a new app gets a 400 for more
RELEASES_LIMIT = 50
_TRACKS_LIMIT = 50
_PACE_SECONDS = 0.34  # three calls a second; Spotify's own number is unpublished
_TIMEOUT_SECONDS = (3.05, 10.0)  # connect, read
_LONGEST_NAME = 200  # of a search; Spotify cuts longer queries itself
# a 404 of these says that the endpoint is gone; of the others, that one thing is not there
_REMOVABLE = ("search", "tracks", "artists", "new_releases", "audio_features")

Answer = TypeVar("Answer")


class SpotifySource:
    """Ask Spotify with one pair of keys, for as long as it lets us.

    Each method makes one request. It returns None where there is no answer to use: the thing is not there,
    this key may not ask, its bucket is stopped, or the answer stayed unusable after the retries. What was
    refused, stopped or given up is remembered here; the end of all calls is raised as `SourceStopped`.

    Attributes:
        refused: what this key may not ask for, and Spotify's words; such calls are not made again.
        n_given_up: answers that stayed unusable.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        api_url: str | None = None,
        token_url: str | None = None,
        *,
        market: str = "US",
        pace_seconds: float = _PACE_SECONDS,
        deadline_seconds: float = 2700.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Build Spotipy's client; nothing is asked yet, but the deadline runs.

        Raises:
            SettingsError: a key is empty.
        """
        if not client_id or not client_secret:
            raise SettingsError("SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must both be set for Spotify.")
        self.market = market
        self.refused: dict[str, str] = {}
        self.n_given_up = 0
        self._client_secret = client_secret
        self._build_client(client_id, client_secret, api_url, token_url)
        self._caller = PoliteCaller(
            "Spotify",
            self._read_failure,
            pace_seconds=pace_seconds,
            deadline_seconds=deadline_seconds,
            clock=clock,
            sleep=sleep,
            renew_token=lambda: self._auth.cache_handler.save_token_to_cache(None),
        )

    def __repr__(self) -> str:
        """Name the address and nothing secret."""
        return f"SpotifySource({self._spotipy.prefix!r})"

    @classmethod
    def from_settings(cls, settings: Settings) -> "SpotifySource":
        """Build the source that the settings describe; a service on this machine needs no pace.

        Raises:
            SettingsError: a key is missing.
        """
        return cls(
            settings.spotify_client_id or "",
            settings.spotify_client_secret or "",
            settings.spotify_api_url,
            settings.spotify_token_url,
            market=settings.spotify_market,
            pace_seconds=0.0 if _is_loopback(settings.spotify_api_url) else _PACE_SECONDS,
            deadline_seconds=settings.enrich_deadline.total_seconds(),
        )

    @property
    def n_calls(self) -> dict[str, int]:
        """Return the requests made so far, retries included, by bucket."""
        return dict(self._caller.n_calls)

    @property
    def stops(self) -> dict[str, str]:
        """Return the buckets that ask for no more calls in this run, and why."""
        return dict(self._caller.stops)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def search_artists(self, artist_name: str) -> list[Any] | None:
        """Search for an artist's name; up to ten hits, in Spotify's order."""
        query = f'artist:"{artist_name[:_LONGEST_NAME].replace(chr(34), " ")}"'
        return self._answer("search", lambda: _items(self._search(query, "artist", offset=0), "artists", "items"))

    def search_new_albums(self, offset: int) -> list[Any] | None:
        """Return one page of the albums that Spotify tags as new; `SEARCH_LIMIT` a page."""
        return self._answer(
            "search", lambda: _items(self._search("tag:new", "album", offset=offset), "albums", "items")
        )

    def new_releases(self, offset: int) -> list[Any] | None:
        """Return one page of the list of new releases; `RELEASES_LIMIT` a page."""

        def ask() -> list[Any]:
            page = self._spotipy.new_releases(country=self.market, limit=RELEASES_LIMIT, offset=offset)
            return _items(page, "albums", "items")

        return self._answer("new_releases", ask)

    def album(self, album_id: str) -> Row | None:
        """Return an album with its first page of tracks."""
        return self._answer("album", lambda: _object(self._spotipy.album(album_id, market=self.market)))

    def album_tracks(self, album_id: str, offset: int) -> list[Any] | None:
        """Return a later page of an album's tracks."""

        def ask() -> list[Any]:
            page = self._spotipy.album_tracks(album_id, limit=_TRACKS_LIMIT, offset=offset, market=self.market)
            return _items(page, "items")

        return self._answer("album_tracks", ask)

    def tracks(self, track_ids: Sequence[str]) -> list[Any] | None:
        """Return up to fifty tracks by id."""
        return self._answer("tracks", lambda: _items(self._spotipy.tracks(track_ids, market=self.market), "tracks"))

    def artists(self, artist_ids: Sequence[str]) -> list[Any] | None:
        """Return up to `ARTISTS_A_CALL` artists by id."""
        return self._answer("artists", lambda: _items(self._spotipy.artists(artist_ids), "artists"))

    def artist(self, artist_id: str) -> Row | None:
        """Return one artist by id."""
        return self._answer("artist", lambda: _object(self._spotipy.artist(artist_id)))

    def audio_features(self, track_ids: Sequence[str]) -> list[Any] | None:
        """Return the audio features of up to `FEATURES_A_CALL` tracks, null where Spotify has none."""
        return self._answer("audio_features", lambda: _list(self._spotipy.audio_features(track_ids)))

    def _search(self, query: str, kind: str, *, offset: int) -> Any:
        return self._spotipy.search(query, limit=SEARCH_LIMIT, offset=offset, type=kind, market=self.market)

    def _answer(self, bucket: str, ask: Callable[[], Answer]) -> Answer | None:
        if bucket in self.refused:
            return None
        try:
            return self._caller.call(lambda: self._within_time(ask), bucket)
        except SourceStopped:
            if ALL_BUCKETS in self._caller.stops:
                raise
        except SourceRefused as error:
            if error.status != 404 or bucket in _REMOVABLE:
                self.refused[bucket] = str(error)
        except (SourceUnavailable, SourceChanged):
            self.n_given_up += 1
        return None

    def _within_time(self, ask: Callable[[], Answer]) -> Answer:
        """Let no single read outlast the deadline, and no warning of Spotipy's get in the way.

        It warns of endpoints that Spotify removes; whether this key may ask them is seen by asking.
        """
        left = max(self._caller.seconds_left(), 0.1)
        timeouts = tuple(min(seconds, left) for seconds in _TIMEOUT_SECONDS)
        self._spotipy.requests_timeout = self._auth.requests_timeout = timeouts
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return ask()

    def _build_client(self, client_id: str, client_secret: str, api_url: str | None, token_url: str | None) -> None:
        import spotipy
        from spotipy.cache_handler import MemoryCacheHandler
        from spotipy.oauth2 import SpotifyClientCredentials

        # at DEBUG Spotipy logs the Authorization headers; at ERROR it repeats what we raise
        logging.getLogger("spotipy.oauth2").setLevel(logging.WARNING)
        logging.getLogger("spotipy.client").setLevel(logging.CRITICAL)
        self._session = requests.Session()
        self._session.trust_env = not _is_loopback(api_url)
        self._auth = SpotifyClientCredentials(
            client_id,
            client_secret,
            requests_session=self._session,
            requests_timeout=_TIMEOUT_SECONDS,
            cache_handler=MemoryCacheHandler(),
        )
        self._spotipy = spotipy.Spotify(
            auth_manager=self._auth, requests_session=self._session, requests_timeout=_TIMEOUT_SECONDS
        )
        if api_url:
            self._spotipy.prefix = api_url.rstrip("/").removesuffix("/v1") + "/v1/"
        if token_url:
            self._auth.OAUTH_TOKEN_URL = token_url

    def _read_failure(self, error: Exception) -> Failure | None:
        """Say what an exception out of Spotipy means."""
        from spotipy.exceptions import SpotifyException
        from spotipy.oauth2 import SpotifyOauthError

        if isinstance(error, SpotifyException):
            return _read_status(error.http_status, str(error.msg), error.reason, error.headers or {})
        if isinstance(error, SpotifyOauthError):
            return _read_token_error(str(error.error)[:100].replace(self._client_secret, "…"))
        if isinstance(error, requests.RequestException) and not isinstance(error, ValueError):
            return Failure("connection", type(error).__name__)
        if isinstance(error, ValueError | AttributeError | TypeError | KeyError):
            return Failure("payload", f"an answer that can't be read ({type(error).__name__})")
        return None


def _read_token_error(words: str) -> Failure:
    if "client" not in words:
        return Failure("server", f"no token ({words!r})")
    return Failure(
        "account",
        "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must be a pair that Spotify knows, "
        f"however it gave them no token ({words!r}).",
    )


def _read_status(status: int, message: str, reason: str | None, headers: Mapping[str, str]) -> Failure:
    said = message.partition(":\n ")[2].strip()[:200]
    words = f"{status} {said!r}" if said and said != "None" else f"{status} without a message"
    wait = _read_seconds(headers.get("Retry-After"))
    if status == 429:
        return Failure("quota" if reason == "QUOTA_EXCEEDED" else "rate", words, status, wait)
    if status == 401:
        return Failure("token", words, status)
    if status == 403 and "premium" in said.lower():
        return Failure("account", f"it answered {words}.", status)
    if status in (403, 404):
        return Failure("refused", words, status)
    return Failure("server", words, status, wait) if status >= 500 else Failure("request", words, status)


def _read_seconds(text: str | None) -> float | None:
    """Read Retry-After as whole seconds; a date or a word counts as none."""
    try:
        return float(int(text or ""))
    except ValueError:
        return None


def _items(answer: Any, *path: str) -> list[Any]:
    for name in path:
        answer = answer[name]
    return _list(answer)


def _list(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise ValueError(f"a list must come back, however it is a {type(answer).__name__}")
    return answer


def _object(answer: Any) -> Row:
    if not isinstance(answer, dict) or not answer.get("id"):
        raise ValueError(f"an object with an id must come back, however it is a {type(answer).__name__}")
    return answer


def _is_loopback(url: str | None) -> bool:
    return urlsplit(url or "").hostname in ("127.0.0.1", "localhost", "::1")
