"""ListenBrainz: albums that came out lately, and how much artists are listened to, without a key.

It lists albums and not their tracks, and knows artists by MusicBrainz' ids (MBIDs).
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any, ClassVar

from songpop.declared_sources import LISTENBRAINZ, DeclaredSource
from songpop.sources.json_service import JsonService, Row, chunks, objects, text, whole

ARTISTS_A_CALL = 1000  # of more it drops the rest without a word
_MOST_DAYS = 90  # that it looks back
_VARIOUS_ARTISTS = ("various artists", "89ad4ac3-39f7-470e-963a-56509c546377")  # name, MBID


class ListenBrainzSource(JsonService):
    """Ask ListenBrainz; see `JsonService`."""

    declared: ClassVar[DeclaredSource] = LISTENBRAINZ

    def fetch_fresh_releases(self, as_of_date: date, days: int) -> Iterator[Row]:
        """Yield the albums of one artist that came out in the `days` up to `as_of_date`, each release group once.

        Raises:
            SourceStopped: nothing more can be asked in this run.
        """
        query = {
            "release_date": as_of_date.isoformat(),
            "days": str(min(days, _MOST_DAYS)),
            "past": "true",
            "future": "false",
        }
        path = "/1/explore/fresh-releases/"
        items = self._request("fresh_releases", lambda: _items(self._get(path, query), "releases"))
        seen: set[str] = set()
        for row in map(_release_row, items or []):
            if _is_usable(row) and row["release_group_mbid"] not in seen:
                seen.add(row["release_group_mbid"])
                yield row

    def fetch_popularity(self, mbids: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each artist of an answered call; its counts are None where ListenBrainz knows none.

        Raises:
            SourceStopped: nothing more can be asked in this run; rows yielded before are good.
        """
        for batch in chunks(mbids, ARTISTS_A_CALL):
            items = self._request("popularity", partial(self._popularity, batch))
            if items is not None:
                counts = {item.get("artist_mbid"): item for item in items}
                yield from (_popularity_row(mbid, counts.get(mbid, {})) for mbid in batch)

    def _popularity(self, mbids: list[str]) -> list[Row]:
        return _items(self._post("/1/popularity/artist", {"artist_mbids": mbids}), "artists")


def _items(answer: Any, name: str) -> list[Row]:
    """Return the objects of an answer that is a list, or has one in its payload, there perhaps under a name."""
    payload = answer.get("payload") if isinstance(answer, dict) else answer
    return objects(payload.get(name) if isinstance(payload, dict) else payload)


def _release_row(item: Row) -> Row:
    mbids = item.get("artist_mbids")
    return {
        "release_group_mbid": text(item.get("release_group_mbid")),
        "artist_name": text(item.get("artist_credit_name")),
        "artist_mbids": [str(mbid) for mbid in mbids if mbid] if isinstance(mbids, list) else [],
        "album_name": text(item.get("release_name")),
        "album_type": text(item.get("release_group_primary_type")),
        "release_date": text(item.get("release_date")),
    }


def _is_usable(row: Row) -> bool:
    """Say whether a row tells which album of which artist it is."""
    if not (row["release_group_mbid"] and row["artist_name"] and row["album_name"]):
        return False
    return not {row["artist_name"].casefold(), *row["artist_mbids"]} & set(_VARIOUS_ARTISTS)


def _popularity_row(mbid: str, item: Row) -> Row:
    return {
        "artist_mbid": mbid,
        "n_listens": whole(item.get("total_listen_count")),
        "n_listeners": whole(item.get("total_user_count")),
    }
