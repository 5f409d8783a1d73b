"""Deezer: how many fans an artist has, by name and without a key.

Its errors come with status 200. Fans are counted over all time, and are no popularity of 0 to 100.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from songpop.declared_sources import DEEZER, DeclaredSource
from songpop.names import fold_accents, fold_name
from songpop.sources.json_service import JsonService, Row, Unanswered, objects, text, whole
from songpop.sources.rate_limited_caller import Failure

_QUOTA_CODE, _NO_DATA_CODE = 4, 800
_SURE_LEAD = 20  # times the fans of the next artist of the same name; a namesake of a known one has far fewer
_LONGEST_NAME = 200  # of a search


class DeezerSource(JsonService):
    """Ask Deezer; see `JsonService`."""

    declared: ClassVar[DeclaredSource] = DEEZER

    def fetch_artists(self, names: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each name that was answered: `found`, `ambiguous` or `unmatched`, with its candidates.

        Raises:
            SourceStopped: nothing more can be asked in this run; rows yielded before are good.
        """
        for name in dict.fromkeys(names):
            hits = self._request("search", partial(self._search, name))
            if hits is not None:
                yield _artist_row(name, hits)

    def _search(self, name: str) -> list[Row]:
        answer = self._get("/search/artist", {"q": name[:_LONGEST_NAME]})
        if not isinstance(answer, dict):
            raise ValueError(f"an object must come back, however it is a {type(answer).__name__}")
        if error := answer.get("error"):
            return _read_error(error)
        return [hit for hit in objects(answer.get("data")) if hit.get("id")]


def _read_error(error: Any) -> list[Row]:
    """Return no hits where the error means that there are none.

    Raises:
        Unanswered: it means anything else.
    """
    answer = error if isinstance(error, dict) else {}
    code = whole(answer.get("code"))
    if code == _NO_DATA_CODE:
        return []
    message = f"code {code} {str(answer.get('message'))[:100]!r}"
    raise Unanswered(Failure("rate" if code == _QUOTA_CODE else "server", message))


def _artist_row(artist_name: str, hits: Sequence[Row]) -> Row:
    """Match a name with the hits of a search.

    Only equality of folded names counts, however high a hit stands; accents are folded where no hit equals the
    name with them. Of several equal ones, the one with by far the most fans is meant.
    """
    distinct = list({hit["id"]: hit for hit in hits}.values())
    equal, confidence = _equal_hits(artist_name, distinct)
    artist = equal[0] if len(equal) == 1 else None
    if len(equal) > 1 and (artist := _far_ahead(equal)):
        confidence = 0.9
    known = artist or {}
    state = "found" if artist else "ambiguous" if equal else "unmatched"
    return {
        "artist_name": artist_name,
        "found_name": text(known.get("name")),
        "deezer_id": str(known["id"]) if artist else None,
        "match_state": state,
        "match_confidence": confidence if artist else None,
        "n_fans": whole(known.get("nb_fan")),
        "n_albums": whole(known.get("nb_album")),
        "candidates": json.dumps([_candidate(hit) for hit in equal or distinct], ensure_ascii=False),
    }


def _equal_hits(artist_name: str, hits: Sequence[Row]) -> tuple[list[Row], float]:
    folded = fold_name(artist_name)
    equal = [hit for hit in hits if fold_name(str(hit.get("name"))) == folded]
    if equal:
        return equal, 1.0
    bare = fold_accents(folded)
    return [hit for hit in hits if fold_accents(fold_name(str(hit.get("name")))) == bare], 0.9


def _far_ahead(equal: Sequence[Row]) -> Row | None:
    fans = [whole(hit.get("nb_fan")) for hit in equal]
    counted = sorted(((n, at) for at, n in enumerate(fans) if n is not None), reverse=True)
    if len(counted) < len(equal):
        return None  # one that is not counted may be the largest
    (most, at), (next_most, _) = counted[:2]
    return equal[at] if most >= _SURE_LEAD * max(next_most, 1) else None


def _candidate(hit: Row) -> Row:
    return {
        "id": str(hit["id"]),
        "name": hit.get("name"),
        "n_fans": whole(hit.get("nb_fan")),
        "n_albums": whole(hit.get("nb_album")),
    }
