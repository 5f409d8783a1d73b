"""The clock: moments are UTC, days are those of the machine."""

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment in UTC, without a zone mark, as the ledger keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def local_today(clock: Clock = utc_now) -> date:
    """Return the day that it is where this machine stands, as cron counts days; `clock` is in UTC."""
    return clock().replace(tzinfo=UTC).astimezone().date()
