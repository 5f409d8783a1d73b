"""Settings: the only reader of the environment."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from songpop.declared_sources import BY_NAME, DECLARED, DEFAULT_NAMES, FILES, SERVICES, SPOTIFY, DeclaredSource
from songpop.errors import SettingsError

_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[smh])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SIZE = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """Where things are and how much of the machine may be used; each field is one setting of docs/settings.md.

    Attributes:
        sources: where artist popularity, new releases and audio features come from, the most preferred first.
        urls: addresses in place of the services' own, by setting (`<service>_url`).
    """

    home: Path
    warehouse: Path
    published: Path
    seed: int = 0
    threads: int = 1
    memory_limit: str = "4GB"
    max_reject_share: float = 0.01
    max_shrink_share: float = 0.5
    new_release_days: int = 28
    retrain_days: int = 7
    enrich_deadline: timedelta = timedelta(minutes=45)
    spotify_client_id: str | None = field(default=None, repr=False)
    spotify_client_secret: str | None = field(default=None, repr=False)
    spotify_market: str = "US"
    sources: tuple[str, ...] = DEFAULT_NAMES
    spotify_daily_calls: int | None = None
    models_use_spotify: bool = True
    urls: Mapping[str, str] = field(default_factory=dict, hash=False)
    notify_command: str | None = field(default=None, repr=False)
    notify_url: str | None = field(default=None, repr=False)

    @property
    def model_sources(self) -> tuple[str, ...]:
        """Return the sources whose values models may read, in training and scoring alike."""
        named = dict.fromkeys((*self.sources, FILES.name))  # a releases file is read whatever is preferred
        return tuple(name for name in named if name != SPOTIFY.name or self.models_use_spotify)

    def missing_keys(self, source: DeclaredSource) -> list[str]:
        """Return the variables of a source's keys that are not set; without all of them it is off."""
        return [_VARIABLES[name][0] for name in source.keys if not getattr(self, name)]

    @property
    def models_dir(self) -> Path:
        """Return the folder of the registered model versions."""
        return self.home / "models"

    @property
    def reports_dir(self) -> Path:
        """Return the folder of Data Docs and of the nights' reports."""
        return self.home / "reports"

    @property
    def exports_dir(self) -> Path:
        """Return the folder of lists that are exported without a path."""
        return self.home / "exports"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Any) -> "Settings":
        """Read the environment once; `options` (of the command line or a flow) win where they are not None.

        Raises:
            SettingsError: a value is not of its kind, or an option is not a setting.
        """
        env = dict(os.environ if environ is None else environ)
        values: dict[str, Any] = {
            name: read(env[variable], variable) for name, (variable, read) in _VARIABLES.items() if env.get(variable)
        }
        values |= {name: _read_option(name, value) for name, value in options.items() if value is not None}
        urls = {name: values.pop(name) for name in _URLS if name in values}
        home = Path(values.pop("home", ".")).expanduser().resolve()
        values.setdefault("threads", os.cpu_count() or 1)
        warehouse = _under(home, values.pop("warehouse", "warehouse/songpop.duckdb"))
        published = _under(home, values.pop("published", "warehouse/published.duckdb"))
        settings = cls(home=home, warehouse=warehouse, published=published, urls=urls, **values)
        _validate(settings)
        return settings

    def to_options(self) -> dict[str, Any]:
        """Return what `from_env` takes as options, in JSON's own types; keys stay in the environment."""
        values = {
            name: self.urls.get(name) if name in _URLS else getattr(self, name)
            for name in _VARIABLES
            if name not in _SECRETS
        }
        values["enrich_deadline"] = f"{self.enrich_deadline.total_seconds()}s"
        values["sources"] = ",".join(self.sources)
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def parse_duration(text: str, name: str = "a duration") -> timedelta:
    """Read a duration such as `45m`, `90s` or `1.5h`.

    Raises:
        SettingsError: the text is not a number with one of the units s, m, h.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise SettingsError(f"{name} must be a number and one of the units s, m, h, however it is {text!r}.")
    return timedelta(seconds=float(match["number"]) * _UNIT_SECONDS[match["unit"]])


def _read_int(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, however it is {text!r}.") from None


def _read_share(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"{name} must be a share between 0 and 1, however it is {text!r}.") from None


def _read_text(text: str, name: str) -> str:
    return text


def _read_switch(text: str, name: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise SettingsError(f"{name} must be yes or no, however it is {text!r}.")
    return text.lower() == "yes"


def _read_sources(text: str, name: str) -> tuple[str, ...]:
    named = tuple(word.strip().lower() for word in text.split(",") if word.strip())
    if unknown := [word for word in named if word not in BY_NAME]:
        raise SettingsError(f"{name} must be some of {', '.join(BY_NAME)}, however it names {unknown[0]!r}.")
    return tuple(dict.fromkeys(named))


def _url_variables(*sources: DeclaredSource) -> dict[str, tuple[str, Callable[[str, str], Any]]]:
    return {url.setting: (url.variable, _read_text) for source in sources for url in source.urls}


_URLS = _url_variables(*DECLARED)
_VARIABLES: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "home": ("SONGPOP_HOME", _read_text),
    "warehouse": ("SONGPOP_WAREHOUSE", _read_text),
    "published": ("SONGPOP_PUBLISHED", _read_text),
    "seed": ("SONGPOP_SEED", _read_int),
    "threads": ("SONGPOP_THREADS", _read_int),
    "memory_limit": ("SONGPOP_MEMORY_LIMIT", _read_text),
    "max_reject_share": ("SONGPOP_MAX_REJECT_SHARE", _read_share),
    "max_shrink_share": ("SONGPOP_MAX_SHRINK_SHARE", _read_share),
    "new_release_days": ("SONGPOP_NEW_RELEASE_DAYS", _read_int),
    "retrain_days": ("SONGPOP_RETRAIN_DAYS", _read_int),
    "enrich_deadline": ("SONGPOP_ENRICH_DEADLINE", parse_duration),
    "spotify_client_id": ("SPOTIPY_CLIENT_ID", _read_text),
    "spotify_client_secret": ("SPOTIPY_CLIENT_SECRET", _read_text),
    **_url_variables(SPOTIFY),
    "spotify_market": ("SONGPOP_SPOTIFY_MARKET", _read_text),
    "sources": ("SONGPOP_SOURCES", _read_sources),
    "spotify_daily_calls": ("SONGPOP_SPOTIFY_DAILY_CALLS", _read_int),
    "models_use_spotify": ("SONGPOP_MODELS_USE_SPOTIFY", _read_switch),
    **_url_variables(*(source for source in SERVICES if source != SPOTIFY)),
    "notify_command": ("SONGPOP_NOTIFY_COMMAND", _read_text),
    "notify_url": ("SONGPOP_NOTIFY_URL", _read_text),
}


_SECRETS = ("spotify_client_id", "spotify_client_secret", "notify_command", "notify_url")


def _read_option(name: str, value: Any) -> Any:
    if name not in _VARIABLES:
        raise SettingsError(f"A setting must be one of {', '.join(_VARIABLES)}, however one is {name!r}.")
    variable, read = _VARIABLES[name]
    if name in ("notify_command", "notify_url"):
        # who may start a flow with settings of their own must not choose what this machine runs or whom it calls
        raise SettingsError(f"{variable} must come from the environment alone, however it was passed as an option.")
    return read(value, f"--{name.replace('_', '-')}") if isinstance(value, str) else value


def _under(home: Path, path: str | Path) -> Path:
    return (home / Path(path).expanduser()).resolve()


def _validate(settings: Settings) -> None:
    for name, folder in (
        ("SONGPOP_HOME must be a folder", settings.home),
        ("SONGPOP_WAREHOUSE must lie in a folder", settings.warehouse.parent),
        ("SONGPOP_PUBLISHED must lie in a folder", settings.published.parent),
    ):
        if (existing := next(path for path in (folder, *folder.parents) if path.exists())).is_file():
            raise SettingsError(f"{name}, however {existing} is a file.")
    if not 0 <= settings.seed < 2**31:
        raise SettingsError(f"SONGPOP_SEED must lie in 0 to 2147483647, however it is {settings.seed}.")
    if settings.threads < 1:
        raise SettingsError(f"SONGPOP_THREADS must be at least 1, however it is {settings.threads}.")
    if not _SIZE.fullmatch(settings.memory_limit.strip()):
        raise SettingsError(
            f"SONGPOP_MEMORY_LIMIT must be a size such as 4GB or 800MB, however it is {settings.memory_limit!r}."
        )
    for name in ("max_reject_share", "max_shrink_share"):
        if not 0 <= (share := getattr(settings, name)) <= 1:
            raise SettingsError(f"SONGPOP_{name.upper()} must lie in 0 to 1, however it is {share}.")
    for name, (variable, _) in _URLS.items():
        url = settings.urls.get(name)
        if url and not url.startswith(("https://", "http://")):
            raise SettingsError(f"{variable} must begin with https:// or http://, however it is {url!r}.")
    if settings.spotify_daily_calls is not None and settings.spotify_daily_calls < 0:
        raise SettingsError(
            f"SONGPOP_SPOTIFY_DAILY_CALLS must be at least 0, however it is {settings.spotify_daily_calls}."
        )
    if settings.warehouse == settings.published:
        raise SettingsError(
            f"SONGPOP_WAREHOUSE and SONGPOP_PUBLISHED must be two files, however both are {settings.warehouse}."
        )


# the cron line of the night and the size of the embedded sample; prefect.yaml repeats the first
DEFAULT_CRON = "15 3 * * *"
SAMPLE_ROWS = 6_000

_PREFECT_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # the first start makes a database and can take longer than Prefect's own 20 s
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def set_prefect_defaults(home: Path) -> None:
    """Set what Prefect reads from the environment when it is imported; what the user has set wins.

    Its database lies in `home`, as all state does.
    """
    for name, value in (_PREFECT_DEFAULTS | {"PREFECT_HOME": str(home / "prefect")}).items():
        os.environ.setdefault(name, value)
