"""What a run of enrichment asked for and got, for people, for the ledger and for other programs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from songpop.declared_sources import SERVICES, SPOTIFY, DeclaredSource, Kind, sources_with
from songpop.enriching.store import Store
from songpop.findings import MAX_EXAMPLES, Finding
from songpop.settings import Settings
from songpop.sources.registry import Service, Sources
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY, AUDIO_FEATURES, tier_of
from songpop.sources.spotify.client import SpotifySource

# a key that may not ask these asks others
_HAVE_ANOTHER_WAY = ("tracks", "artists", "new_releases")
_MATTER = (ARTIST_POPULARITY, AUDIO_FEATURES, "search", "artist", "album", "artist_albums")


@dataclass(frozen=True)
class Coverage:
    """How many of the warehouse's artists have a popularity, by source, and how Spotify's matches stand."""

    n_artists: int
    n_from_files: int
    n_from_spotify: int
    n_known: int
    n_found: int
    n_ambiguous: int
    n_unmatched: int
    n_pinned: int


@dataclass(frozen=True)
class RequestCounts:
    """What one kind of request to one service brought.

    Attributes:
        what: artists, new releases, audio features ..., and the service.
        n_wanted: how many things had no answer yet.
        n_asked: how many of them were answered; the sum of found, ambiguous and missing.
        n_from_cache: answers of earlier runs that still hold.
    """

    what: str
    n_wanted: int
    n_asked: int
    n_found: int
    n_ambiguous: int
    n_missing: int
    n_from_cache: int


@dataclass(frozen=True)
class BucketUse:
    """Calls made to one bucket: in this run, and what is left of its budget (None: it has none)."""

    service: str
    bucket: str
    n_calls: int
    calls_left: int | None
    next_call_at: datetime | None


@dataclass(frozen=True)
class EnrichResult:
    """What a run asked for and got.

    Attributes:
        n_asked, n_found, n_ambiguous, n_missing: artist names; those asked are the sum of the other three.
        n_unasked: artist names that were left for a later run.
        n_releases, n_features: tracks that Spotify called new, and audio features that came.
        n_calls: requests, retries included, by service and bucket.
        n_forgotten: answers that had expired and were deleted.
        tier: what Spotify's key may do, as it showed.
        coverage: artist popularities known now.
        asked: each kind of request.
        buckets: each bucket that was called.
        notes: what a person should know though nothing is wrong.
        findings: what could not be had.
    """

    n_asked: int
    n_found: int
    n_ambiguous: int
    n_missing: int
    n_unasked: int
    n_releases: int
    n_features: int
    n_calls: dict[str, int]
    n_forgotten: int
    tier: str | None
    coverage: Coverage
    asked: list[RequestCounts] = field(default_factory=list)
    buckets: list[BucketUse] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """Say in one line what came of it."""
        known = f"{self.coverage.n_known:,} of {self.coverage.n_artists:,} artists have a popularity"
        if not self.n_calls:
            return " ".join([*self.notes, f"Nothing had to be asked; {known}."])
        left = f", {self.n_unasked:,} left for a later run" if self.n_unasked else ""
        return (
            f"{self.n_releases:,} new releases, {self.n_features:,} audio features; "
            f"of {self.n_asked:,} artists asked for, {self.n_found:,} found, {self.n_ambiguous:,} ambiguous, "
            f"{self.n_missing:,} missing{left}; {sum(self.n_calls.values()):,} calls; {known}"
        )


def summarise(
    store: Store, sources: Sources, settings: Settings, n_wanted: Mapping[str, int], n_forgotten: int
) -> EnrichResult:
    """Put together what came of a run.

    Args:
        store: what was saved.
        sources: who was asked.
        settings: of the run.
        n_wanted: how many things had no answer yet, by raw table.
        n_forgotten: answers that had expired and were deleted.
    """
    spotify = sources.spotify
    artists = SPOTIFY.tables["artist popularity"]
    states = store.match_states.get(artists, Counter())
    n_asked = sum(states.values())
    buckets = [use for service in sources for use in _uses(service)]
    refusals = spotify.refused if spotify else {}
    notes = [refusals[name] for name in _HAVE_ANOTHER_WAY if name in refusals]
    if ARTIST_POPULARITY in refusals:
        notes.append("This key gets no artist popularity, so artists are not asked for.")
    return EnrichResult(
        n_asked=n_asked,
        n_found=states["found"],
        n_ambiguous=states["ambiguous"],
        n_missing=states["unmatched"],
        n_unasked=max(n_wanted.get(artists, 0) - n_asked, 0),
        n_releases=store.n_saved[SPOTIFY.tables["new releases"]],
        n_features=sum(store.n_saved[source.tables["audio features"]] for source in sources_with("audio features")),
        n_calls={f"{use.service} {use.bucket}": use.n_calls for use in buckets},
        n_forgotten=n_forgotten,
        tier=None if spotify is None else tier_of(spotify.capabilities),
        coverage=Coverage(*store.read("popularity_coverage")[0]),
        asked=_request_counts(store, n_wanted),
        buckets=buckets,
        notes=[*_why_off(settings), *notes] if spotify is None else notes,
        findings=[finding for service in sources for finding in _findings(service)],
    )


def _request_counts(store: Store, n_wanted: Mapping[str, int]) -> list[RequestCounts]:
    """Count kind by kind; one that nothing was wanted of is left out."""
    counts = []
    for source, table in (*_tables("artist popularity"), *_tables("audience")):
        if table in n_wanted:
            states = store.match_states.get(table, Counter())
            found, ambiguous, missing = (states[state] for state in ("found", "ambiguous", "unmatched"))
            n_asked = found + ambiguous + missing
            n_cached = store.count_cached(table, "artist_name")
            counts.append(
                RequestCounts(
                    f"artists ({source.title})", n_wanted[table], n_asked, found, ambiguous, missing, n_cached
                )
            )
    for source, table in _tables("audio features"):
        if table in n_wanted:
            found, missing = store.n_saved[table], store.n_missing[table]
            n_cached = store.count_cached(table, "track_id")
            counts.append(
                RequestCounts(
                    f"audio features ({source.title})", n_wanted[table], found + missing, found, 0, missing, n_cached
                )
            )
    for source, table in _tables("new releases"):
        n_new, n_cached = store.n_saved[table], store.count_cached(table, "track_id")
        if n_new or n_cached:
            counts.append(RequestCounts(f"new releases ({source.title})", n_new, n_new, n_new, 0, 0, n_cached))
    return counts


def _tables(kind: Kind) -> list[tuple[DeclaredSource, str]]:
    return [(source, source.tables[kind]) for source in sources_with(kind)]


def _uses(service: Service) -> list[BucketUse]:
    caller = service.caller
    return [
        BucketUse(caller.service, bucket, n_calls, caller.calls_left(bucket), caller.next_call_at(bucket))
        for bucket, n_calls in sorted(caller.n_calls.items())
    ]


def _findings(service: Service) -> list[Finding]:
    """Say what a service did not give; none of it stops a night."""
    title = service.caller.service
    stops = sorted(service.caller.stops.items())[:MAX_EXAMPLES]
    found = [
        Finding(
            "enrichment_is_complete",
            "warning",
            f"Enrichment must ask for everything, however {title} ({bucket}) was not asked to the end: {reason}",
        )
        for bucket, reason in stops
    ]
    is_spotify = isinstance(service, SpotifySource)
    found += [
        Finding(
            "spotify_key_may_ask" if is_spotify else "services_may_be_asked",
            "warning",
            f"{'The Spotify key' if is_spotify else title} should give {name.replace('_', ' ')}, however it does "
            f"not. {message} Scores rest on what the files and earlier runs gave.",
        )
        for name, message in sorted(service.refused.items())
        if not is_spotify or name in _MATTER
    ]
    if service.n_given_up:
        found.append(
            Finding(
                f"{title.lower()}_answers_can_be_used",
                "warning",
                f"The answers of {title} must be usable, however {service.n_given_up:,} were not after retries (the "
                f"last: {service.last_failure}). A later run asks again.",
                n_rows=service.n_given_up,
            )
        )
    return found


def _why_off(settings: Settings) -> list[str]:
    """Say of each service that the settings name why it is off nevertheless."""
    return [
        f"{source.title} is off: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set."
        for source in SERVICES
        if source.name in settings.sources and (missing := settings.missing_keys(source))
    ]
