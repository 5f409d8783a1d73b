"""The synthetic sample as a catalogue: artists, tracks and albums that a music service would know."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from songpop.names import fold_accents, fold_name

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 22

Line = Mapping[str, str | None]


class SampleFiles(Protocol):
    """The files of a sample, in the formats of `songpop load`."""

    @property
    def tracks(self) -> Path:
        """Return the tracks file."""
        ...

    @property
    def artists(self) -> Path:
        """Return the artists file."""
        ...

    @property
    def albums(self) -> Path:
        """Return the albums file."""
        ...

    @property
    def releases(self) -> Path:
        """Return the releases file."""
        ...


@dataclass
class Artist:
    """An artist; popularity is None where the sample's artists file does not tell it."""

    artist_id: str
    name: str
    popularity: int | None
    genres: list[str] = field(default_factory=list)


@dataclass
class Track:
    """A track and its line in the sample, which holds the features as text."""

    track_id: str
    name: str
    artist: Artist
    popularity: int | None
    line: Line
    album_id: str | None = None
    track_number: int = 1


@dataclass
class Album:
    """An album and its tracks."""

    album_id: str
    name: str
    release_date: str
    is_new: bool
    tracks: list[Track] = field(default_factory=list)


class Catalogue:
    """What the service knows, by id; names are searched word by word."""

    def __init__(self, files: SampleFiles | None = None) -> None:
        """Read a sample's files, or begin with nothing."""
        self.artists: dict[str, Artist] = {}
        self.tracks: dict[str, Track] = {}
        self.albums: dict[str, Album] = {}
        self._by_name: dict[str, Artist] = {}
        self._by_word: dict[str, set[str]] = defaultdict(set)
        self._by_artist: dict[str, list[Track]] = defaultdict(list)
        if files:
            self._read(files)

    def _read(self, files: SampleFiles) -> None:
        for line in _lines(files.artists):
            self.add_artist(line["artist_name"] or "", line.get("artist_id"), _whole(line.get("popularity")))
        for line in _lines(files.tracks):
            self.add_track(line, _whole(line.get("popularity")))
        for line in _lines(files.releases):
            track = self.add_track(line, None)
            if track and line.get("album_id"):
                self.add_to_album(track, line, is_new=True)
        for line in _lines(files.albums):
            track = self.tracks.get(line["track_id"] or "")
            if track and track.album_id is None and line.get("album_id"):
                self.add_to_album(track, line, is_new=False)

    def new_albums(self) -> list[Album]:
        """Return the albums of the releases file, newest first."""
        new = [album for album in self.albums.values() if album.is_new]
        return sorted(new, key=lambda album: (album.release_date, album.album_id), reverse=True)

    def find_artists(self, query: str) -> list[Artist]:
        """Return the artists whose names hold every word of the query, most popular first.

        As with Spotify, the first hit need not be the artist who was meant.
        """
        words = fold_accents(fold_name(query)).split()
        if not words:
            return []
        ids = set.intersection(*(self._by_word.get(word, set()) for word in words))
        hits = [self.artists[artist_id] for artist_id in ids]
        return sorted(hits, key=lambda artist: (-(artist.popularity or 0), artist.artist_id))

    def albums_of(self, artist_id: str) -> list[Album]:
        """Return the albums that an artist has a track on, newest first."""
        found = {track.album_id: self.albums[track.album_id] for track in self._tracks_of(artist_id) if track.album_id}
        return sorted(found.values(), key=lambda album: (album.release_date, album.album_id), reverse=True)

    def find_tracks(self, title: str, artist_name: str) -> list[Track]:
        """Return the tracks of a title by the artists that a name finds."""
        artists = self.find_artists(artist_name)
        tracks = [track for artist in artists for track in self._tracks_of(artist.artist_id)]
        return [track for track in tracks if fold_name(title) in fold_name(track.name)]

    def find_albums(self, title: str, artist_name: str) -> list[Album]:
        """Return the albums of a title by the artists that a name finds."""
        artists = self.find_artists(artist_name)
        albums = [album for artist in artists for album in self.albums_of(artist.artist_id)]
        return [album for album in albums if fold_name(title) in fold_name(album.name)]

    def _tracks_of(self, artist_id: str) -> list[Track]:
        return self._by_artist.get(artist_id, [])

    def add_artist(self, name: str, artist_id: str | None, popularity: int | None) -> Artist:
        """Know an artist; one whose name is known already stays as it is."""
        artist = self._by_name.get(name)
        if artist is None:
            artist = Artist(artist_id or _made_id("artist", name), name, popularity)
            self._by_name[name] = self.artists[artist.artist_id] = artist
            for word in fold_accents(fold_name(name)).split():
                self._by_word[word].add(artist.artist_id)
        return artist

    def add_track(self, line: Line, popularity: int | None) -> Track | None:
        """Know a track by a line of a tracks file; None where that has no id or no artist."""
        track_id, artist_name = line.get("track_id"), line.get("artist_name")
        if not track_id or not artist_name:
            return None
        artist = self.add_artist(artist_name, None, None)
        genre = line.get("genre")
        if genre and genre not in artist.genres:
            artist.genres.append(genre)
        track = Track(track_id, line.get("track_name") or "", artist, popularity, line)
        self.tracks[track_id] = track
        self._by_artist[artist.artist_id].append(track)
        return track

    def add_to_album(self, track: Track, line: Line, *, is_new: bool) -> None:
        """Put a track on the album that a line of an albums file names."""
        album_id = line["album_id"] or ""
        album = self.albums.setdefault(
            album_id, Album(album_id, line.get("album_name") or "", line.get("release_date") or "0000", is_new)
        )
        album.tracks.append(track)
        track.album_id = album_id
        track.track_number = len(album.tracks)


def split_releases(releases: Path, folder: Path) -> tuple[Path, Path]:
    """Part a releases file into two by album, so that a file and a service each bring about half.

    An album with a song that has no id yet stays in the file: no service knows it.

    Returns:
        The paths of the file's half and of the service's half, in `folder`, each with the header.
    """
    frame = pl.read_csv(releases, infer_schema=False)
    served = (
        frame.drop_nulls("album_id")
        .group_by("album_id")
        .agg(pl.col("track_id").null_count().alias("n_without_id"))
        .filter(pl.col("n_without_id") == 0)
        .sort("album_id")
        .gather_every(2)
    )
    paths = (folder / "synthetic_releases_file.csv", folder / "synthetic_releases_service.csv")
    frame.join(served, on="album_id", how="anti", maintain_order="left").write_csv(paths[0])
    frame.join(served, on="album_id", how="semi", maintain_order="left").write_csv(paths[1])
    return paths


def _lines(path: Path) -> Iterator[Line]:
    frame = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True)
    yield from frame.iter_rows(named=True)


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except ValueError:
        return None


def _made_id(kind: str, name: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"{kind}\x1f{name}".encode()).digest())
    digits = []
    for _ in range(_ID_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(digits)
