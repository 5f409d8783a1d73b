"""Which song of an album should be the single, for an album of the readers' file or for a list that is sent."""

from datetime import date
from typing import TYPE_CHECKING, Any

from songpop.errors import ModelError, SettingsError, SourceError
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest

if TYPE_CHECKING:
    from songpop.albums import AlbumInput


class BadList(BadRequest):
    """The list that was sent is no album."""


def rank_known(reader: PublishedReader, album_id: str) -> dict[str, Any]:
    """Rank the songs of an album of the readers' file.

    Raises:
        BadRequest: there is no such album, or it has one song only.
    """
    from songpop import albums

    try:
        album = albums.read_album(reader.settings, album_id)
    except SettingsError as error:
        raise BadRequest(
            f"There is no album '{album_id[:80]}' of two songs or more in the published file.", 404
        ) from error
    return _rank(reader, album)


def rank_sent(reader: PublishedReader, content: bytes, *, today: date) -> dict[str, Any]:
    """Rank the songs of a CSV; lines that can't be used are given with the reason.

    Raises:
        BadList: it is no list of two good songs or more of one album, or is too long.
    """
    from songpop import albums

    try:
        album = albums.read_album_file(reader.settings, content, today=today)
    except SourceError as error:
        raise BadList(str(error), 422) from error
    return _rank(reader, album)


def most_songs() -> int:
    """Return how many songs a list may hold."""
    from songpop import albums

    return albums.MAX_SENT_SONGS


def template() -> str:
    """Return the CSV to begin with."""
    from songpop import albums

    return albums.template()


def _rank(reader: PublishedReader, album: "AlbumInput") -> dict[str, Any]:
    from songpop import albums

    model = reader.champion(is_listed=album.origin == "new release")
    try:
        ranking = albums.rank_album(album.frame, model, album.records, evidence=album.evidence)
    except ModelError as error:
        raise BadList(str(error), 422) from error
    return ranking.to_document(album)
