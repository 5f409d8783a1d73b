"""Spotify's Web API through Spotipy, made safe to run unattended; its answers as JSON objects.

Spotipy's defaults are not: it sleeps on a Retry-After of hours without a word, calls a 5xx a 429,
returns None for JSON it can't read and writes the token to ./.cache. So it gets its own session
without urllib3's retries, a cache in memory, and time-outs on both hosts; every call goes through
`RateLimitedCaller`. Pages are asked for by offset: `Spotify.next` would send the token wherever an answer points.
"""

import logging
import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, TypeVar

from songpop.declared_sources import SPOTIFY, DeclaredSource
from songpop.errors import SettingsError, SourceChanged, SourceRefused, SourceStopped, SourceUnavailable
from songpop.settings import Settings
from songpop.sources.loopback import is_loopback
from songpop.sources.rate_limited_caller import (
    ALL_BUCKETS,
    CAPABILITY_LIFE,
    Capability,
    Memory,
    RateLimitedCaller,
    RunClock,
)
from songpop.sources.spotify.failures import read_album, read_failure, read_items, read_list, read_object
from songpop.sources.spotify.parsing import Row
from songpop.sources.timed_session import TimedSession

ARTISTS_A_CALL = 50
FEATURES_A_CALL = 100
RELEASES_LIMIT = 50
LONG_PAGE, SHORT_PAGE = 50, 10  # a new app gets a 400 for more than ten
_TRACKS_LIMIT = 50
_TIMEOUT_SECONDS = (3.05, 10.0)  # connect, read
_LONGEST_ANSWER_SECONDS = 30.0
_LONGEST_QUERY = 100  # Spotify answers longer ones with 404 (spotipy #845)
# a 404 of these says that the endpoint is gone; of the others, that one thing is not there
_REMOVABLE = ("tracks", "artists", "new_releases", "audio_features")

Answer = TypeVar("Answer")


class SpotifySource:
    """Ask Spotify with one pair of keys, for as long as it lets us.

    Each method makes one request. It returns None where there is no answer to use: the thing is not there,
    this key may not ask, its bucket is stopped, or the answer stayed unusable after the retries. What was
    refused, stopped or given up is remembered here; the end of all calls is raised as `SourceStopped`.

    Attributes:
        caller: makes the requests; its pace and budget are those of the key's tier (see `access_tier`).
        refused: what this key may not ask for, and Spotify's message; such calls are not made again.
        missing: what Spotify answered 404 for, with the bucket that was asked.
        failed: what it gave no usable answer for, with the bucket and the message.
        n_given_up: answers that stayed unusable; `last_failure` is what the last of them was.
    """

    declared: ClassVar[DeclaredSource] = SPOTIFY

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        api_url: str | None = None,
        token_url: str | None = None,
        *,
        clock: RunClock,
        market: str = "US",
        pace_seconds: float = 0.0,
        daily_calls: int | None = None,
        memory: Memory | None = None,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Build Spotipy's client; nothing is asked yet.

        Raises:
            SettingsError: a key is empty.
        """
        if not client_id or not client_secret:
            raise SettingsError("SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must both be set for Spotify.")
        if not (client_id.isascii() and client_secret.isascii()):
            raise SettingsError(
                "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must be plain letters and digits, however one holds "
                "something else. Copy them again from Spotify's dashboard."
            )
        self.market = market
        self.is_loopback = is_loopback(api_url)
        self.missing: dict[str, str] = {}
        self.failed: dict[str, tuple[str, str]] = {}
        self._refused_once: dict[str, str | None] = {}
        self.n_given_up = 0
        self.last_failure = ""
        self._build_client(client_id, client_secret, api_url, token_url)
        self.caller = RateLimitedCaller(
            self.declared.title,
            lambda error: read_failure(error, client_secret),
            clock,
            pace_seconds=pace_seconds,
            daily_calls=daily_calls,
            memory=memory,
            renew_token=lambda: self._auth.cache_handler.save_token_to_cache(None),
            jitter=jitter,
        )
        self.use_memory(self.caller.memory)

    def use_memory(self, memory: Memory) -> None:
        """Begin with what earlier runs learned of this key, and keep there what this one learns."""
        self.caller.use_memory(memory)
        now = self.caller.clock.now()
        self.capabilities = memory.capabilities(self.declared.title, now - CAPABILITY_LIFE)
        self.refused = {name: known.message for name, known in self.capabilities.items() if not known.is_allowed}

    def learn(self, name: str, is_allowed: bool, message: str = "") -> None:
        """Remember, for this run and later ones, whether the key may do something."""
        known = self.capabilities.get(name)
        if known and known.is_allowed == is_allowed:
            return
        if is_allowed:
            self.refused.pop(name, None)
        else:
            self.refused[name] = message
        self.capabilities[name] = Capability(is_allowed, message, self.caller.clock.now())
        self.caller.memory.note_capability(self.declared.title, name, self.capabilities[name])

    def __repr__(self) -> str:
        """Name the address and nothing secret."""
        return f"SpotifySource({self._spotipy.prefix!r})"

    @classmethod
    def from_settings(cls, settings: Settings, clock: RunClock, memory: Memory | None = None) -> Self:
        """Build the source that the settings describe.

        Raises:
            SettingsError: a key is missing.
        """
        return cls(
            settings.spotify_client_id or "",
            settings.spotify_client_secret or "",
            *(settings.urls.get(url.setting) for url in SPOTIFY.urls),
            clock=clock,
            market=settings.spotify_market,
            memory=memory,
            jitter=random.Random().random,
        )

    @property
    def n_calls(self) -> dict[str, int]:
        """Return the requests made so far, retries included, by bucket."""
        return dict(self.caller.n_calls)

    @property
    def stops(self) -> dict[str, str]:
        """Return the buckets that ask for no more calls in this run, and why."""
        return dict(self.caller.stops)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def search_artists(self, artist_name: str) -> list[Any] | None:
        """Search for an artist's name; up to ten hits, in Spotify's order."""
        query = _query(artist=artist_name)
        return self._answer("search", lambda: self._search(query, "artist"), artist_name)

    def search_artists_page(self, artist_name: str) -> list[Any] | None:
        """Search for an artist's name with as long a page as the key may have."""
        query = _query(artist=artist_name)
        return self._page("search", "long search pages", lambda limit: self._search(query, "artist", limit=limit))

    def search_tracks(self, track_name: str, artist_name: str) -> list[Any] | None:
        """Search for a track by title and artist; up to ten hits, with the ids of their artists."""
        query = _query(track=track_name, artist=artist_name)
        return self._answer("search", lambda: self._search(query, "track"))

    def search_albums(self, album_name: str, artist_name: str) -> list[Any] | None:
        """Search for an album by title and artist; up to ten hits."""
        query = _query(album=album_name, artist=artist_name)
        return self._answer("search", lambda: self._search(query, "album"))

    def search_new_albums(self, offset: int) -> list[Any] | None:
        """Return one page of the albums that Spotify tags as new."""
        return self._page(
            "search",
            "long search pages",
            lambda limit: self._search("tag:new", "album", limit=limit, offset=offset),
        )

    def artist_albums(self, artist_id: str, group: str, offset: int, *, only_long: bool = False) -> list[Any] | None:
        """Return one page of an artist's releases of a group (album, single), the newest first.

        Both groups in one call would come one after the other. `only_long` takes no short page.
        """

        def fetch(limit: int) -> list[Any]:
            page = self._spotipy.artist_albums(
                artist_id, include_groups=group, country=self.market, limit=limit, offset=offset
            )
            return read_items(page, "items")

        return self._page("artist_albums", "long pages of an artist's albums", fetch, artist_id, only_long=only_long)

    def new_releases(self, offset: int) -> list[Any] | None:
        """Return one page of the list of new releases; `RELEASES_LIMIT` a page."""

        def fetch() -> list[Any]:
            page = self._spotipy.new_releases(country=self.market, limit=RELEASES_LIMIT, offset=offset)
            return read_items(page, "albums", "items")

        return self._answer("new_releases", fetch)

    def album(self, album_id: str) -> Row | None:
        """Return an album with its first page of tracks."""
        return self._answer("album", lambda: read_album(self._spotipy.album(album_id, market=self.market)), album_id)

    def album_tracks(self, album_id: str, offset: int) -> list[Any] | None:
        """Return a later page of an album's tracks."""

        def fetch() -> list[Any]:
            page = self._spotipy.album_tracks(album_id, limit=_TRACKS_LIMIT, offset=offset, market=self.market)
            return read_items(page, "items")

        return self._answer("album_tracks", fetch)

    def tracks(self, track_ids: Sequence[str]) -> list[Any] | None:
        """Return up to fifty tracks by id."""
        return self._answer("tracks", lambda: read_items(self._spotipy.tracks(track_ids, market=self.market), "tracks"))

    def artists(self, artist_ids: Sequence[str]) -> list[Any] | None:
        """Return up to `ARTISTS_A_CALL` artists by id."""
        return self._answer("artists", lambda: read_items(self._spotipy.artists(artist_ids), "artists"))

    def artist(self, artist_id: str) -> Row | None:
        """Return one artist by id."""
        return self._answer("artist", lambda: read_object(self._spotipy.artist(artist_id)), artist_id)

    def audio_features(self, track_ids: Sequence[str]) -> list[Any] | None:
        """Return the audio features of up to `FEATURES_A_CALL` tracks, null where Spotify has none."""
        return self._answer("audio_features", lambda: read_list(self._spotipy.audio_features(track_ids)))

    def _search(self, query: str, kind: str, *, limit: int = SHORT_PAGE, offset: int = 0) -> list[Any]:
        page = self._spotipy.search(query, limit=limit, offset=offset, type=kind, market=self.market)
        return read_items(page, f"{kind}s", "items")

    def _page(
        self,
        bucket: str,
        capability: str,
        fetch: Callable[[int], list[Any]],
        key: str | None = None,
        *,
        only_long: bool = False,
    ) -> list[Any] | None:
        """Ask for a long page where the key may, else for a short one."""
        if capability not in self.refused:
            items = self._answer(bucket, lambda: fetch(LONG_PAGE), key, limited_by=capability)
            if items is not None:
                self.learn(capability, True)
                return items
            if only_long or capability not in self.refused:
                return None
        return self._answer(bucket, lambda: fetch(SHORT_PAGE), key)

    def _answer(
        self, bucket: str, fetch: Callable[[], Answer], key: str | None = None, *, limited_by: str | None = None
    ) -> Answer | None:
        assert bucket in self.declared.buckets, bucket
        if bucket in self.refused:
            return None
        try:
            return self.caller.call(lambda: self._within_time(fetch), bucket)
        except SourceStopped:
            if ALL_BUCKETS in self.caller.stops:
                raise
        except SourceRefused as error:
            self._remember_refusal(bucket, key, limited_by, error)
        except (SourceUnavailable, SourceChanged) as error:
            self.n_given_up += 1
            self.last_failure = str(error)
            if key is not None:
                self.failed[key] = (bucket, str(error))
        return None

    def _remember_refusal(self, bucket: str, key: str | None, limited_by: str | None, error: SourceRefused) -> None:
        if error.status == 400:
            self.learn(limited_by or bucket, False, str(error))
        elif error.status == 404 and bucket not in (*_REMOVABLE, "search"):
            self.missing[key or ""] = bucket
        elif (key is not None or bucket == "search") and self._refused_once.setdefault(bucket, key) == key:
            # one thing alone may be forbidden, or one query odd; the second one tells
            self.failed[key or ""] = (bucket, str(error))
        else:
            self.learn(bucket, False, str(error))

    def _within_time(self, fetch: Callable[[], Answer]) -> Answer:
        """Let no single read outlast the deadline, and no warning of Spotipy's get in the way.

        It warns of endpoints that Spotify removes; whether this key may ask them is seen by asking.
        """
        left = max(self.caller.seconds_left(), 0.1)
        timeouts = tuple(min(seconds, left) for seconds in _TIMEOUT_SECONDS)
        self._session.longest_seconds = min(_LONGEST_ANSWER_SECONDS, left)
        self._spotipy.requests_timeout = self._auth.requests_timeout = timeouts
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return fetch()

    def _build_client(self, client_id: str, client_secret: str, api_url: str | None, token_url: str | None) -> None:
        import spotipy
        from spotipy.cache_handler import MemoryCacheHandler
        from spotipy.oauth2 import SpotifyClientCredentials

        # at DEBUG Spotipy logs the Authorization headers; at ERROR it repeats what we raise
        logging.getLogger("spotipy.oauth2").setLevel(logging.WARNING)
        logging.getLogger("spotipy.client").setLevel(logging.CRITICAL)
        self._session = TimedSession()
        self._session.trust_env = not is_loopback(api_url)
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


def _query(**parts: str) -> str:
    """Write a search query of quoted filters; the longest part loses words until the whole is not too long."""
    words = {name: text.replace('"', " ").split() for name, text in parts.items()}

    def written() -> str:
        return " ".join(f'{name}:"{" ".join(part)}"' for name, part in words.items())

    while len(written()) > _LONGEST_QUERY:
        longest = max(words, key=lambda name: len(" ".join(words[name])))
        if len(words[longest]) > 1:
            words[longest].pop()
        else:
            words[longest][0] = words[longest][0][:-1]
    return written()
