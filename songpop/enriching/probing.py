"""Ask, or recall, what a pair of Spotify keys may do, outside a run of enrichment."""

from datetime import datetime

import duckdb

from songpop import warehouse
from songpop.declared_sources import SPOTIFY
from songpop.enriching.call_log import CallLog
from songpop.enriching.store import Store
from songpop.errors import SettingsError
from songpop.settings import Settings
from songpop.sources.rate_limited_caller import CAPABILITY_LIFE, Capability, RunClock
from songpop.sources.registry import Sources
from songpop.sources.spotify.access_tier import probe, settle

_SECONDS = 60.0
# whom to look for where the warehouse is empty; any artist that Spotify surely has would do
_WELL_KNOWN = "Daft Punk"


def known_capabilities(settings: Settings, now: datetime) -> dict[str, Capability]:
    """Return what was learned of the key within a week, by name; the warehouse is only read."""
    with warehouse.open_file(settings.warehouse, settings, read_only=True) as con:
        try:
            return CallLog(con, "recall").capabilities(SPOTIFY.title, now - CAPABILITY_LIFE)
        except duckdb.CatalogException:
            return {}  # a warehouse of before there was such a table


def probe_key(con: duckdb.DuckDBPyConnection, settings: Settings, *, run_id: str, now: datetime) -> list[str]:
    """Probe the key now, whatever is remembered; return why some of it could not be learned.

    Raises:
        SettingsError: no keys are set.
    """
    clock = RunClock(_SECONDS, now)
    store = Store(con, run_id, clock, now)
    sources = Sources.from_settings(settings, clock, store.log)
    if sources.spotify is None:
        raise SettingsError(
            "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must be set, and spotify be one of SONGPOP_SOURCES, "
            "to probe what the key may do."
        )
    try:
        spotify = sources.spotify
        settle(spotify, settings.spotify_daily_calls)
        spotify.capabilities, spotify.refused = {}, {}
        known = store.read("artists_to_probe_with") if warehouse.has_tables(con, "marts", "tracks", "artists") else []
        probe(spotify, known[0][0] if known else _WELL_KNOWN, [track_id for _, track_id in known])
        return [*spotify.stops.values(), *([spotify.last_failure] if spotify.n_given_up else [])]
    finally:
        sources.close()
