"""Words and numbers as the pages write them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

STATUS_TITLES = {
    400: "That request can't be answered",
    404: "Nothing is here",
    405: "This address is not for that",
    413: "That is too large",
    415: "That is of another kind",
    422: "Something in it can't be used",
    500: "Something went wrong here",
    503: "Not ready yet",
}
STATUS_MESSAGES = {
    400: "The request is not of the form that this site understands. If you followed a link, begin at the front page.",
    404: "There is no page at this address. It may have been mistyped; the front page leads to everything there is.",
    405: "This address answers to another kind of request. Go back to the page and use its form.",
    413: "At most 1 MB can be sent. An album of 200 songs needs a tenth of that: is this the right file?",
    500: "The mistake is ours, and the server's log has it. Try again; if it comes back, tell whoever runs it.",
}
_SPOTIFY_ID = re.compile(r"(?!new)[0-9A-Za-z]{22}")
BIN_LABELS = {"p_0_25": "0–25", "p_26_50": "26–50", "p_51_75": "51–75", "p_76_100": "76–100"}


def fixed(value: float | None, digits: int = 1) -> str:
    """Write a number with so many digits after the point; unknown is a dash."""
    return "–" if value is None else f"{value:,.{digits}f}"


def signed(value: float | None, digits: int = 1) -> str:
    """Write a number with its sign, a true minus; what rounds to nothing has none."""
    if value is None:
        return "–"
    if round(value, digits) == 0:
        return f"{0:.{digits}f}"
    return f"{value:+,.{digits}f}".replace("-", "−")


def percent(value: float | None, digits: int = 0) -> str:
    """Write a share of 0 to 1 as a percentage."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def day(value: date | None) -> str:
    """Write a date as in 3 December 2026, short in the month."""
    return "–" if value is None else f"{value.day} {value:%b} {value.year}"


def moment(value: datetime | None) -> str:
    """Write a moment in UTC; one without a zone is taken as UTC."""
    if value is None:
        return "–"
    value = value.astimezone(UTC) if value.tzinfo else value
    return f"{value.day} {value:%b} {value.year}, {value:%H:%M} UTC"


def duration(value: str | float | None) -> str:
    """Write milliseconds as minutes and seconds."""
    try:
        seconds = round(float(value or "nan") / 1000)
    except (ValueError, OverflowError):
        return "unknown"
    return f"{seconds // 60}:{seconds % 60:02d}"


def age(hours: float) -> str:
    """Write how long ago something was."""
    if hours < 1:
        minutes = int(hours * 60)
        return f"{minutes} minute{'' if minutes == 1 else 's'} ago" if minutes > 0 else "just now"
    return f"{hours:.0f} hours ago" if hours < 48 else f"{hours / 24:.0f} days ago"


def spotify_link(row: Mapping[str, Any], is_synthetic: bool) -> str | None:
    """Return where a track stands on Spotify, or None where it is not known to be there."""
    track_id = str(row.get("track_id") or row.get("single_track_id") or "")
    is_spotifys = row.get("release_source") == "spotify" or _SPOTIFY_ID.fullmatch(track_id)
    return f"https://open.spotify.com/track/{track_id}" if is_spotifys and not is_synthetic else None


def title(name: str) -> str:
    """Write a column's name in words."""
    return name.replace("_", " ")


FILTERS = {
    "fixed": fixed,
    "signed": signed,
    "percent": percent,
    "day": day,
    "moment": moment,
    "duration": duration,
    "age": age,
    "spotify_link": spotify_link,
    "title_words": title,
}
