"""Look at the set-up and say what is right and what is not."""

import os
import shutil
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from songpop import __version__, run, swapped_files, warehouse
from songpop.declared_sources import FILES, SPOTIFY
from songpop.errors import WarehouseError
from songpop.settings import Settings

_PACKAGES = (
    "duckdb", "duckdb-sqlalchemy", "fastapi", "great-expectations", "keras", "lightgbm", "onnxruntime", "polars",
    "prefect", "spotipy", "tensorflow",
)  # fmt: skip
_ENOUGH_FREE_BYTES = 2_000_000_000


def examine(settings: Settings, *, now: datetime) -> list[dict[str, Any]]:
    """Examine versions, folders, files and keys, and what the keys may do as far as earlier runs learned it.

    Returns:
        One mapping a thing looked at: `what`, `seen` and whether it is `ok`. No key is ever in it.
    """
    rows = [_row("songpop", f"{__version__} on Python {sys.version.split()[0]}", True)]
    rows += [_package(name) for name in _PACKAGES]
    rows += [
        _folder("home", settings.home),
        _free_space(settings.home),
        _warehouse(settings),
        _database("published file", settings.published, settings),
        *_stale_log(settings),
        _row("Spotify keys", _keys(settings), True),
        *_what_the_key_may(settings, now),
        _row("other services", _services(settings), True),
    ]
    return rows


def probe(settings: Settings, run_id: str, now: datetime) -> list[dict[str, Any]]:
    """Ask Spotify, in at most six calls, what the key may do, and remember it for a week.

    Returns:
        As `examine`, a mapping for each thing that went wrong.

    Raises:
        SettingsError: no keys are set.
    """
    from songpop.enriching.probing import probe_key

    con = warehouse.connect(settings)
    try:
        failures = probe_key(con, settings, run_id=run_id, now=now)
    finally:
        con.close()
    return [_row("asking Spotify", message, False) for message in failures]


def _what_the_key_may(settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Tell what earlier runs learned of the key; nothing is asked."""
    from songpop.enriching.probing import known_capabilities
    from songpop.sources.spotify.access_tier import CAPABILITIES, tier_of

    if settings.missing_keys(SPOTIFY):
        return []
    with run.looking(settings) as is_free:
        known = known_capabilities(settings, now) if is_free and settings.warehouse.is_file() else {}
    if not known:
        return [_row("what the key may do", "not asked yet: `songpop doctor --probe`, or the next enrichment", True)]
    rows = [_row("Spotify tier", tier_of(known), True)]
    for name, label in CAPABILITIES.items():
        if name in known:
            seen = "yes" if known[name].is_allowed else f"no: {known[name].message}"
            rows.append(_row(f"  {label}", f"{seen} (asked {known[name].checked_at:%Y-%m-%d})", True))
    return rows


def _services(settings: Settings) -> str:
    named = [name for name in settings.sources if name not in (SPOTIFY.name, FILES.name)]
    return f"{', '.join(named) or 'none'} (SONGPOP_SOURCES: {','.join(settings.sources)})"


def _row(what: str, seen: str, ok: bool) -> dict[str, Any]:
    return {"what": what, "seen": seen, "ok": ok}


def _package(name: str) -> dict[str, Any]:
    try:
        return _row(name, metadata.version(name), True)
    except metadata.PackageNotFoundError:
        return _row(name, "not installed", False)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _folder(what: str, path: Path) -> dict[str, Any]:
    writable = os.access(_existing(path), os.W_OK)
    return _row(
        what,
        f"{path}{'' if path.exists() else ' (will be made)'}{'' if writable else ', not writable'}",
        writable,
    )


def _free_space(path: Path) -> dict[str, Any]:
    free = shutil.disk_usage(_existing(path)).free
    return _row("free disk space", f"{free / 1e9:.1f} GB", free > _ENOUGH_FREE_BYTES)


def _warehouse(settings: Settings) -> dict[str, Any]:
    """Examine the writer's file, but leave it alone while a run needs it."""
    with run.looking(settings) as is_free:
        if is_free:
            return _database("warehouse", settings.warehouse, settings)
    return _row("warehouse", f"{settings.warehouse}, not opened: a run is going on", True)


def _database(what: str, path: Path, settings: Settings) -> dict[str, Any]:
    if not path.is_file():
        return _row(what, f"{path} (none yet)", True)
    try:
        warehouse.open_file(path, settings, read_only=True).close()
    except WarehouseError as error:
        return _row(what, str(error), False)
    return _row(what, f"{path}, {path.stat().st_size / 1e6:.1f} MB", True)


def _stale_log(settings: Settings) -> list[dict[str, Any]]:
    """Tell of a log of writing beside the readers' file, which nobody should write to."""
    wal = swapped_files.wal_of(settings.published)
    if not wal.exists():
        return []
    seen = (
        f"{wal} must not be there, however it is: somebody has the readers' file open for writing, or was ended while "
        "it was. Close it there; `songpop publish` puts the log away."
    )
    return [_row("published file's log", seen, False)]


def _keys(settings: Settings) -> str:
    missing = settings.missing_keys(SPOTIFY)
    if not missing:
        return "set"
    if len(missing) < len(SPOTIFY.keys):
        return "only one of SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET is set, so Spotify is off"
    return "not set, so Spotify is off"
