"""A small HTTP server on this machine's loopback, answering from a function; it remembers what it was asked."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it came in; `path` has no trailing slash, `query` holds the last value of a name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What to answer: bytes go out as they are, anything else as JSON; headers given here win."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class LoopbackServer:
    """Serve on 127.0.0.1 and a free port, inside a `with`.

    Attributes:
        requests: what was asked so far, in order.
    """

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        """Take a free port; `answer` is called in a thread a connection."""
        self.requests: list[Request] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.answer = self._answer
        self._ask = answer
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Return the address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return self._ask(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client may keep its connection open
    answer: Callable[[Request], Reply]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that left in the middle; anything else is told as ever."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two packets waits 40 ms for an acknowledgement
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._reply()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._reply()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent; the requests are kept instead."""

    def _reply(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            url.path.rstrip("/"),
            dict(parse_qsl(url.query, keep_blank_values=True)),
            dict(self.headers.items()),
            self.rfile.read(length).decode(),
        )
        reply = self.server.answer(request)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | dict(reply.headers)
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = headers["Content-Length"] != str(len(body))


def is_loopback(url: str | None) -> bool:
    """Say whether an address is of this machine, for which neither a pace nor a proxy is due."""
    return urlsplit(url or "").hostname in ("127.0.0.1", "localhost", "::1")
