"""What the services that need no key share: JSON over HTTP, with time-outs, and a name for everything else that comes.

No answer outlasts the deadline, not even one that trickles in: each is given up when the time is up.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

import requests

from songpop import __version__
from songpop.declared_sources import DeclaredSource
from songpop.errors import SettingsError, SourceChanged, SourceRefused, SourceStopped, SourceUnavailable
from songpop.settings import Settings
from songpop.sources.loopback import is_loopback
from songpop.sources.rate_limited_caller import Failure, Memory, RateLimitedCaller, RunClock, read_retry_after
from songpop.sources.timed_session import TimedSession

Row = dict[str, Any]
Answer = TypeVar("Answer")

_TIMEOUT_SECONDS = (3.05, 10.0)  # connect, read
_LONGEST_ANSWER_SECONDS = 60.0  # from the request to the last byte of its answer
_REFUSALS = (401, 403, 404)  # without a key, 401 says that one is wanted now
_LONGEST_QUOTE = 100


class Unanswered(Exception):
    """One call brought no usable answer; for `RateLimitedCaller`, which raises one of ours in its place."""

    def __init__(self, failure: Failure) -> None:
        """Keep what it means."""
        super().__init__(failure.message)
        self.failure = failure


class JsonService:
    """Ask one service without a key, for as long as it lets us.

    Attributes:
        declared: its name, address, pace and buckets.
        caller: makes the requests.
        refused: what the service answered 401, 403 or 404 for, with its message. It is not asked again in this
            run; the next one asks anew, as that costs a call and such a refusal may pass.
        n_given_up: answers that stayed unusable, and were skipped; `last_failure` is what the last of them was.
    """

    declared: ClassVar[DeclaredSource]

    def __init__(
        self,
        url: str | None,
        clock: RunClock,
        *,
        memory: Memory | None = None,
        pace_seconds: float | None = None,
        daily_calls: int | None = None,
    ) -> None:
        """Prepare to call; nothing is asked yet.

        Args:
            url: for a proxy or a test; None is the service's own.
            clock: the run's time.
            memory: where calls and circuits are kept between runs.
            pace_seconds: least time between two calls; None is what the service bears.
            daily_calls: calls allowed to each bucket in any 24 hours.

        Raises:
            SettingsError: the address is none.
        """
        title = self.declared.title
        self.url = (url or self.declared.urls[0].default or "").rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise SettingsError(f"The address of {title} must begin with https:// or http://, not {self.url!r}.")
        self.is_loopback = is_loopback(self.url)
        self.refused: dict[str, str] = {}
        self.n_given_up = 0
        self.last_failure = ""
        self._session = TimedSession()
        self._session.trust_env = not self.is_loopback
        self._session.headers.update({"User-Agent": f"songpop/{__version__}", "Accept": "application/json"})
        self.caller = RateLimitedCaller(
            title,
            _read_failure,
            clock,
            pace_seconds=self.declared.pace_seconds if pace_seconds is None else pace_seconds,
            daily_calls=daily_calls,
            memory=memory,
        )

    @classmethod
    def from_settings(cls, settings: Settings, clock: RunClock, memory: Memory) -> Self:
        """Build the service at the address that the settings give it.

        Raises:
            SettingsError: the address is none.
        """
        return cls(settings.urls.get(cls.declared.urls[0].setting), clock, memory=memory)

    def __repr__(self) -> str:
        """Name the address."""
        return f"{type(self).__name__}({self.url!r})"

    @property
    def n_calls(self) -> dict[str, int]:
        """Return the requests made so far, retries included, by bucket."""
        return dict(self.caller.n_calls)

    @property
    def stops(self) -> dict[str, str]:
        """Return the buckets that ask for no more calls in this run, and why."""
        return dict(self.caller.stops)

    def use_memory(self, memory: Memory) -> None:
        """Begin with what the memory holds of this service, and keep to it."""
        self.caller.use_memory(memory)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _request(self, bucket: str, fetch: Callable[[], Answer], *, limited_by: str | None = None) -> Answer | None:
        """Return what `fetch` returns, or None where there is no answer to use.

        Args:
            bucket: the quota that the request counts towards, and its name in `refused`.
            fetch: one request, and the check that its answer has the form it must have.
            limited_by: what a failure of the kind `limit` says the service does not bear; its name in `refused`.

        Raises:
            SourceStopped: the bucket or the whole service asks for no more calls now.
        """
        assert bucket in self.declared.buckets, bucket
        if bucket in self.refused:
            return None
        try:
            return self.caller.call(fetch, bucket)
        except SourceStopped:
            raise
        except SourceRefused as error:
            is_limit = limited_by is not None and error.status == 400
            self.refused[limited_by if limited_by and is_limit else bucket] = str(error)
        except (SourceUnavailable, SourceChanged) as error:
            self.n_given_up += 1
            self.last_failure = str(error)
        return None

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        return self._read_json("GET", path, params=query)

    def _post(self, path: str, body: Any) -> Any:
        return self._read_json("POST", path, json=body)

    def _read_json(self, method: str, path: str, **content: Any) -> Any:
        """Make one request and return its answer.

        Raises:
            Unanswered: a status of 400 or above.
            ValueError: no JSON.
        """
        left = max(self.caller.seconds_left(), 0.1)
        timeouts = (min(_TIMEOUT_SECONDS[0], left), min(_TIMEOUT_SECONDS[1], left))
        self._session.longest_seconds = min(_LONGEST_ANSWER_SECONDS, left)
        response = self._session.request(method, self.url + path, timeout=timeouts, **content)
        if response.status_code >= 400:
            raise Unanswered(_read_status(response.status_code, response.content, response.headers))
        return json.loads(response.content)


def chunks(items: Iterable[str], size: int) -> list[list[str]]:
    """Part texts into lists of that size, each text once."""
    distinct = list(dict.fromkeys(items))
    return [distinct[start : start + size] for start in range(0, len(distinct), size)]


def objects(items: Any) -> list[Row]:
    """Return the objects of an answer's list, without the nulls in it.

    Raises:
        ValueError: it is no list.
    """
    if not isinstance(items, list):
        raise ValueError(f"a list must come back, however it is a {type(items).__name__}")
    return [item for item in items if isinstance(item, dict)]


def text(value: Any) -> str | None:
    """Return a text that says something, else None."""
    return value.strip() or None if isinstance(value, str) else None


def number(value: Any) -> float | None:
    """Return a finite number, else None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < float("inf") else None


def whole(value: Any) -> int | None:
    """Return a whole number, else None."""
    known = number(value)
    return int(known) if known is not None and known == int(known) else None


def _read_failure(error: Exception) -> Failure | None:
    """Say what an exception out of a call means."""
    if isinstance(error, Unanswered):
        return error.failure
    if isinstance(error, requests.RequestException):
        return Failure("connection", type(error).__name__)
    if isinstance(error, ValueError):
        return Failure("payload", f"an answer that can't be read ({type(error).__name__})")
    return None


def _read_status(status: int, body: bytes, headers: Mapping[str, str]) -> Failure:
    message = f"{status} {_quote(body)}"
    # ListenBrainz has a header of its own
    wait = read_retry_after(headers.get("Retry-After") or headers.get("X-RateLimit-Reset-In"))
    if status == 429:
        return Failure("rate", message, status, wait)
    if status in _REFUSALS:
        return Failure("refused", message, status)
    return Failure("server" if status >= 500 else "request", message, status, wait)


def _quote(body: bytes) -> str:
    quote = body[: 4 * _LONGEST_QUOTE].decode(errors="replace").strip()
    if quote.startswith("<"):
        return "with a page of HTML"
    return repr(quote[:_LONGEST_QUOTE]) if quote else "without a message"
