"""What songpop wants from Spotify, in as few calls as are sure: artists, new releases, audio features."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

from songpop.names import fold_name
from songpop.sources.spotify import parsing as answers
from songpop.sources.spotify.access_tier import ARTIST_POPULARITY
from songpop.sources.spotify.client import ARTISTS_A_CALL, FEATURES_A_CALL, SHORT_PAGE, SpotifySource
from songpop.sources.spotify.parsing import Row

_POPULARITY_PATIENCE = 20  # artists without a popularity, before the key is taken to give none
_MOST_PAGES = 20  # both lists of new albums hold about 100

Item = TypeVar("Item")
Page = list[Any]


class Lead(NamedTuple):
    """An album that another service calls new; `service` is its name."""

    artist_name: str
    album_name: str
    service: str

    @property
    def key(self) -> str:
        """Return what it is remembered by."""
        return f"{fold_name(self.artist_name)} | {fold_name(self.album_name)}"


def fetch_artists(
    source: SpotifySource,
    artist_names: Iterable[str],
    *,
    artist_ids: Mapping[str, str] | None = None,
    track_ids: Mapping[str, str] | None = None,
    track_names: Mapping[str, str] | None = None,
    pinned: Collection[str] = (),
) -> Iterator[Row]:
    """Yield a row for each artist name, by the cheapest way that is sure.

    A known artist id first (50 a call), then the artist of a known track (50 a call, checked by name),
    then a search by name (one a call), and where several artists bear the name, a search for their track. A name that
    Spotify could not be asked about has no row. It ends early where the key gives no popularity; then
    `source.refused` says so.

    Args:
        source: who to ask.
        artist_names: the warehouse's names, the most wanted first.
        artist_ids: Spotify's artist id, by name, where it is known.
        track_ids: the id of one track of the artist, by name.
        track_names: the title of one track of the artist, by name.
        pinned: names whose id a person has set; they are never searched.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    if ARTIST_POPULARITY in source.refused:
        return
    ways = _Ways(artist_ids or {}, track_ids or {}, track_names or {}, pinned)
    n_found = n_told = 0
    for names in _chunks(artist_names, ARTISTS_A_CALL):
        for row in _artist_rows(source, names, ways):
            n_found += row["artist_id"] is not None
            n_told += row["popularity"] is not None
            yield row
            if n_found >= _POPULARITY_PATIENCE and not n_told:
                message = f"Spotify gave this key {n_found} artists and a popularity for none of them."
                source.learn(ARTIST_POPULARITY, False, message)
                return


def match_artists(source: SpotifySource, artist_names: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each artist name, by a search alone; whether the key gives a popularity does not matter.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    yield from (row for name in artist_names if (row := _searched(source, name, None)) is not None)


def fetch_new_releases(
    source: SpotifySource,
    *,
    as_of_date: date,
    days: int,
    known_album_ids: Collection[str] = (),
    watched_ids: Sequence[str] = (),
    leads: Sequence[Lead] = (),
    looked_up: Callable[[str, str], None] = lambda kind, key: None,
) -> Iterator[Row]:
    """Yield a row for each track of the albums that came out in the `days` up to `as_of_date`.

    First the albums of watched artists, then those that another service led to, then Spotify's list of new releases
    where the key may read it, else the album search `tag:new`.

    Args:
        source: who to ask.
        as_of_date: the last day.
        days: how many days before it count.
        known_album_ids: albums that need not be asked for.
        watched_ids: artists whose albums are looked through.
        leads: albums to search for.
        looked_up: told of each watched artist (`artist_albums` and the id) and lead (`lead` and its key) that was
            looked for, once Spotify has answered.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    first = as_of_date - timedelta(days=days)
    seen_albums, seen_tracks = set(known_album_ids), set[str]()
    for found_by, listed in _candidates(source, watched_ids, leads, first, looked_up):
        day = listed.get("release_date")
        # a list of what is new may leave the date out; among an artist's albums one without a date may be of any year
        is_new = answers.may_be_released_within(day, first, as_of_date) or (
            found_by != "watchlist" and answers.is_no_date(day)
        )
        if not is_new or listed["id"] in seen_albums:
            continue
        seen_albums.add(listed["id"])
        album = source.album(listed["id"])
        tracks = None if album is None else _tracks_of(source, album)
        if album is None or tracks is None:
            continue
        # under the listed id, where it answers with another: that is the one that will be listed again
        rows = answers.release_rows(album | {"id": listed["id"]}, tracks, found_by=found_by, market=source.market)
        if not rows:
            source.missing[listed["id"]] = "album"
        yield from (row for row in rows if row["track_id"] not in seen_tracks)
        seen_tracks.update(row["track_id"] for row in rows)


def fetch_audio_features(source: SpotifySource, track_ids: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each track of every call that was answered; its `state` is found or missing.

    There are none where the key may not ask; then `source.refused` says so.

    Raises:
        SourceStopped: nothing more can be asked in this run; rows yielded before are good.
    """
    for chunk in _chunks(track_ids, FEATURES_A_CALL):
        items = source.audio_features(chunk)
        if items is None:
            continue
        found = answers.by_requested_id(items)
        for track_id in chunk:
            if track_id in found:
                yield answers.feature_row(found[track_id]) | {"state": "found"}
            else:
                yield {"track_id": track_id, "state": "missing"}


class _Ways(NamedTuple):
    """What is known of names before they are asked for."""

    artist_ids: Mapping[str, str]
    track_ids: Mapping[str, str]
    track_names: Mapping[str, str]
    pinned: Collection[str]


def _artist_rows(source: SpotifySource, names: Sequence[str], ways: _Ways) -> Iterator[Row]:
    """Yield the rows of some names; one whose surest way was not answered has none, lest a namesake take its place."""
    known = {
        name: (ways.artist_ids[name], "pinned" if name in ways.pinned else "artist_id")
        for name in names
        if name in ways.artist_ids
    }
    on_tracks = {name: ways.track_ids[name] for name in names if name in ways.track_ids and name not in known}
    found, waiting = _artists_on_tracks(source, on_tracks)
    known |= found
    artists, unanswered = _artists(source, sorted({artist_id for artist_id, _ in known.values()}))
    to_search = []
    for name in names:
        artist_id, method = known.get(name, ("", ""))
        if artist_id in artists:
            yield answers.artist_row(name, artists[artist_id], method=method, confidence=1.0, asked_id=artist_id)
        elif name in waiting or artist_id in unanswered:
            continue
        elif name in ways.pinned:
            yield answers.artist_row(name, None, method="pinned", asked_id=artist_id)
        else:
            to_search.append(name)
    for name in to_search:
        row = _searched(source, name, ways.track_names.get(name))
        if row is not None:
            yield row


def _searched(source: SpotifySource, name: str, track_name: str | None) -> Row | None:
    """Search a name; where several artists bear it, the one who alone bears it on the track; None: not answered."""
    hits = source.search_artists(name)
    if hits is None:
        return None
    row = answers.artist_row_of_hits(name, answers.known_objects(hits))
    if row["match_state"] != "ambiguous" or track_name is None:
        return row
    tracks = source.search_tracks(track_name, name)
    if tracks is None:
        return None
    same_title = [
        track for track in answers.known_objects(tracks) if fold_name(str(track.get("name"))) == fold_name(track_name)
    ]
    ids = {answers.artist_id_on_track(track, name) for track in same_title} - {None}
    artists = [hit for hit in answers.known_objects(hits) if hit["id"] in ids]
    if len(ids) != 1 or not artists:
        return row
    candidates = answers.known_objects(hits)
    return answers.artist_row(name, artists[0], method="track_search", confidence=0.95, candidates=candidates)


def _artists_on_tracks(
    source: SpotifySource, track_ids: Mapping[str, str]
) -> tuple[dict[str, tuple[str, str]], Collection[str]]:
    """Return artist id and method, by name, for names that stand on their track; and the names not answered for."""
    if not track_ids or "tracks" in source.refused:
        return {}, ()
    requested = list(track_ids.values())
    items = source.tracks(requested)
    if items is None:
        return {}, () if "tracks" in source.refused else track_ids.keys()
    tracks = answers.by_requested_id(items, requested)
    ids = {name: answers.artist_id_on_track(tracks.get(track_id, {}), name) for name, track_id in track_ids.items()}
    return {name: (artist_id, "track_id") for name, artist_id in ids.items() if artist_id}, ()


def _artists(source: SpotifySource, artist_ids: Sequence[str]) -> tuple[dict[str, Row], Collection[str]]:
    """Return artists by id, in one call where the key may, else one by one; and the ids not answered for."""
    if not artist_ids:
        return {}, ()
    items = source.artists(artist_ids)
    if items is not None:
        return answers.by_requested_id(items, artist_ids), ()
    if "artists" not in source.refused:
        return {}, artist_ids
    one_by_one = [source.artist(artist_id) for artist_id in artist_ids]
    unanswered = [
        artist_id
        for artist_id, artist in zip(artist_ids, one_by_one, strict=True)
        if artist is None and artist_id not in source.missing
    ]
    return answers.by_requested_id(one_by_one, artist_ids), unanswered


def _candidates(
    source: SpotifySource,
    watched_ids: Sequence[str],
    leads: Sequence[Lead],
    first: date,
    looked_up: Callable[[str, str], None],
) -> Iterator[tuple[str, Row]]:
    """Yield albums that may be new, and how they were found."""
    for artist_id in watched_ids:
        for group in ("album", "single"):
            yield from (("watchlist", album) for album in _newest_albums(source, artist_id, group, first))
        if "artist_albums" not in source.caller.stops:
            looked_up("artist_albums", artist_id)
    for lead in leads:
        albums = source.search_albums(lead.album_name, lead.artist_name)
        if albums is not None:
            looked_up("lead", lead.key)
            yield from ((lead.service, album) for album in _named(albums, lead))
    yield from _new_albums(source)


def _newest_albums(source: SpotifySource, artist_id: str, group: str, first: date) -> Iterator[Row]:
    """Yield an artist's releases of a group, the newest first, until one came out before the first day that matters."""
    for album in _pages(lambda offset: source.artist_albums(artist_id, group, offset)):
        if answers.was_released_before(album.get("release_date"), first):
            return
        yield album


def _named(albums: Sequence[Any], lead: Lead) -> Iterator[Row]:
    """Yield the albums that bear the lead's title, by the lead's artist."""
    for album in answers.known_objects(albums):
        is_same = fold_name(str(album.get("name"))) == fold_name(lead.album_name)
        if is_same and answers.artist_id_on_track(album, lead.artist_name):
            yield album


def _new_albums(source: SpotifySource) -> Iterator[tuple[str, Row]]:
    """Yield the albums that Spotify lists as new, and how they were found."""
    yield from (("new_releases", album) for album in _pages(source.new_releases))
    if "new_releases" in source.refused:
        yield from (("tag:new", album) for album in _pages(source.search_new_albums))


def _pages(fetch_page: Callable[[int], Page | None]) -> Iterator[Row]:
    """Page by offset until a page is short or brings nothing new; `total`, `next` and the limit are not trusted."""
    seen: set[str] = set()
    offset = 0
    for _ in range(_MOST_PAGES):
        page = fetch_page(offset)
        if page is None:
            return
        fresh = {item["id"]: item for item in answers.known_objects(page) if item["id"] not in seen}
        yield from fresh.values()
        seen |= fresh.keys()
        if not fresh or len(page) < SHORT_PAGE:
            return
        offset += len(page)


def _tracks_of(source: SpotifySource, album: Row) -> list[Row] | None:
    """Return an album's tracks: those it embeds, then the pages after them; None where a page did not come."""
    embedded = album.get("tracks") or {}
    items = list(embedded.get("items") or [])
    n_tracks = answers.whole(embedded.get("total")) or 0
    while len(items) < n_tracks:
        page = source.album_tracks(album["id"], len(items))
        if page is None:
            source.failed[album["id"]] = ("album", "a page of its tracks did not come")
            return None
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
