"""The services that the settings turn on, as one thing to pass on and to close; each is what its declaration says."""

from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from typing import ClassVar, Protocol, Self, runtime_checkable

from songpop.declared_sources import SERVICES, DeclaredSource
from songpop.settings import Settings
from songpop.sources.json_service import Row
from songpop.sources.rate_limited_caller import Memory, RateLimitedCaller, RunClock
from songpop.sources.spotify.client import SpotifySource


class Service(Protocol):
    """What every service has: its declaration and its caller, what it refused and what stayed unusable."""

    declared: ClassVar[DeclaredSource]
    caller: RateLimitedCaller
    is_loopback: bool
    refused: dict[str, str]
    n_given_up: int
    last_failure: str

    @classmethod
    def from_settings(cls, settings: Settings, clock: RunClock, memory: Memory) -> Self:
        """Build the service as the settings describe it; nothing is asked yet."""

    def close(self) -> None:
        """Close its connections."""


@runtime_checkable
class GivesAudioFeatures(Service, Protocol):
    """A service that knows audio features by Spotify's track ids."""

    tracks_a_call: ClassVar[int]

    def fetch_audio_features(self, track_ids: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each track that was answered for; its `state` is found or missing."""


@runtime_checkable
class GivesTrackArtists(Service, Protocol):
    """A service that knows Spotify's ids of a track's artists."""

    def fetch_track_artists(self, track_ids: Iterable[str]) -> Iterator[Row]:
        """Yield id and name of each artist of the tracks that it knows."""


@runtime_checkable
class GivesAudiences(Service, Protocol):
    """A service that counts an artist's public, by name."""

    def fetch_artists(self, names: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each name that was answered for, with its `match_state`."""


@runtime_checkable
class GivesFreshAlbums(Service, Protocol):
    """A service that lists albums that came out lately, and counts the listeners of their artists."""

    def fetch_fresh_releases(self, as_of_date: date, days: int) -> Iterator[Row]:
        """Yield the albums that came out in the `days` up to `as_of_date`."""

    def fetch_popularity(self, mbids: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each artist that was answered for."""


class Sources:
    """The services to ask, in the order of their declarations; one that is off is not among them."""

    def __init__(self, *services: Service) -> None:
        """Hold these services."""
        self._services = sorted(services, key=lambda service: SERVICES.index(service.declared))

    @classmethod
    def from_settings(cls, settings: Settings, clock: RunClock, memory: Memory) -> Self:
        """Build what `settings.sources` names and has keys for; nothing is asked yet."""
        on = [source for source in SERVICES if source.name in settings.sources and not settings.missing_keys(source)]
        return cls(*(client_of(source).from_settings(settings, clock, memory) for source in on))

    def __iter__(self) -> Iterator[Service]:
        """Go through the services that are on."""
        return iter(self._services)

    def named(self, name: str) -> Service | None:
        """Return the service of that name, or None where it is off."""
        return next((service for service in self if service.declared.name == name), None)

    @property
    def spotify(self) -> SpotifySource | None:
        """Return Spotify, which alone has keys and gives tracks; None where it is off."""
        return next((service for service in self if isinstance(service, SpotifySource)), None)

    @property
    def with_track_artists(self) -> list[GivesTrackArtists]:
        """Return the services that know the artists of tracks."""
        return [service for service in self if isinstance(service, GivesTrackArtists)]

    @property
    def with_audio_features(self) -> list[GivesAudioFeatures]:
        """Return the services besides Spotify that give audio features."""
        return [service for service in self if isinstance(service, GivesAudioFeatures)]

    @property
    def with_audiences(self) -> list[GivesAudiences]:
        """Return the services that count an artist's public, by name."""
        return [service for service in self if isinstance(service, GivesAudiences)]

    @property
    def with_fresh_albums(self) -> list[GivesFreshAlbums]:
        """Return the services that list fresh albums."""
        return [service for service in self if isinstance(service, GivesFreshAlbums)]

    def keep_loopback(self) -> bool:
        """Turn off every service that is not on this machine; say whether there was one."""
        others = [service for service in self if not service.is_loopback]
        self._services = [service for service in self if service.is_loopback]
        for service in others:
            service.close()
        return bool(others)

    def close(self) -> None:
        """Close all connections."""
        for service in self:
            service.close()


def client_of(source: DeclaredSource) -> type[Service]:
    """Import the class that asks a declared service."""
    assert source.client is not None, source.name
    module, _, name = source.client.partition(":")
    client: type[Service] = getattr(import_module(module), name)
    return client
