"""The command that serves the web page."""

import errno
import ipaddress
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from songpop import console
from songpop.cli.options import settings_options
from songpop.settings import Settings

if TYPE_CHECKING:
    from waitress.server import BaseWSGIServer

_THREADS = 8
_WAITING = 128


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Host name it answers to, as behind a proxy")
@click.option(
    "--evidence",
    type=click.Choice(["full", "some", "little"]),
    default="some",
    show_default=True,
    help="Lists begin with releases of which so much is known or more",
)
@settings_options
def web_command(settings: Settings, host: str, port: int, names: Sequence[str], evidence: str) -> None:
    """Serve the web page and its JSON API from the published file, until stopped.

    It reads only, and stores nothing. On the default address only this machine can reach it, and only requests
    addressed to this machine are answered; with another --host or a proxy, say with --name which names are its own.
    """
    from songpop.web.published_reader import PublishedReader

    PublishedReader(settings).edition()
    server = open_server(settings, host, port, names, evidence)
    # a request that waits for a free thread is no news
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    console.say(f"songpop is at http://{_written(host)}:{server.effective_port}/ (Ctrl+C stops it)")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def open_server(
    settings: Settings, host: str, port: int, names: Sequence[str] = (), evidence: str = "some"
) -> "BaseWSGIServer":
    """Open the server on its port, not answering yet.

    Raises:
        ClickException: the port is taken, or the address is none of this machine.
    """
    from waitress import create_server

    from songpop.web import create_app
    from songpop.web.app import LOOPBACK, MAX_BYTES, warm

    hosts = [*LOOPBACK, *names] if names or _is_loopback(host) else None
    app = create_app(settings, hosts=hosts, evidence=evidence)
    listening = _listen(host, port)
    warm(app)
    # a larger body is refused before it is spooled to disk; what is a little too large gets the page that says so
    most = 4 * MAX_BYTES
    server: BaseWSGIServer = create_server(
        app, sockets=[listening], threads=_THREADS, ident=None, max_request_body_size=most
    )
    return server


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"Port {port} of {host} must be free, however something else listens there. Stop it, or choose "
                f"another with --port {port + 1 if port < 65535 else 8000}."
            ) from error
        raise click.ClickException(
            f"{host}:{port} must be an address of this machine that may be opened, however: {error.strerror or error}"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
