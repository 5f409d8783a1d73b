"""The services that the settings turn on, as one thing to pass on and to close."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from songpop.settings import Settings
from songpop.sources.deezer import DeezerSource
from songpop.sources.listenbrainz import ListenBrainzSource
from songpop.sources.rate_limited_caller import Memory, RateLimitedCaller, RunClock
from songpop.sources.reccobeats import ReccoBeatsSource

if TYPE_CHECKING:
    from songpop.sources.spotify.client import SpotifySource


class Service(Protocol):
    """What every service has: its caller, what it refused and what stayed unusable."""

    caller: RateLimitedCaller
    is_loopback: bool
    refused: dict[str, str]
    n_given_up: int
    last_failure: str

    def close(self) -> None:
        """Close its connections."""


@dataclass
class Sources:
    """The services to ask; None is off."""

    spotify: "SpotifySource | None" = None
    reccobeats: ReccoBeatsSource | None = None
    deezer: DeezerSource | None = None
    listenbrainz: ListenBrainzSource | None = None

    @classmethod
    def from_settings(cls, settings: Settings, clock: RunClock, memory: Memory) -> "Sources":
        """Build what `settings.sources` names and, for Spotify, has keys for; nothing is asked yet."""
        named = settings.sources
        return cls(
            spotify=_spotify(settings, clock, memory) if "spotify" in named and has_keys(settings) else None,
            reccobeats=ReccoBeatsSource(settings.reccobeats_url, clock, memory=memory)
            if "reccobeats" in named
            else None,
            deezer=DeezerSource(settings.deezer_url, clock, memory=memory) if "deezer" in named else None,
            listenbrainz=(
                ListenBrainzSource(settings.listenbrainz_url, clock, memory=memory) if "listenbrainz" in named else None
            ),
        )

    def __iter__(self) -> Iterator[Service]:
        """Go through the services that are on."""
        every: tuple[Service | None, ...] = (self.spotify, self.reccobeats, self.deezer, self.listenbrainz)
        yield from (service for service in every if service is not None)

    def keep_loopback(self) -> bool:
        """Turn off every service that is not on this machine; say whether there was one."""
        was_one = False
        for name in ("spotify", "reccobeats", "deezer", "listenbrainz"):
            service = getattr(self, name)
            if service is not None and not service.is_loopback:
                service.close()
                setattr(self, name, None)
                was_one = True
        return was_one

    def close(self) -> None:
        """Close all connections."""
        for service in self:
            service.close()


def has_keys(settings: Settings) -> bool:
    """Say whether both of Spotify's keys are set."""
    return bool(settings.spotify_client_id and settings.spotify_client_secret)


def _spotify(settings: Settings, clock: RunClock, memory: Memory) -> "SpotifySource":
    from songpop.sources.spotify.client import SpotifySource

    source = SpotifySource.from_settings(settings, clock)
    source.use_memory(memory)
    return source
