"""What songpop wants from Spotify, in as few calls as are sure: artists, new releases, audio features."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from songpop.sources import spotify_answers as answers
from songpop.sources.spotify import (
    ARTISTS_A_CALL,
    FEATURES_A_CALL,
    RELEASES_LIMIT,
    SEARCH_LIMIT,
    SpotifySource,
)
from songpop.sources.spotify_answers import Row

ARTIST_POPULARITY = "artist popularity"
_POPULARITY_PATIENCE = 20  # artists without a popularity, before the key is taken to give none
_MOST_PAGES = 20  # both lists of new albums hold about 100

Item = TypeVar("Item")


def fetch_artists(
    source: SpotifySource,
    artist_names: Iterable[str],
    *,
    artist_ids: Mapping[str, str] | None = None,
    track_ids: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield a row for each artist name, by the cheapest way that is sure.

    A known artist id first (50 a call), then the artist of a known track (50 a call, checked by name),
    then a search by name (one a call). A name that Spotify could not be asked about has no row. It ends
    early where the key turns out to give no popularity; then `source.refused` says so.

    Args:
        source: who to ask.
        artist_names: the warehouse's names, the most wanted first.
        artist_ids: Spotify's artist id, by name, where it is known.
        track_ids: the id of one track of the artist, by name.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    n_found = n_told = 0
    for names in _chunks(artist_names, ARTISTS_A_CALL):
        for row in _artist_rows(source, names, artist_ids or {}, track_ids or {}):
            n_found += row["artist_id"] is not None
            n_told += row["popularity"] is not None
            yield row
            if n_found >= _POPULARITY_PATIENCE and not n_told:
                source.refused[ARTIST_POPULARITY] = (
                    f"Spotify gave this key {n_found} artists and a popularity for none of them."
                )
                return


def fetch_new_releases(
    source: SpotifySource, *, as_of_date: date, days: int, known_album_ids: Collection[str] = ()
) -> Iterator[Row]:
    """Yield a row for each track of the albums that came out in the `days` up to `as_of_date`.

    They come from the list of new releases where the key may read it, else from the album search `tag:new`.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    first = as_of_date - timedelta(days=days)
    seen: set[str] = set()
    for found_by, listed in _new_albums(source):
        is_new = answers.may_be_released_within(listed.get("release_date"), first, as_of_date)
        if not is_new or listed["id"] in known_album_ids:
            continue
        album = source.album(listed["id"])
        if album is None:
            continue
        tracks = _tracks_of(source, album)
        rows = answers.release_rows(album, tracks, found_by=found_by, market=source.market)
        yield from (row for row in rows if row["track_id"] not in seen)
        seen.update(row["track_id"] for row in rows)


def fetch_audio_features(source: SpotifySource, track_ids: Iterable[str]) -> Iterator[Row]:
    """Yield the audio features of the tracks that Spotify has them for.

    There are none where the key may not ask; then `source.refused` says so.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    for chunk in _chunks(track_ids, FEATURES_A_CALL):
        found = answers.by_requested_id(source.audio_features(chunk) or [])
        yield from (answers.feature_row(found[track_id]) for track_id in chunk if track_id in found)


def _artist_rows(
    source: SpotifySource,
    names: Sequence[str],
    artist_ids: Mapping[str, str],
    track_ids: Mapping[str, str],
) -> Iterator[Row]:
    ways = {name: (artist_ids[name], "artist_id") for name in names if name in artist_ids}
    on_tracks = {name: track_ids[name] for name in names if name in track_ids and name not in ways}
    ways |= _artists_on_tracks(source, on_tracks)
    artists = _artists(source, sorted({artist_id for artist_id, _ in ways.values()}))
    unmatched = []
    for name in names:
        artist_id, method = ways.get(name, ("", ""))
        if artist_id in artists:
            yield answers.artist_row(name, artists[artist_id], method=method, confidence=1.0)
        else:
            unmatched.append(name)
    for name in unmatched:
        hits = source.search_artists(name)
        if hits is not None:
            yield answers.artist_row_of_hits(name, answers.known_objects(hits))


def _artists_on_tracks(source: SpotifySource, track_ids: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return artist id and method, by name, for names that stand on their track."""
    if not track_ids:
        return {}
    tracks = answers.by_requested_id(source.tracks(list(track_ids.values())) or [])
    ids = {name: answers.artist_id_on_track(tracks.get(track_id, {}), name) for name, track_id in track_ids.items()}
    return {name: (artist_id, "track_id") for name, artist_id in ids.items() if artist_id}


def _artists(source: SpotifySource, artist_ids: Sequence[str]) -> dict[str, Row]:
    """Return artists by id: in one call where the key may, else one by one."""
    if not artist_ids:
        return {}
    items: Sequence[Any] | None = source.artists(artist_ids)
    if "artists" in source.refused:
        items = [source.artist(artist_id) for artist_id in artist_ids]
    return answers.by_requested_id(items or [])


def _new_albums(source: SpotifySource) -> Iterator[tuple[str, Row]]:
    """Yield the albums that Spotify lists as new, and how they were found."""
    yield from (("new_releases", album) for album in _pages(source.new_releases, RELEASES_LIMIT))
    if "new_releases" in source.refused:
        yield from (("tag:new", album) for album in _pages(source.search_new_albums, SEARCH_LIMIT))


def _pages(fetch_page: Callable[[int], list[Any] | None], limit: int) -> Iterator[Row]:
    """Page by offset until a page is short or brings nothing new; `total` and `next` are not trusted."""
    seen: set[str] = set()
    for number in range(_MOST_PAGES):
        items = fetch_page(number * limit) or []
        fresh = {item["id"]: item for item in answers.known_objects(items) if item["id"] not in seen}
        yield from fresh.values()
        seen |= fresh.keys()
        if not fresh or len(items) < limit:
            return


def _tracks_of(source: SpotifySource, album: Row) -> list[Row]:
    """Return an album's tracks: those it embeds, then the pages after them."""
    embedded = album.get("tracks") or {}
    items = list(embedded.get("items") or [])
    while len(items) < (embedded.get("total") or 0):
        page = source.album_tracks(album["id"], len(items))
        if not page:
            break
        items += page
    return list({track["id"]: track for track in answers.known_objects(items)}.values())


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
