"""Read Spotify's answers: JSON objects in, plain rows out; an absent value is None, never 0."""

import calendar
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from songpop.audio_features import AUDIO_FEATURES
from songpop.names import fold_accents, fold_name
from songpop.sources.json_service import number

Row = dict[str, Any]

_BIGGEST = 2**53  # of a number that JSON keeps exactly


def known_objects(items: Iterable[Any]) -> list[Row]:
    """Keep the objects that have an id; Spotify puts null where it has nothing to say."""
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]]


def by_requested_id(items: Sequence[Any], requested: Sequence[str] = ()) -> dict[str, Row]:
    """Key objects by their own id and by the id they were asked under.

    A relinked track names that in `linked_from`. A merged artist, and a relinked track of a new app, do not: where as
    many objects came back as were asked for, one with an id that nobody asked for stands for the id at its place.
    """
    found: dict[str, Row] = {}
    if len(items) == len(requested):
        for key, item in zip(requested, items, strict=True):
            if known_objects([item]) and item["id"] not in requested:
                found[key] = item
    for item in known_objects(items):
        found[item["id"]] = item
        linked = item.get("linked_from")
        if isinstance(linked, dict) and linked.get("id"):
            found[linked["id"]] = item
    return found


def artist_row_of_hits(artist_name: str, hits: Sequence[Row]) -> Row:
    """Match a name with the hits of a search and return its row.

    Only equality of folded names counts, however high a hit stands: one equal hit is `found`, several are
    `ambiguous`, none is `unmatched`. Accents are folded only where no hit equals the name with them.
    """
    folded = fold_name(artist_name)
    distinct = list({hit["id"]: hit for hit in hits}.values())
    equal = [hit for hit in distinct if fold_name(str(hit.get("name"))) == folded]
    confidence = 1.0
    if not equal:
        bare = fold_accents(folded)
        equal = [hit for hit in distinct if fold_accents(fold_name(str(hit.get("name")))) == bare]
        confidence = 0.9
    if len(equal) == 1:
        return artist_row(artist_name, equal[0], method="search_exact", confidence=confidence, candidates=distinct)
    return artist_row(artist_name, None, method="search_exact", candidates=equal or distinct) | {
        "match_state": "ambiguous" if equal else "unmatched"
    }


def artist_row(
    artist_name: str,
    artist: Row | None,
    *,
    method: str,
    confidence: float | None = None,
    candidates: Sequence[Row] = (),
    asked_id: str | None = None,
) -> Row:
    """Return the row of one name that was asked for; without an artist everything but the name is unknown.

    `asked_id` is kept where the artist that came back bears another id.
    """
    known: Row = artist or {}
    followers = known.get("followers")
    genres = known.get("genres")
    return {
        "artist_name": artist_name,
        "found_name": _text(known.get("name")),
        "artist_id": known.get("id"),
        "match_state": "found" if artist else "unmatched",
        "match_method": method,
        "match_confidence": confidence,
        "candidates": json.dumps([_candidate(hit) for hit in candidates], ensure_ascii=False),
        "genres": [str(genre) for genre in genres] if isinstance(genres, list) else None,
        "popularity": whole(known.get("popularity")),
        "followers": whole(followers.get("total"), _BIGGEST) if isinstance(followers, dict) else None,
        "asked_id": asked_id if asked_id != known.get("id") else None,
    }


def artist_id_on_track(track: Row, artist_name: str) -> str | None:
    """Return the id of the track's artist who bears this name, or None."""
    artists = known_objects(track.get("artists") or [])
    same = {a["id"] for a in artists if fold_name(str(a.get("name"))) == fold_name(artist_name)}
    return same.pop() if len(same) == 1 else None


def release_rows(album: Row, tracks: Iterable[Row], *, found_by: str, market: str) -> list[Row]:
    """Return one row a track of an album, under the track's first artist."""
    rows = []
    for track in tracks:
        artists = known_objects(track.get("artists") or album.get("artists") or [])
        first = artists[0] if artists else {}
        rows.append(
            {
                "track_id": track["id"],
                "track_name": _text(track.get("name")),
                "artist_name": _text(first.get("name")),
                "artist_id": first.get("id"),
                "album_id": album["id"],
                "album_name": _text(album.get("name")),
                "album_type": _text(album.get("album_type")),
                "market": market,
                "found_by": found_by,
                "release_date": _text(album.get("release_date")),
                "release_date_precision": _text(album.get("release_date_precision")),
                "total_tracks": whole(album.get("total_tracks")),
                "disc_number": whole(track.get("disc_number")),
                "track_number": whole(track.get("track_number")),
                "duration_ms": whole(track.get("duration_ms"), _BIGGEST),
                "explicit": track.get("explicit") if isinstance(track.get("explicit"), bool) else None,
            }
        )
    return rows


def feature_row(features: Row) -> Row:
    """Return the audio features of one track."""
    row: Row = {"track_id": features["id"]}
    for feature in AUDIO_FEATURES:
        read = number if feature.kind == "number" else whole
        row[feature.name] = read(features.get(feature.name))
    return row


def is_no_date(release_date: Any) -> bool:
    """Say whether no release date is told: blank, the year 0000, or of no form that is known."""
    return not may_be_released_within(release_date, date.min, date.max)


def was_released_before(release_date: Any, first: date) -> bool:
    """Say whether a release date is one, and means a day before `first` for certain."""
    return not is_no_date(release_date) and not may_be_released_within(release_date, first, date.max)


def may_be_released_within(release_date: Any, first: date, last: date) -> bool:
    """Say whether a release date (`2026`, `2026-11` or `2026-11-22`) can mean a day in `first` to `last`."""
    try:
        parts = [int(part) for part in str(release_date).split("-")]
        year, month, day = (*parts, None, None)[:3]
        earliest = date(year or 0, month or 1, day or 1)
        last_month = month or 12
        latest = date(year or 0, last_month, day or calendar.monthrange(year or 0, last_month)[1])
    except ValueError:
        return False
    return earliest <= last and latest >= first


def _candidate(hit: Row) -> Row:
    followers = hit.get("followers")
    return {
        "id": hit["id"],
        "name": hit.get("name"),
        "popularity": whole(hit.get("popularity")),
        "followers": whole(followers.get("total"), _BIGGEST) if isinstance(followers, dict) else None,
    }


def whole(value: Any, most: int = 2**31 - 1) -> int | None:
    """Return a whole number that is not too big for its column, else None."""
    known = number(value)
    return int(known) if known is not None and known == int(known) and abs(known) <= most else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
