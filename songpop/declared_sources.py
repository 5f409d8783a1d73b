"""The single declaration of every source: what it gives, where its answers are kept, how and where it may be asked.

Plain data without any client, so that settings, commands, enrichment and the clients themselves read the same. A
service that is not declared here is neither asked nor stored, planned for or forgotten.
"""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["artist popularity", "audience", "audio features", "artists of tracks", "new releases", "fresh albums"]


@dataclass(frozen=True)
class Url:
    """An address of a service, and the setting that replaces it for a proxy or a test.

    Attributes:
        setting: as an option of the command line, with underscores.
        variable: the same in the environment.
        help: what the option says of itself.
        default: the service's own; None where its client library knows it.
    """

    setting: str
    variable: str
    help: str
    default: str | None = None


@dataclass(frozen=True)
class DeclaredSource:
    """One source of artist popularity, audio features or new releases.

    Attributes:
        name: in SONGPOP_SOURCES, in rows, and before the `__` of its raw tables.
        title: for people, and in the ledger's memory of calls.
        licence: what its terms allow, in a line; docs/data.md says more.
        is_default: used where SONGPOP_SOURCES names none; of the others the terms allow no commercial use, or the scale
            is another.
        client: module and class that ask it; None for what is not asked.
        tables: the raw table that keeps each kind of answer.
        buckets: the quotas that its calls count towards.
        pace_seconds: least time between two calls; 0 where its client sets it by what the key may do.
        urls: its addresses, the one that is asked first.
        keys: the settings without which it is off.
        keep_days: how long an answer may be kept.
    """

    name: str
    title: str
    licence: str
    is_default: bool
    client: str | None = None
    tables: dict[Kind, str] = field(default_factory=dict)
    buckets: tuple[str, ...] = ()
    pace_seconds: float = 0.0
    urls: tuple[Url, ...] = ()
    keys: tuple[str, ...] = ()
    keep_days: int = 30


SPOTIFY = DeclaredSource(
    name="spotify",
    title="Spotify",
    licence="no training of models, no new listenership metrics, no lasting database (Developer Terms III.13, III.14)",
    is_default=True,
    client="songpop.sources.spotify.client:SpotifySource",
    tables={
        "artist popularity": "spotify__artists",
        "new releases": "spotify__releases",
        "audio features": "spotify__audio_features",
    },
    buckets=(
        "search", "artist", "artists", "artist_albums", "album", "album_tracks", "tracks", "new_releases",
        "audio_features",
    ),
    urls=(
        Url("spotify_api_url", "SONGPOP_SPOTIFY_API_URL", "Another Spotify-shaped API"),
        Url("spotify_token_url", "SONGPOP_SPOTIFY_TOKEN_URL", "Where it gives tokens"),
    ),
    keys=("spotify_client_id", "spotify_client_secret"),
    keep_days=30,  # its terms allow a cache, not a store
)  # fmt: skip
FILES = DeclaredSource(name="files", title="files", licence="the user's own", is_default=True)
RECCOBEATS = DeclaredSource(
    name="reccobeats",
    title="ReccoBeats",
    licence="none stated; its features seem to be Spotify's own",
    is_default=True,
    client="songpop.sources.reccobeats:ReccoBeatsSource",
    tables={"audio features": "reccobeats__audio_features", "artists of tracks": "reccobeats__track_artists"},
    buckets=("audio_features", "tracks"),
    pace_seconds=1.0,  # its limits are not published; others ask once or twice a second
    urls=(
        Url(
            "reccobeats_url",
            "SONGPOP_RECCOBEATS_URL",
            "Another address of ReccoBeats",
            default="https://api.reccobeats.com",
        ),
    ),
)
DEEZER = DeclaredSource(
    name="deezer",
    title="Deezer",
    licence="no commercial use",
    is_default=False,
    client="songpop.sources.deezer:DeezerSource",
    tables={"audience": "deezer__artists"},
    buckets=("search",),
    pace_seconds=0.125,  # it allows 50 calls in 5 seconds
    urls=(Url("deezer_url", "SONGPOP_DEEZER_URL", "Another address of Deezer", default="https://api.deezer.com"),),
)
LISTENBRAINZ = DeclaredSource(
    name="listenbrainz",
    title="ListenBrainz",
    licence="open data",
    is_default=False,
    client="songpop.sources.listenbrainz:ListenBrainzSource",
    tables={"fresh albums": "listenbrainz__releases", "audience": "listenbrainz__artists"},
    buckets=("fresh_releases", "popularity"),
    pace_seconds=1.0,
    urls=(
        Url(
            "listenbrainz_url",
            "SONGPOP_LISTENBRAINZ_URL",
            "Another address",
            default="https://api.listenbrainz.org",
        ),
    ),
)

# in the order of preference where SONGPOP_SOURCES gives none
DECLARED: tuple[DeclaredSource, ...] = (SPOTIFY, FILES, RECCOBEATS, DEEZER, LISTENBRAINZ)
SERVICES = tuple(source for source in DECLARED if source.client)
DEFAULT_NAMES = tuple(source.name for source in DECLARED if source.is_default)
BY_NAME = {source.name: source for source in DECLARED}


def sources_with(kind: Kind) -> tuple[DeclaredSource, ...]:
    """Return the services that give one kind of answer, in the order of preference."""
    return tuple(source for source in SERVICES if kind in source.tables)
