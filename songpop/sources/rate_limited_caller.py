"""Call a service politely: at a pace, inside a budget and a deadline, with few retries, and never past a refusal."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from songpop.errors import SourceChanged, SourceError, SourceRefused, SourceStopped, SourceUnavailable

Answer = TypeVar("Answer")

ALL_BUCKETS = "every call"
LONGEST_WAIT_SECONDS = 60.0  # a longer Retry-After means a used-up quota: stop, do not sleep it out
BUDGET_WINDOW = timedelta(hours=24)  # rolling, as Spotify counts its quota
CAPABILITY_LIFE = timedelta(days=7)  # what a key may do is asked again after this
# a call of last night that leaves the window so soon frees the next one: a nightly run follows the one before
_WORTH_WAITING_SECONDS = 60.0
_FAILURES_IN_A_ROW = 5  # then the service is taken for down
_REST_OF_THE_DEAD = timedelta(minutes=15)
_LONGEST_REST = timedelta(days=7)  # a Retry-After beyond is a mistake of theirs
_REST_WITHOUT_A_DATE = timedelta(hours=1)  # a quota that does not say when it is free again
_MOST_RETRIES = {"rate": 3, "server": 2, "payload": 2, "connection": 2, "token": 1, "request": 0, "limit": 0}


@dataclass(frozen=True)
class Failure:
    """Why one call brought no usable answer.

    kind: `rate` (429), `quota` (429 of a used-up quota), `server` (5xx), `connection`, `payload` (an answer
    that can't be read), `token` (401), `refused` (403, 404), `limit` (400 for too long a page), `request`
    (another 4xx), `account` (nothing this key asks will be answered).
    """

    kind: str
    message: str
    status: int | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class Circuit:
    """A bucket, or a whole service, that must not be asked before a moment."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Capability:
    """Whether a key may do one thing, and what the service said of it."""

    is_allowed: bool
    message: str
    checked_at: datetime


class Memory(Protocol):
    """What is remembered of the services between runs; moments are in UTC without a zone mark."""

    def call_times(self, service: str, since: datetime) -> dict[str, list[datetime]]:
        """Return the moments of all calls since then, by bucket, in order."""

    def note_call(self, service: str, bucket: str, at: datetime) -> None:
        """Keep that a call is about to be made, so that even a killed run has counted it."""

    def circuits(self, service: str, at: datetime) -> dict[str, Circuit]:
        """Return the circuits that are open then, by bucket."""

    def open_circuit(self, service: str, bucket: str, circuit: Circuit, at: datetime) -> None:
        """Keep that a bucket must not be asked for a while."""

    def capabilities(self, service: str, since: datetime) -> dict[str, Capability]:
        """Return what was last learned of the key, by name, where it was learned since then."""

    def note_capability(self, service: str, name: str, capability: Capability) -> None:
        """Keep what the key may do."""


class RunMemory:
    """A memory that ends with the process; for a service that needs no other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._calls: dict[tuple[str, str], list[datetime]] = {}
        self._circuits: dict[tuple[str, str], Circuit] = {}
        self._capabilities: dict[tuple[str, str], Capability] = {}

    def call_times(self, service: str, since: datetime) -> dict[str, list[datetime]]:
        """See `Memory`."""
        return {
            bucket: [moment for moment in moments if moment > since]
            for (name, bucket), moments in self._calls.items()
            if name == service
        }

    def note_call(self, service: str, bucket: str, at: datetime) -> None:
        """See `Memory`."""
        self._calls.setdefault((service, bucket), []).append(at)

    def circuits(self, service: str, at: datetime) -> dict[str, Circuit]:
        """See `Memory`."""
        return {
            bucket: circuit
            for (name, bucket), circuit in self._circuits.items()
            if name == service and circuit.until > at
        }

    def open_circuit(self, service: str, bucket: str, circuit: Circuit, at: datetime) -> None:
        """See `Memory`."""
        self._circuits[service, bucket] = circuit

    def capabilities(self, service: str, since: datetime) -> dict[str, Capability]:
        """See `Memory`."""
        return {
            name: known
            for (owner, name), known in self._capabilities.items()
            if owner == service and known.checked_at > since
        }

    def note_capability(self, service: str, name: str, capability: Capability) -> None:
        """See `Memory`."""
        self._capabilities[service, name] = capability


class RunClock:
    """The time of one run: what moment it is, how long the run may still ask, and how it waits."""

    def __init__(
        self,
        deadline_seconds: float,
        started_at: datetime | None = None,
        *,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start the deadline.

        Args:
            deadline_seconds: from now on; no call and no wait begins past it.
            started_at: the present moment in UTC without a zone mark, where not this machine's.
            seconds: a clock that never goes back, in seconds.
            sleep: waits that many seconds.
        """
        self.deadline_seconds = deadline_seconds
        self.seconds = seconds
        self.sleep = sleep
        self._started_at = started_at or datetime.now(UTC).replace(tzinfo=None)
        self._began = seconds()

    def now(self) -> datetime:
        """Return the present moment in UTC, without a zone mark."""
        return self._started_at + timedelta(seconds=self.seconds() - self._began)

    def seconds_left(self) -> float:
        """Return the time until the deadline."""
        return self._began + self.deadline_seconds - self.seconds()


class RateLimitedCaller:
    """Make every call to one service, and remember what it refused and where it said stop.

    Attributes:
        pace_seconds: least time between two calls.
        daily_calls: calls allowed to each bucket in any 24 hours; None is no budget.
    """

    def __init__(
        self,
        service: str,
        read_failure: Callable[[Exception], Failure | None],
        clock: RunClock,
        *,
        pace_seconds: float,
        daily_calls: int | None = None,
        memory: Memory | None = None,
        renew_token: Callable[[], None] = lambda: None,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Prepare to call; nothing is asked yet.

        Args:
            service: its name, for messages and in the memory.
            read_failure: says what an exception means, or None where it is not the service's doing.
            clock: the run's time.
            pace_seconds: least time between two calls.
            daily_calls: calls allowed to each bucket in any 24 hours.
            memory: where calls and circuits are kept between runs.
            renew_token: called once after a 401.
            jitter: a random share (0 to 1) of a quarter of each wait that is added to it.
        """
        self.service = service
        self.clock = clock
        self.pace_seconds = pace_seconds
        self.daily_calls = daily_calls
        self.n_calls: Counter[str] = Counter()
        self.stops: dict[str, str] = {}
        self._read_failure = read_failure
        self._renew_token = renew_token
        self._jitter = jitter
        self._next_call_at = clock.seconds()
        self._failures_in_a_row = 0
        self.use_memory(memory or RunMemory())

    def use_memory(self, memory: Memory) -> None:
        """Begin with what the memory holds, and keep to it: calls of the last 24 hours, open circuits."""
        self.memory = memory
        now = self.clock.now()
        self._window = {
            bucket: deque(moments) for bucket, moments in memory.call_times(self.service, now - BUDGET_WINDOW).items()
        }
        self._circuits = memory.circuits(self.service, now)

    def seconds_left(self) -> float:
        """Return the time until the run's deadline."""
        return self.clock.seconds_left()

    def calls_left(self, bucket: str) -> int | None:
        """Return how many calls the bucket's budget has now, or None where there is no budget."""
        if self.daily_calls is None:
            return None
        return max(self.daily_calls - len(self._in_window(bucket)), 0)

    def next_call_at(self, bucket: str) -> datetime | None:
        """Return when the bucket may be asked again, or None where it may be asked now."""
        now = self.clock.now()
        moments = [circuit.until for name, circuit in self._circuits.items() if name in (bucket, ALL_BUCKETS)]
        if self.calls_left(bucket) == 0:
            moments.append(self._in_window(bucket)[-(self.daily_calls or 1)] + BUDGET_WINDOW)
        return max((moment for moment in moments if moment > now), default=None)

    def call(self, fetch: Callable[[], Answer], bucket: str) -> Answer:
        """Return what `fetch` returns, retrying what may pass.

        Args:
            fetch: one request; raises for an answer it can't read.
            bucket: the quota that the request counts towards, such as `search`.

        Raises:
            SourceStopped: the bucket or the whole service asks for no more calls now.
            SourceRefused: a 403 or 404.
            SourceUnavailable: no usable answer after the retries.
            SourceChanged: a 4xx we do not know.
        """
        tries: Counter[str] = Counter()
        while True:
            self._start_call(bucket)
            try:
                answer = fetch()
            except Exception as error:
                failure = self._read_failure(error)
                if failure is None:
                    raise
            else:
                self._failures_in_a_row = 0
                return answer
            # past the except block, so that our error has no cause: a client's own may hold a header
            tries[failure.kind] += 1
            self._retry_or_raise(bucket, failure, tries[failure.kind])

    def stop(self, bucket: str, reason: str) -> SourceStopped:
        """Ask nothing more of a bucket (or of `ALL_BUCKETS`) in this run and return the error that says why."""
        self.stops[bucket] = reason
        return SourceStopped(f"{self.service} ({bucket}) can't be asked any more in this run: {reason}")

    def _rest(self, bucket: str, rest: timedelta, reason: str) -> SourceStopped:
        """Stop a bucket, and keep later runs from it until it has rested."""
        now = self.clock.now()
        circuit = Circuit(now + rest, f"{reason} It may be asked again from {_format_moment(now + rest)} on.")
        self._circuits[bucket] = circuit
        self.memory.open_circuit(self.service, bucket, circuit, now)
        return self.stop(bucket, circuit.reason)

    def _start_call(self, bucket: str) -> None:
        self._raise_if_closed(bucket)
        wait = self._next_call_at - self.clock.seconds()
        self._wait(wait * (1 + self._jitter() / 4))
        self._next_call_at = self.clock.seconds() + self.pace_seconds
        self.n_calls[bucket] += 1
        now = self.clock.now()
        self._window.setdefault(bucket, deque()).append(now)
        self.memory.note_call(self.service, bucket, now)

    def _raise_if_closed(self, bucket: str) -> None:
        for stopped in (ALL_BUCKETS, bucket):
            if stopped in self.stops:
                raise self.stop(stopped, self.stops[stopped])
            circuit = self._circuits.get(stopped)
            if circuit and circuit.until > self.clock.now():
                raise self.stop(stopped, circuit.reason)
        while self.calls_left(bucket) == 0:
            free_at = self.next_call_at(bucket) or self.clock.now()
            wait = (free_at - self.clock.now()).total_seconds()
            if wait > _WORTH_WAITING_SECONDS:
                raise self.stop(
                    bucket,
                    f"its budget of {self.daily_calls} calls in 24 hours is used up. It has calls again from "
                    f"{_format_moment(free_at)} on.",
                )
            self._wait(max(wait, 0.001))

    def _in_window(self, bucket: str) -> deque[datetime]:
        """Return the bucket's calls of the last 24 hours, and forget those before."""
        calls = self._window.get(bucket, deque())
        first = self.clock.now() - BUDGET_WINDOW
        while calls and calls[0] <= first:
            calls.popleft()
        return calls

    def _wait(self, seconds: float) -> None:
        """Sleep, unless the deadline comes first."""
        if self.seconds_left() <= max(seconds, 0.0):
            raise self.stop(
                ALL_BUCKETS, f"the run's time for enrichment, {self.clock.deadline_seconds:.0f} s, is used up."
            )
        if seconds > 0:
            self.clock.sleep(seconds)

    def _retry_or_raise(self, bucket: str, failure: Failure, n_tries: int) -> None:
        self._raise_if_final(bucket, failure)
        if n_tries > _MOST_RETRIES[failure.kind]:
            raise self._give_up(bucket, failure, n_tries)
        if failure.kind == "token":
            self._renew_token()
            return
        requested = failure.retry_after_seconds
        wait = 2.0 ** (n_tries - 1) if requested is None else max(requested, 1.0)
        self._wait(wait * (1 + self._jitter() / 4))

    def _raise_if_final(self, bucket: str, failure: Failure) -> None:
        """Raise where another try in this run can't help."""
        if failure.kind == "account":
            raise self.stop(ALL_BUCKETS, failure.message)
        if failure.kind == "refused":
            self._failures_in_a_row = 0
            raise SourceRefused(f"{self.service} refused {bucket}: {failure.message}.", failure.status)
        if failure.kind == "quota" or (failure.retry_after_seconds or 0) > LONGEST_WAIT_SECONDS:
            wait = failure.retry_after_seconds
            longest = _LONGEST_REST.total_seconds()
            rest = _REST_WITHOUT_A_DATE if wait is None else timedelta(seconds=min(max(wait, 1.0), longest))
            raise self._rest(bucket, rest, f"it answered {failure.message}.")

    def _give_up(self, bucket: str, failure: Failure, n_tries: int) -> SourceError:
        if failure.kind == "token":
            return self.stop(ALL_BUCKETS, f"a fresh token was refused too ({failure.message}).")
        if failure.kind == "rate":
            return self._rest(bucket, _REST_OF_THE_DEAD, f"it answered 429 {n_tries} times in a row.")
        if failure.kind == "limit":
            return SourceRefused(f"{self.service} refused {bucket}: {failure.message}.", failure.status)
        if failure.kind == "request":
            self._failures_in_a_row = 0  # it is there, and does not like the question
            return SourceChanged(f"{self.service} must answer {bucket}, however it said {failure.message}")
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
            return self._rest(
                ALL_BUCKETS,
                _REST_OF_THE_DEAD,
                f"{self._failures_in_a_row} calls in a row failed, the last with {failure.message}.",
            )
        return SourceUnavailable(
            f"{self.service} must answer {bucket}, however {n_tries} tries failed: {failure.message}"
        )


def read_retry_after(header: str | None) -> float | None:
    """Read a Retry-After as whole seconds; a date, a word or more than a float holds counts as none."""
    try:
        return float(int(header or ""))
    except (ValueError, OverflowError):
        return None


def _format_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
