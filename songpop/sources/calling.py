"""Call a service politely: at a pace, with few retries, inside a deadline, and never past a refusal."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from songpop.errors import SourceChanged, SourceError, SourceRefused, SourceStopped, SourceUnavailable

Answer = TypeVar("Answer")

ALL_BUCKETS = "every call"
LONGEST_WAIT_SECONDS = 60.0  # a longer Retry-After means a used-up quota: stop, do not sleep it out
_FAILURES_IN_A_ROW = 5  # then the service is taken for down
_MOST_RETRIES = {"rate": 3, "server": 2, "payload": 2, "connection": 2, "token": 1, "request": 0}


@dataclass(frozen=True)
class Failure:
    """Why one call brought no usable answer.

    kind: `rate` (429), `quota` (429 of a used-up quota), `server` (5xx), `connection`, `payload` (an answer
    that can't be read), `token` (401), `refused` (403, 404), `request` (another 4xx), `account` (nothing this
    key asks will be answered).
    """

    kind: str
    words: str
    status: int | None = None
    retry_after_seconds: float | None = None


class PoliteCaller:
    """Make every call to one service, and remember what it refused and where it said stop."""

    def __init__(
        self,
        service: str,
        read_failure: Callable[[Exception], Failure | None],
        *,
        pace_seconds: float,
        deadline_seconds: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        renew_token: Callable[[], None],
    ) -> None:
        """Start the deadline.

        Args:
            service: its name, for messages.
            read_failure: says what an exception means, or None where it is not the service's doing.
            pace_seconds: least time between two calls.
            deadline_seconds: counted from now on `clock`; no call and no sleep begins past it.
            clock: a monotonic clock, in seconds.
            sleep: waits that many seconds.
            renew_token: called once after a 401.
        """
        self.service = service
        self.n_calls: Counter[str] = Counter()
        self.stops: dict[str, str] = {}
        self._read_failure = read_failure
        self._pace_seconds = pace_seconds
        self._clock = clock
        self._sleep = sleep
        self._renew_token = renew_token
        self._ends_at = clock() + deadline_seconds
        self._deadline_seconds = deadline_seconds
        self._next_call_at = clock()
        self._failures_in_a_row = 0

    def seconds_left(self) -> float:
        """Return the time until the deadline."""
        return self._ends_at - self._clock()

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
        """Ask nothing more of a bucket (or of `ALL_BUCKETS`) and return the error that says why."""
        self.stops[bucket] = reason
        return SourceStopped(f"{self.service} ({bucket}) can't be asked any more in this run: {reason}")

    def _start_call(self, bucket: str) -> None:
        for stopped in (ALL_BUCKETS, bucket):
            if stopped in self.stops:
                raise self.stop(stopped, self.stops[stopped])
        self._wait(self._next_call_at - self._clock())
        self._next_call_at = self._clock() + self._pace_seconds
        self.n_calls[bucket] += 1

    def _wait(self, seconds: float) -> None:
        """Sleep, unless the deadline comes first."""
        if self.seconds_left() <= max(seconds, 0.0):
            raise self.stop(ALL_BUCKETS, f"the run's time for enrichment, {self._deadline_seconds:.0f} s, is used up.")
        if seconds > 0:
            self._sleep(seconds)

    def _retry_or_raise(self, bucket: str, failure: Failure, n_tries: int) -> None:
        self._raise_if_final(bucket, failure)
        if n_tries > _MOST_RETRIES[failure.kind]:
            raise self._give_up(bucket, failure, n_tries)
        if failure.kind == "token":
            self._renew_token()
            return
        asked = failure.retry_after_seconds
        self._wait(2.0 ** (n_tries - 1) if asked is None else max(asked, 1.0))

    def _raise_if_final(self, bucket: str, failure: Failure) -> None:
        """Raise where another try in this run can't help."""
        if failure.kind == "account":
            raise self.stop(ALL_BUCKETS, failure.words)
        if failure.kind == "refused":
            raise SourceRefused(f"{self.service} refused {bucket}: {failure.words}.", failure.status)
        if failure.kind == "quota" or (failure.retry_after_seconds or 0) > LONGEST_WAIT_SECONDS:
            wait = failure.retry_after_seconds
            until = "" if wait is None else f" It may be asked again in {wait:.0f} s."
            raise self.stop(bucket, f"it answered {failure.words}.{until}")

    def _give_up(self, bucket: str, failure: Failure, n_tries: int) -> SourceError:
        if failure.kind == "token":
            return self.stop(ALL_BUCKETS, f"a fresh token was refused too ({failure.words}).")
        if failure.kind == "rate":
            return self.stop(bucket, f"it answered 429 {n_tries} times in a row.")
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
            return self.stop(
                ALL_BUCKETS,
                f"{self._failures_in_a_row} calls in a row failed, the last with {failure.words}.",
            )
        if failure.kind == "request":
            return SourceChanged(f"{self.service} must answer {bucket}, however it said {failure.words}")
        return SourceUnavailable(
            f"{self.service} must answer {bucket}, however {n_tries} tries failed: {failure.words}"
        )
