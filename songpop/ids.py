"""Ids that can be checked: each ends in six hex digits of a SHA-256 of what it names."""

import hashlib
from datetime import date, datetime

_HEX_DIGITS = 6
_TRACK_ID_LENGTH = 22
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MADE_UP_PREFIX = "new"


def make_snapshot_id(entity: str, snapshot_date: date, sha256: str) -> str:
    """Name one dated copy of a source, as in `tracks-2026-11-22-3f9ac1`."""
    return f"{entity}-{snapshot_date.isoformat()}-{sha256[:_HEX_DIGITS]}"


def make_run_id(flow: str, started_at: datetime) -> str:
    """Name one run by its flow and UTC start, as in `nightly-20261122T031500123456Z`."""
    return f"{flow}-{started_at.strftime('%Y%m%dT%H%M%S%fZ')}"


def make_model_version(family: str, trained_date: date, digest: str) -> str:
    """Name one fitted estimator, as in `keras-2026-11-22-3f9ac1`; `digest` is the SHA-256 of its weights."""
    return f"{family}-{trained_date.isoformat()}-{digest[:_HEX_DIGITS]}"


def make_track_id(album: str | None, title: str, artist: str) -> str:
    """Make a stable id of 22 base-62 characters for a song that has none yet.

    It depends on album, title and artist alone, and begins with `new`, so that a person can tell it
    from Spotify's own.
    """
    text = "\x1f".join((album or "", title, artist)).casefold()
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    digits = []
    for _ in range(_TRACK_ID_LENGTH - len(_MADE_UP_PREFIX)):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return _MADE_UP_PREFIX + "".join(digits)
