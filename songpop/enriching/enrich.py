"""Who is asked for what, and in which order: what a cut-short run has got should be what helps most."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import duckdb

from songpop import console, warehouse
from songpop.console import Progress
from songpop.declared_sources import BY_NAME, SPOTIFY
from songpop.enriching import scale_mappings, summary
from songpop.enriching.purging import forget_expired
from songpop.enriching.store import Store
from songpop.enriching.summary import EnrichResult
from songpop.errors import is_interruption
from songpop.findings import Finding
from songpop.names import fold_name
from songpop.settings import Settings
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.registry import (
    GivesAudiences,
    GivesAudioFeatures,
    GivesFreshAlbums,
    GivesTrackArtists,
    Service,
    Sources,
)
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY, is_probed, probe, settle
from songpop.sources.spotify.client import SpotifySource
from songpop.sources.spotify.fetching import (
    Lead,
    fetch_artists,
    fetch_audio_features,
    fetch_new_releases,
    match_artists,
)
from songpop.warehouse import build_marts

_SYNTHETIC = "The tracks are a synthetic sample's, which no service of the world knows, so none is asked."
MOST_LEADS = 40  # albums that are searched for because another service calls them new


def enrich(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    as_of_date: date,
    run_id: str,
    now: datetime,
    sources: Sources | None = None,
    clock: RunClock | None = None,
    progress: Progress,
) -> EnrichResult:
    """Ask the services for new releases, audio features and artists, and build the marts with what came.

    Answers are committed to raw as they come, and calls are counted before they are made, so that a run that is cut
    short keeps what it got and a later one keeps to the budget. Whatever a service does not give is a finding;
    scoring does not wait for it.

    Args:
        con: the writer's connection, in no transaction.
        settings: which services, their keys and addresses, budget and deadline.
        as_of_date: the day that the run speaks for.
        run_id: stamped on each row.
        now: stamped on each row as `fetched_at`.
        sources: whom to ask, if not those that the settings name.
        clock: the run's time, if not this machine's.
        progress: as `console.progress`.
    """
    moment = now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)
    clock = clock or RunClock(settings.enrich_deadline.total_seconds(), moment)
    store = Store(con, run_id, clock, moment)

    def build() -> None:
        build_marts(con, settings, as_of_date)

    n_forgotten = forget_expired(con, moment)
    if n_forgotten or not _has_marts(con):
        build()
    services = sources or Sources.from_settings(settings, clock, store.log)
    is_kept_home = store.is_synthetic() and services.keep_loopback()
    try:
        for service in services:
            service.caller.use_memory(store.log)
        enrichment = _Enrichment(store, services, settings, as_of_date, progress)
        enrichment.fetch_all()
        if any(service.caller.n_calls for service in services):
            build()
            if scale_mappings.compare(con, run_id, moment, settings.model_sources):
                build()
        result = summary.summarise(store, services, settings, enrichment.n_wanted, n_forgotten)
        notes = [_SYNTHETIC, *result.notes] if is_kept_home else result.notes
        return replace(result, findings=[*enrichment.findings, *result.findings], notes=notes)
    finally:
        if sources is None:
            services.close()


class _Enrichment:
    """One run's requests, in their order."""

    def __init__(
        self, store: Store, sources: Sources, settings: Settings, as_of_date: date, progress: Progress
    ) -> None:
        self.n_wanted: dict[str, int] = {}
        self.findings: list[Finding] = []
        self._store = store
        self._sources = sources
        self._settings = settings
        self._as_of_date = as_of_date
        self._progress = progress

    def fetch_all(self) -> None:
        """Ask for releases, then for their features, then for artists; what is off or stopped is passed over."""
        spotify = self._sources.spotify
        if spotify:
            self._go_on_after("what Spotify's key may do", lambda: self._settle(spotify))
            self._go_on_after("new releases", lambda: self._fetch_releases(spotify))
        for name in self._settings.sources:
            if "audio features" in BY_NAME[name].tables:
                self._go_on_after(f"audio features ({name})", partial(self._fetch_features, name))
        if spotify:
            self._go_on_after("artists (Spotify)", lambda: self._fetch_artists(spotify))
            self._go_on_after("what had no answer", lambda: self._keep_unanswered(spotify))
        for source in self._sources.with_audiences:
            self._go_on_after(f"artists ({source.declared.title})", partial(self._fetch_audiences, source))

    def _go_on_after(self, what: str, part: Callable[[], None]) -> None:
        """Do a part; a mistake in it is a finding, and neither the other parts nor the night wait for its repair."""
        try:
            part()
        except Exception as error:
            if is_interruption(error):
                raise
            console.say("".join(traceback.format_exception(error)).rstrip())
            self.findings.append(
                Finding(
                    "enrichment_is_complete",
                    "warning",
                    f"Enrichment must ask for {what}, however that broke ({type(error).__name__}: {error}). This is a "
                    "mistake in songpop; what came before is kept, and the rest was asked for.",
                )
            )

    def _settle(self, spotify: SpotifySource) -> None:
        """Use what earlier runs learned of the key; probe it where they did not and there is a track to do it with."""
        spotify.use_memory(self._store.log)
        settle(spotify, self._settings.spotify_daily_calls)
        if is_probed(spotify):
            return
        known = self._store.read("artists_to_probe_with")
        if known:
            probe(spotify, known[0][0], [track_id for _, track_id in known])
            settle(spotify, self._settings.spotify_daily_calls)

    def _fetch_releases(self, spotify: SpotifySource) -> None:
        watched = self._watched_ids(spotify)
        leads = [lead for source in self._sources.with_fresh_albums for lead in self._leads(source)]
        with self._progress("new releases", unit="tracks") as advance:
            rows = fetch_new_releases(
                spotify,
                as_of_date=self._as_of_date,
                days=self._settings.new_release_days,
                known_album_ids=self._store.known_albums(),
                watched_ids=watched,
                leads=leads,
                looked_up=self._store.note_looked_up,
            )
            self._store.save_as_they_come(SPOTIFY.tables["new releases"], rows, advance, note=_note(spotify, "album"))

    def _watched_ids(self, spotify: SpotifySource) -> list[str]:
        """Return the ids of the watched artists, in the list's order; those without one are searched for first."""
        watched = self._store.read("watched_artists")
        nameless = [name for name, artist_id in watched if artist_id is None]
        to_ask = {row[0] for row in self._store.read("artists_to_ask")} if nameless else set()
        nameless = [name for name in nameless if name in to_ask]
        if nameless:
            with self._progress("watched artists", len(nameless), unit="artists") as advance:
                rows = match_artists(spotify, nameless)
                self._store.save_as_they_come(
                    SPOTIFY.tables["artist popularity"], rows, advance, note=_note(spotify, "search")
                )
        found = dict(self._store.read("matched_artists")) if nameless else {}
        return [found_id for name, artist_id in watched if (found_id := artist_id or found.get(name))]

    def _leads(self, source: GivesFreshAlbums) -> list[Lead]:
        """Return the fresh albums of artists that are watched or in the warehouse, as a service lists them."""
        service, tables = source.declared.name, source.declared.tables
        known = {fold_name(name): name for (name,) in self._store.read("artists_of_interest")}
        note = _note(source, "fresh_releases")
        albums: list[dict[str, Any]] = []
        with self._progress("fresh albums", unit="albums") as advance:
            rows = (
                row
                for row in source.fetch_fresh_releases(self._as_of_date, self._settings.new_release_days)
                if fold_name(row["artist_name"]) in known and not albums.append(row)  # type: ignore[func-returns-value]
            )
            self._store.save_as_they_come(tables["fresh albums"], rows, advance, note=note)
        names = _names_of_one(albums, known)
        with self._progress("listeners", len(names), unit="artists") as advance:
            rows = (
                row | {"artist_name": names[row["artist_mbid"]]}
                for row in source.fetch_popularity(list(names))
                if row["artist_mbid"] in names
            )
            self._store.save_as_they_come(tables["audience"], rows, advance, note=note)
        here = {Lead(artist, album, service).key for artist, album in self._store.read("albums_here")}
        done = here | {key for (key,) in self._store.read("leads_done")}
        found = [Lead(row["artist_name"], row["album_name"], service) for row in albums]
        leads = {lead.key: lead for lead in found if lead.key not in done}
        return list(leads.values())[:MOST_LEADS]

    def _fetch_features(self, name: str) -> None:
        """Ask one service for the features of the tracks that have none yet."""
        source = self._sources.named(name)
        if not isinstance(source, SpotifySource | GivesAudioFeatures):
            return
        table = source.declared.tables["audio features"]
        track_ids = [track_id for (track_id,) in self._store.read("tracks_to_ask", service=name)]
        self.n_wanted[table] = len(track_ids)
        if isinstance(source, SpotifySource):
            rows = fetch_audio_features(source, track_ids)
        else:
            rows = source.fetch_audio_features(track_ids)
        note = _note(source, "audio_features")
        with self._progress(f"audio features ({name})", len(track_ids), unit="tracks") as advance:
            self._store.save_as_they_come(table, rows, advance, note=note)
        if track_ids and not isinstance(source, SpotifySource) and not self._store.has_comparison(name):
            compared = [track_id for (track_id,) in self._store.read("tracks_to_compare")]
            with self._progress(f"scale of features ({name})", len(compared), unit="tracks") as advance:
                rows = source.fetch_audio_features(compared)
                self._store.save_as_they_come(table, rows, advance, note=note, is_counted=False)

    def _fetch_artists(self, spotify: SpotifySource) -> None:
        if ARTIST_POPULARITY in spotify.refused:
            return
        table = SPOTIFY.tables["artist popularity"]
        work = self._store.read("artists_to_ask")
        self.n_wanted[table] = len(work) + self._store.n_saved[table]  # watched ones are answered
        if "tracks" in spotify.refused:
            for source in self._sources.with_track_artists:
                work = self._with_ids_of(source, work, spotify.caller.calls_left("artist"))
        rows = fetch_artists(
            spotify,
            [name for name, *_ in work],
            artist_ids={name: artist_id for name, artist_id, *_ in work if artist_id},
            track_ids={name: track_id for name, _, track_id, *_ in work if track_id},
            track_names={name: title for name, _, _, title, _ in work if title},
            pinned={name for name, *_, is_pinned in work if is_pinned},
        )
        with self._progress("artists", len(work), unit="artists") as advance:
            self._store.save_as_they_come(table, rows, advance, note=_note(spotify, "search"))

    def _with_ids_of(
        self, source: GivesTrackArtists, work: list[tuple[Any, ...]], n_artists: int | None
    ) -> list[tuple[Any, ...]]:
        """Let a service name the artists of known tracks, many a call, where Spotify would take a call each."""
        track_ids = [track_id for _, artist_id, track_id, *_ in work[:n_artists] if track_id and not artist_id]
        if not track_ids:
            return work
        with self._progress(f"artists of tracks ({source.declared.name})", len(track_ids), unit="tracks") as advance:
            rows = source.fetch_track_artists(track_ids)
            note = _note(source, "tracks")
            self._store.save_as_they_come(source.declared.tables["artists of tracks"], rows, advance, note=note)
        return self._store.read("artists_to_ask")

    def _fetch_audiences(self, source: GivesAudiences) -> None:
        table = source.declared.tables["audience"]
        names = [name for (name,) in self._store.read("audiences_to_ask", answers=f"staging.{table}")]
        self.n_wanted[table] = len(names)
        with self._progress(f"artists ({source.declared.name})", len(names), unit="artists") as advance:
            rows = source.fetch_artists(names)
            self._store.save_as_they_come(table, rows, advance, note=_note(source, "search"))

    def _keep_unanswered(self, spotify: SpotifySource) -> None:
        """Keep what was not there or could not be had, so that the next nights do not ask in vain."""
        kinds = {"search": "artist", "album": "album", "artist_albums": "artist_albums"}
        at = spotify.caller.clock.now()
        for bucket, kind in kinds.items():
            missing = [(key, None) for key, where in spotify.missing.items() if where == bucket]
            failed = [(key, message) for key, (where, message) in spotify.failed.items() if where == bucket]
            self._store.log.note_unanswered(SPOTIFY.name, kind, "missing", missing, at)
            self._store.log.note_unanswered(SPOTIFY.name, kind, "failed", failed, at)


def _names_of_one(albums: Sequence[dict[str, Any]], known: Mapping[str, str]) -> dict[str, str]:
    """Return the warehouse's name by artist id of MusicBrainz, of names that one artist alone bears here."""
    ids: dict[str, set[str]] = {}
    for album in albums:
        ids.setdefault(fold_name(album["artist_name"]), set()).update(album["artist_mbids"][:1])
    return {mbids.copy().pop(): known[name] for name, mbids in ids.items() if len(mbids) == 1}


def _note(service: Service, bucket: str) -> Callable[[], str]:
    """Say what is left of the budget and of the time."""

    def describe() -> str:
        left = service.caller.calls_left(bucket)
        budget = "" if left is None else f"{left:,} {bucket} calls left, "
        return f"{budget}{max(service.caller.seconds_left(), 0) / 60:.0f} min to the deadline"

    return describe


def _has_marts(con: duckdb.DuckDBPyConnection) -> bool:
    return warehouse.has_tables(con, "marts", "artist_sources", "artists", "releases", "tracks")
