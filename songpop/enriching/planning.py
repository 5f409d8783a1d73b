"""What the next run of enrichment would ask, and how many calls that costs; nothing is asked."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from songpop.declared_sources import SPOTIFY
from songpop.enriching.call_log import CallLog
from songpop.enriching.enrich import MOST_LEADS
from songpop.enriching.store import Store
from songpop.settings import Settings
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.registry import GivesFreshAlbums, Service, Sources
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY, LONG_SEARCHES, is_probed, settle
from songpop.sources.spotify.client import ARTISTS_A_CALL, FEATURES_A_CALL, SpotifySource

_PROBE_CALLS = 6
_NEW_ALBUMS = 100  # both of Spotify's lists hold about so many


@dataclass(frozen=True)
class PlannedCalls:
    """The calls of one question to one bucket.

    Attributes:
        n_things: artists, tracks or albums that would be asked for.
        n_calls: what asking for all of them costs at most.
        calls_left: what the bucket's budget has now; None: it has none.
        note: why it is not more, or when.
    """

    service: str
    bucket: str
    what: str
    n_things: int
    n_calls: int
    calls_left: int | None
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run would ask.

    Attributes:
        tier: Spotify's, as earlier runs found it; None where Spotify is off.
        calls: question by question.
        seconds: how long all calls that the budgets allow take at the services' pace.
    """

    tier: str | None
    seconds: float
    calls: list[PlannedCalls] = field(default_factory=list)


def plan(con: duckdb.DuckDBPyConnection, settings: Settings, *, now: datetime) -> Plan:
    """Plan the next run.

    Args:
        con: the writer's connection, with marts built.
        settings: which services, their budget and deadline.
        now: the present moment.
    """
    clock = RunClock(settings.enrich_deadline.total_seconds(), now)
    store = Store(con, "plan", clock, now)
    sources = Sources.from_settings(settings, clock, CallLog(con, "plan"))
    try:
        tier = settle(sources.spotify, settings.spotify_daily_calls) if sources.spotify else None
        calls = _spotify_calls(store, sources.spotify, sources.with_fresh_albums) if sources.spotify else []
        calls += _other_calls(store, sources)
        paces = {service.caller.service: service.caller.pace_seconds for service in sources}
        allowed = [min(row.n_calls, row.n_calls if row.calls_left is None else row.calls_left) for row in calls]
        seconds = sum(n * paces[row.service] for n, row in zip(allowed, calls, strict=True))
        return Plan(tier, seconds, calls)
    finally:
        sources.close()


def _spotify_calls(store: Store, source: SpotifySource, fresh_albums: Sequence[GivesFreshAlbums]) -> list[PlannedCalls]:
    rows = []

    def add(bucket: str, what: str, n_things: int, n_calls: int, note: str = "") -> None:
        next_at = source.caller.next_call_at(bucket)
        when = "" if next_at is None else f"not before {next_at:%Y-%m-%d %H:%M} UTC"
        calls_left = source.caller.calls_left(bucket)
        rows.append(PlannedCalls(SPOTIFY.title, bucket, what, n_things, n_calls, calls_left, note or when))

    if not is_probed(source):
        add("search", "what the key may do", 1, _PROBE_CALLS, "over five buckets; then once a week")
    watched = store.read("watched_artists")
    if watched:
        n_nameless = sum(artist_id is None for _, artist_id in watched)
        if n_nameless:
            add("search", "ids of watched artists", n_nameless, n_nameless)
        add("artist_albums", "albums and singles of watched artists", len(watched), 2 * len(watched))
    for other in fresh_albums:
        add("search", f"fresh albums that {other.declared.title} lists", MOST_LEADS, MOST_LEADS, "at most")
    if "new_releases" in source.refused:
        add("search", "albums tagged as new", _NEW_ALBUMS, 10 if LONG_SEARCHES in source.refused else 3)
    else:
        add("new_releases", "list of new releases", _NEW_ALBUMS, 3)
    add("album", "tracks of new albums", _NEW_ALBUMS, _NEW_ALBUMS, "at most; those known are not asked again")
    n_tracks = len(store.read("tracks_to_ask", service=SPOTIFY.name))
    is_refused = "audio_features" in source.refused
    n_calls = 0 if is_refused else math.ceil(n_tracks / FEATURES_A_CALL)
    add("audio_features", "audio features", n_tracks, n_calls, "refused to this key" if is_refused else "")
    _add_artists(store, source, add)
    return rows


def _add_artists(store: Store, source: SpotifySource, add: Callable[..., None]) -> None:
    work = store.read("artists_to_ask")
    if ARTIST_POPULARITY in source.refused:
        add("artist", "artist popularity", len(work), 0, "this key gets none")
        return
    by_id = sum(1 for _, artist_id, *_ in work if artist_id)
    by_track = 0 if "tracks" in source.refused else sum(1 for _, artist, track, *_ in work if track and not artist)
    batch = 1 if "artists" in source.refused else ARTISTS_A_CALL
    if by_track:
        add("tracks", "artists of known tracks", by_track, math.ceil(by_track / ARTISTS_A_CALL))
    bucket = "artist" if batch == 1 else "artists"
    add(bucket, "artist popularity", by_id + by_track, math.ceil((by_id + by_track) / batch))
    n_named = len(work) - by_id - by_track
    if n_named:
        add("search", "artists by name", n_named, 2 * n_named, "at most: a second search where a name is two artists'")


def _other_calls(store: Store, sources: Sources) -> list[PlannedCalls]:
    """Plan the services besides Spotify; they have no budget."""
    rows = []

    def add(service: Service, bucket: str, what: str, n_things: int, n_calls: int) -> None:
        rows.append(PlannedCalls(service.declared.title, bucket, what, n_things, n_calls, None))

    for source in sources.with_audio_features:
        n_tracks = len(store.read("tracks_to_ask", service=source.declared.name))
        if n_tracks and not store.has_comparison(source.declared.name):
            n_tracks += len(store.read("tracks_to_compare"))
        add(source, "audio_features", "audio features", n_tracks, math.ceil(n_tracks / source.tracks_a_call))
    for lister in sources.with_fresh_albums:
        add(lister, "fresh_releases", "fresh albums and listeners", 1, 2)
    for counter in sources.with_audiences:
        n_names = len(store.read("audiences_to_ask", answers=f"staging.{counter.declared.tables['audience']}"))
        add(counter, "search", "fans of artists", n_names, n_names)
    return rows
