"""Enrichment: ask the services that are configured for what the files did not tell, and keep every answer."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from songpop import resources, warehouse
from songpop.errors import SourceStopped
from songpop.ledger import MAX_EXAMPLES, Finding
from songpop.settings import Settings
from songpop.sources.spotify import SpotifySource
from songpop.sources.spotify_answers import Row
from songpop.sources.spotify_fetching import fetch_artists, fetch_audio_features, fetch_new_releases

Advance = Callable[..., None]
Progress = Callable[..., AbstractContextManager[Advance]]

KEEP_DAYS = 30  # Spotify's terms allow a cache, not a store: an answer expires after this
_COMMIT_ROWS = 50  # at most about so many answers are lost to a kill
_HAVE_ANOTHER_WAY = ("tracks", "artists", "new_releases")  # a key that may not ask these asks others
_TEXT_COLUMNS = {"genres": pl.List(pl.String)}


@dataclass(frozen=True)
class Coverage:
    """How many of the warehouse's artists have a popularity, by source."""

    n_artists: int
    n_from_files: int
    n_from_spotify: int
    n_known: int


@dataclass(frozen=True)
class EnrichResult:
    """What a run asked for and got.

    Attributes:
        n_asked, n_found, n_ambiguous, n_missing: artist names; those asked are the sum of the other three.
        n_unasked: artist names that were left for a later run.
        n_releases, n_features: tracks that Spotify called new, and audio features it gave.
        n_calls: requests, retries included, by bucket.
        coverage: artist popularities known now.
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
    coverage: Coverage
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """Say in one line what came of it."""
        known = f"{self.coverage.n_known:,} of {self.coverage.n_artists:,} artists have a popularity"
        if not self.n_calls:
            return " ".join([*self.notes, f"From the files, {known}."])
        left = f", {self.n_unasked:,} left for a later run" if self.n_unasked else ""
        return (
            f"{self.n_releases:,} new releases, {self.n_features:,} audio features; "
            f"of {self.n_asked:,} artists asked for, {self.n_found:,} found, {self.n_ambiguous:,} ambiguous, "
            f"{self.n_missing:,} missing{left}; {sum(self.n_calls.values()):,} calls; {known}"
        )


def enrich(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    as_of_date: date,
    run_id: str,
    now: datetime,
    source: SpotifySource | None = None,
    progress: Progress,
) -> EnrichResult:
    """Ask Spotify for new releases, their audio features, and the artists that have no unexpired answer.

    Answers are committed to raw.spotify__* as they come, so a run that is cut short keeps what it got.
    Whatever Spotify does not give is a finding; scoring does not wait for it.

    Args:
        con: the writer's connection; its marts are built where they are missing.
        settings: keys, addresses, deadline.
        as_of_date: the day that the run speaks for.
        run_id: stamped on each row.
        now: stamped on each row as `fetched_at`.
        source: who to ask, if not whom the settings say.
        progress: as `console.progress`.
    """
    moment = now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)
    if not _has_marts(con):
        warehouse.build(con, as_of_date=as_of_date, new_release_days=settings.new_release_days)
    asked_of = source or _configured_source(settings)
    store = _Store(con, run_id, moment)
    if asked_of is None:
        return _result(store, None, notes=[_why_off(settings)])
    try:
        return _ask_spotify(asked_of, store, settings, as_of_date, progress)
    finally:
        if source is None:
            asked_of.close()


def _ask_spotify(
    source: SpotifySource, store: "_Store", settings: Settings, as_of_date: date, progress: Progress
) -> EnrichResult:
    with progress("new releases", unit="tracks") as advance:
        known_albums = store.known_albums()
        releases = fetch_new_releases(
            source, as_of_date=as_of_date, days=settings.new_release_days, known_album_ids=known_albums
        )
        store.save_as_they_come("spotify__releases", releases, advance)
    track_ids = [track_id for (track_id,) in store.read("tracks_to_ask")]
    with progress("audio features", len(track_ids), unit="tracks") as advance:
        store.save_as_they_come("spotify__audio_features", fetch_audio_features(source, track_ids), advance)
    work = store.read("artists_to_ask")
    with progress("artists", len(work), unit="artists") as advance:
        artists = fetch_artists(
            source,
            [name for name, _, _ in work],
            artist_ids={name: artist_id for name, artist_id, _ in work if artist_id},
            track_ids={name: track_id for name, _, track_id in work if track_id},
        )
        store.save_as_they_come("spotify__artists", artists, advance)
    return _result(store, source, n_wanted=len(work), findings=_findings(source))


class _Store:
    """Rows of one run, on their way into raw."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_id: str, now: datetime) -> None:
        self._con = con
        self._now = now
        self._stamp = {
            "run_id": run_id,
            "fetched_at": now,
            "expires_at": now + timedelta(days=KEEP_DAYS),
        }
        self.n_saved: Counter[str] = Counter()
        self.match_states: Counter[str] = Counter()

    def read(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of one query of sql/enrich."""
        return self._con.execute(resources.sql_path("enrich", name).read_text(), {"now": self._now}).fetchall()

    def known_albums(self) -> set[str]:
        """Return the albums whose tracks are here and have not expired."""
        rows = self._con.execute(
            "select distinct album_id from staging.spotify__releases where expires_at > $now",
            {"now": self._now},
        ).fetchall()
        return {album_id for (album_id,) in rows}

    def save_as_they_come(self, table: str, rows: Iterable[Row], advance: Advance) -> None:
        """Append rows to a raw table, a few at a time, until there are no more or Spotify stops."""
        batch: list[Row] = []
        try:
            for row in rows:
                if len(batch) >= _COMMIT_ROWS and not _is_same_album(row, batch[-1]):
                    self._save(table, batch)
                    batch = []
                batch.append(row)
                advance(1)
        except SourceStopped:
            pass  # the reason stands in source.stops, and becomes a finding
        except BaseException:
            batch = [row for row in batch if not _is_same_album(row, batch[-1])]
            raise
        finally:
            self._save(table, batch)

    def _save(self, table: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        frame = pl.DataFrame(
            [row | self._stamp for row in rows],
            schema_overrides={name: kind for name, kind in _TEXT_COLUMNS.items() if name in rows[0]},
            infer_schema_length=None,
        )
        self._con.register("answers", frame)
        try:
            self._con.execute(f"insert or ignore into raw.{table} by name select * from answers")
        finally:
            self._con.unregister("answers")
        self.n_saved[table] += len(rows)
        self.match_states.update(row["match_state"] for row in rows if "match_state" in row)


def _is_same_album(row: Row, last: Row) -> bool:
    """Say whether two rows belong in one commit: an album that is here is not asked for again, so it is here whole."""
    return "album_id" in row and bool(row["album_id"] == last["album_id"])


def _result(
    store: _Store,
    source: SpotifySource | None,
    *,
    n_wanted: int = 0,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> EnrichResult:
    n_asked = store.n_saved["spotify__artists"]
    told = [] if source is None else [source.refused[name] for name in _HAVE_ANOTHER_WAY if name in source.refused]
    return EnrichResult(
        n_asked=n_asked,
        n_found=store.match_states["found"],
        n_ambiguous=store.match_states["ambiguous"],
        n_missing=store.match_states["unmatched"],
        n_unasked=n_wanted - n_asked,
        n_releases=store.n_saved["spotify__releases"],
        n_features=store.n_saved["spotify__audio_features"],
        n_calls={} if source is None else source.n_calls,
        coverage=Coverage(*store.read("popularity_coverage")[0]),
        notes=[*notes, *told],
        findings=list(findings),
    )


def _findings(source: SpotifySource) -> list[Finding]:
    """Say what Spotify did not give; none of it stops a night."""
    found = [
        Finding("enrichment_is_complete", "warning", f"Enrichment must ask for everything, however {reason}")
        for reason in _sentences(source)
    ]
    found += [
        Finding(
            "spotify_key_may_ask",
            "warning",
            f"The Spotify key should give {bucket.replace('_', ' ')}, however it does not. {reason} "
            "Scores rest on what the files and earlier runs gave.",
        )
        for bucket, reason in sorted(source.refused.items())
        if bucket not in _HAVE_ANOTHER_WAY
    ]
    if source.n_given_up:
        found.append(
            Finding(
                "spotify_answers_can_be_used",
                "warning",
                f"Spotify's answers must be usable, however {source.n_given_up:,} were not after retries. "
                "The next run asks again.",
                n_rows=source.n_given_up,
            )
        )
    return found


def _sentences(source: SpotifySource) -> list[str]:
    stops = sorted(source.stops.items())[:MAX_EXAMPLES]
    return [f"Spotify ({bucket}) was not asked to the end: {reason}" for bucket, reason in stops]


def _configured_source(settings: Settings) -> SpotifySource | None:
    if not (settings.spotify_client_id and settings.spotify_client_secret):
        return None
    return SpotifySource.from_settings(settings)


def _why_off(settings: Settings) -> str:
    missing = [
        name
        for name, value in (
            ("SPOTIPY_CLIENT_ID", settings.spotify_client_id),
            ("SPOTIPY_CLIENT_SECRET", settings.spotify_client_secret),
        )
        if not value
    ]
    return f"Spotify is off: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set."


def _has_marts(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'marts' and table_name in ('artists', 'releases', 'tracks')"
    ).fetchall()
    return bool(rows[0][0] == 3)
