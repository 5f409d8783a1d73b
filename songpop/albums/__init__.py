"""Albums: read one, rank its songs, and say which should be the single."""

from songpop.albums.rank_album import AlbumRanking, rank_album
from songpop.albums.read_album import MAX_SENT_SONGS, AlbumInput, read_album, read_album_file, template
from songpop.albums.song import Song

__all__ = [
    "MAX_SENT_SONGS",
    "AlbumInput",
    "AlbumRanking",
    "Song",
    "rank_album",
    "read_album",
    "read_album_file",
    "template",
]
