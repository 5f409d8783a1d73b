"""ReccoBeats: audio features and artists of tracks, by Spotify's ids and without a key.

An answer leaves out the tracks it does not know and keeps no order, so it is joined on the Spotify address
in `href`; `id` is ReccoBeats' own. There is no duration and no time signature among the features.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from songpop.audio_features import AUDIO_FEATURES, AudioFeature
from songpop.declared_sources import RECCOBEATS, DeclaredSource
from songpop.sources.json_service import JsonService, Row, Unanswered, number, objects, text, whole

TRACKS_A_CALL, FEWER_TRACKS_A_CALL = 40, 20
LONG_BATCHES = f"batches of {TRACKS_A_CALL}"

_NOT_GIVEN = ("duration_ms", "time_signature")
# lowest and highest value that is believed: the range by definition, or as in Spotify's reference; tempo 0 means that
# none was found
_LIKELY = {"loudness": (-60.0, 5.0), "tempo": (1.0, 250.0)}


class ReccoBeatsSource(JsonService):
    """Ask ReccoBeats; see `JsonService`."""

    declared: ClassVar[DeclaredSource] = RECCOBEATS
    tracks_a_call: ClassVar[int] = TRACKS_A_CALL

    def fetch_audio_features(self, track_ids: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each track of an answered call: `found` with its features, or `missing`.

        A value that is absent or out of range is None. A track of a call that was given up has no row.

        Raises:
            SourceStopped: nothing more can be asked in this run; rows yielded before are good.
        """
        for batch, items in self._batches("audio_features", "/v1/audio-features", track_ids):
            yield from (_feature_row(track_id, items.get(track_id)) for track_id in batch)

    def fetch_track_artists(self, track_ids: Iterable[str]) -> Iterator[Row]:
        """Yield Spotify's id and the name of each artist of the tracks that ReccoBeats knows.

        Raises:
            SourceStopped: nothing more can be asked in this run; rows yielded before are good.
        """
        for batch, items in self._batches("tracks", "/v1/track", track_ids):
            for track_id in batch:
                yield from _artist_rows(track_id, items.get(track_id, {}))

    def _batches(
        self, bucket: str, path: str, track_ids: Iterable[str]
    ) -> Iterator[tuple[Sequence[str], dict[str, Row]]]:
        """Yield the ids of each answered call, and what it brought, by Spotify's id."""
        left = list(dict.fromkeys(track_ids))
        while left and bucket not in self.refused:
            batch = left[: FEWER_TRACKS_A_CALL if LONG_BATCHES in self.refused else TRACKS_A_CALL]
            items = self._request(bucket, partial(self._request_batch, path, batch), limited_by=LONG_BATCHES)
            if items is None and len(batch) > FEWER_TRACKS_A_CALL and LONG_BATCHES in self.refused:
                continue  # the same tracks again, fewer at a time
            left = left[len(batch) :]
            if items is not None:
                yield batch, items

    def _request_batch(self, path: str, batch: Sequence[str]) -> dict[str, Row]:
        try:
            answer = self._get(path, {"ids": ",".join(batch)})
        except Unanswered as error:
            if error.failure.status == 400 and len(batch) > FEWER_TRACKS_A_CALL:
                raise Unanswered(replace(error.failure, kind="limit")) from None
            raise
        items = objects(answer.get("content") if isinstance(answer, dict) else answer)
        return {track_id: item for item in items if (track_id := _spotify_id(item, "track"))}


def _feature_row(track_id: str, item: Row | None) -> Row:
    answer = item or {}
    row: Row = {
        "track_id": track_id,
        "state": "missing" if item is None else "found",
        "reccobeats_id": text(answer.get("id")),
        "isrc": text(answer.get("isrc")),
    }
    given = [feature for feature in AUDIO_FEATURES if feature.name not in _NOT_GIVEN]
    return row | {feature.name: _believed(feature, answer.get(feature.name)) for feature in given}


def _believed(feature: AudioFeature, value: Any) -> float | int | None:
    """Return a value that is a number in the feature's range, else None."""
    known = number(value) if feature.kind == "number" else whole(value)
    low, high = _LIKELY.get(feature.name, (feature.low, feature.high))
    assert low is not None
    assert high is not None
    return known if known is not None and low <= known <= high else None


def _artist_rows(track_id: str, item: Row) -> list[Row]:
    artists = item.get("artists")
    known = objects(artists) if isinstance(artists, list) else []
    named = {artist_id: text(artist.get("name")) for artist in known if (artist_id := _spotify_id(artist, "artist"))}
    return [{"track_id": track_id, "artist_id": key, "artist_name": name} for key, name in named.items()]


def _spotify_id(item: Row, kind: str) -> str | None:
    """Return the id in an address such as https://open.spotify.com/track/<id>."""
    steps = urlsplit(text(item.get("href")) or "").path.split("/")
    return steps[steps.index(kind) + 1] or None if kind in steps[:-1] else None
