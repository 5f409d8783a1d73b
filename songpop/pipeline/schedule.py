"""Serve the nightly flow on a Prefect schedule, with a Prefect server of our own where none is configured."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from songpop import console, resources
from songpop.errors import SettingsError, SourceUnavailable
from songpop.settings import Settings, set_prefect_defaults

_USUAL_PORT = 4200
_SECONDS_TO_START = 120


def flow_parameters(
    settings: Settings,
    *,
    retrain: str,
    sample_rows: int | None,
    files: Mapping[str, Path | bool | dict[str, str] | None],
) -> dict[str, Any]:
    """Return the flow's parameters, in JSON's own types: a scheduled night is to be as the command line said.

    Args:
        settings: all but the keys, which the flow reads from the environment.
        retrain, sample_rows: as in `songpop nightly`.
        files: the fields of `load.Inputs`.
    """
    inputs = {name: str(value.resolve()) if isinstance(value, Path) else value for name, value in files.items()}
    return {"settings": settings.to_options(), "retrain": retrain, "sample_rows": sample_rows, **inputs}


def serve_nights(settings: Settings, cron: str, parameters: dict[str, Any], *, time_zone: str | None = None) -> None:
    """Run the nightly flow at every tick of `cron`, until stopped; never two nights at once.

    An ephemeral Prefect server runs no schedules, so a real one is started where PREFECT_API_URL is not set.

    Args:
        settings: `home` holds the server's database.
        cron: five fields, in `time_zone` (the machine's own where None).
        parameters: of the flow.
        time_zone: as in Europe/Madrid.

    Raises:
        SettingsError: the cron line or the time zone can't be used.
        SourceUnavailable: our Prefect server did not start.
    """
    set_prefect_defaults(settings.home)
    from prefect.flows import load_flow_from_entrypoint
    from prefect.schedules import Cron
    from prefect.settings import PREFECT_API_URL, temporary_settings

    try:
        schedule = Cron(cron, timezone=time_zone or _local_time_zone())
    except ValueError as error:
        raise SettingsError(f"--cron must be a line of five fields and --time-zone a known zone: {error}") from error
    flow: Any = load_flow_from_entrypoint(f"{resources.flow_path('nightly')}:nightly")
    with _server(PREFECT_API_URL.value()) as url, temporary_settings(updates={PREFECT_API_URL: url}):
        console.say(f"Serving the night at '{cron}' for {settings.home}; its page is {url.removesuffix('/api')}")
        flow.serve(name="nightly", schedule=schedule, limit=1, parameters=parameters)


def _local_time_zone() -> str:
    """Return the machine's zone by name; UTC where it has none."""
    from tzlocal import get_localzone_name

    return get_localzone_name() or "UTC"


@contextmanager
def _server(configured: str | None) -> Iterator[str]:
    if configured:
        yield configured
        return
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    console.say(f"Starting a Prefect server on port {port}")
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(server, f"{url}/health")
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _free_port() -> int:
    """Return Prefect's usual port, or any free one where that is taken."""
    for port in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SourceUnavailable("There must be a free port for the Prefect server, however there is none.")


def _wait_until_healthy(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise SourceUnavailable(
        f"The Prefect server must answer within {_SECONDS_TO_START} s, however it did not. Start one with "
        "`prefect server start` and set PREFECT_API_URL."
    )
