"""The input files as declared: which columns each has, of what kind, and which rule a value must keep."""

from dataclasses import dataclass, replace
from typing import Literal

from songpop.audio_features import AUDIO_FEATURES

Kind = Literal["text", "whole", "large_whole", "number", "moment", "release_date"]

FIRST_YEAR = 1900


@dataclass(frozen=True)
class Column:
    """One column of an input file.

    Attributes:
        name: as in the header, and in the raw table.
        kind: `whole` (32 bits) and `large_whole` (64) may be written as 4 or 4.0; `release_date` stays text of the
            form YYYY, YYYY-MM or YYYY-MM-DD; `moment` is a UTC timestamp.
        is_needed: the header must have it.
        is_filled: a blank value breaks a hard rule.
        low, high: bounds that belong to the range; None is no bound. `year` is bounded by the as-of date.
        pattern: a regular expression that the whole text must match, with `rule` as its words.
    """

    name: str
    kind: Kind
    is_needed: bool = False
    is_filled: bool = False
    low: float | None = None
    high: float | None = None
    pattern: str | None = None
    rule: str = ""


@dataclass(frozen=True)
class Entity:
    """One sort of input file.

    Attributes:
        name: also the command's option and the raw table's name, as in `--tracks`, raw.files__tracks.
        key: columns whose values no two kept rows share; the first row stays.
        best: where set, the row with the highest value of this column stays instead.
        is_id_made: a blank track_id is made from album, title and artist.
        not_here: column names that tell that the file is of another entity.
        one_of: columns of which the header must have one at least.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    best: str | None = None
    is_id_made: bool = False
    not_here: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Return the raw table that holds the rows."""
        return f"raw.files__{self.name}"

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the names that the header must have."""
        return tuple(column.name for column in self.columns if column.is_needed)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all declared columns."""
        return tuple(column.name for column in self.columns)


# a file may hold whatever is possible by definition: the expectation suites look at what is likely
_FEATURES = tuple(Column(feature.name, feature.kind, low=feature.low, high=feature.high) for feature in AUDIO_FEATURES)
_ARTIST_NAME = Column("artist_name", "text", is_needed=True, is_filled=True)
_POPULARITY = Column("popularity", "whole", is_needed=True, is_filled=True, low=0, high=100)
_SPOTIFY_ID = Column(
    "track_id",
    "text",
    is_needed=True,
    is_filled=True,
    pattern="[0-9A-Za-z]{22}",
    rule="22 letters and digits",
)
_ARTIST_ID = Column("artist_id", "text", pattern="[0-9A-Za-z]{22}", rule="22 letters and digits")
_ANY_ID = Column("track_id", "text", is_needed=True, is_filled=True, pattern="(?s).{1,64}", rule="1 to 64 characters")
_MADE_ID = Column("track_id", "text", is_filled=True, pattern="(?s).{1,64}", rule="1 to 64 characters")

_ALBUM = (Column("album_id", "text"), Column("album_name", "text"), Column("release_date", "release_date"))
_ISRC = Column("isrc", "text")

TRACKS = Entity(
    "tracks",
    (
        _SPOTIFY_ID,
        _ARTIST_NAME,
        Column("track_name", "text"),
        _POPULARITY,
        Column("year", "whole", low=FIRST_YEAR),
        Column("genre", "text"),
        *_FEATURES,
        *_ALBUM,
        _ISRC,
    ),
    key=("track_id",),
)
ARTISTS = Entity(
    "artists",
    (
        _ARTIST_NAME,
        # a source that no longer tells popularity leaves it blank: unknown, not wrong
        Column("popularity", "whole", is_needed=True, low=0, high=100),
        Column("fetched_at", "moment"),
        Column("artist_id", "text"),
    ),
    key=("artist_name",),
    best="popularity",
    not_here=("track_id", "track_name"),
)
ALBUMS = Entity(
    "albums",
    (_ANY_ID, *_ALBUM),
    key=("track_id",),
    one_of=tuple(column.name for column in _ALBUM),
)
RELEASES = Entity(
    "releases",
    (
        _MADE_ID,
        _ARTIST_NAME,
        Column("track_name", "text", is_needed=True, is_filled=True),
        *_ALBUM,
        Column("year", "whole", low=FIRST_YEAR),
        Column("genre", "text"),
        *_FEATURES,
        _ISRC,
    ),
    key=("track_id",),
    is_id_made=True,
)
OBSERVED = Entity(
    "observed",
    (
        _ANY_ID,
        _POPULARITY,
        Column("observed_at", "moment", is_needed=True, is_filled=True),
    ),
    key=("track_id", "observed_at"),
)

WATCHLIST = Entity(
    "watchlist",
    (_ARTIST_NAME, Column("note", "text")),
    key=("artist_name",),
    not_here=("popularity", "track_id", "track_name", "artist_id"),
)
PINS = Entity(
    "pins",
    # a blank id says that the artist is none of a service's
    (_ARTIST_NAME, replace(_ARTIST_ID, is_needed=True), Column("note", "text")),
    key=("artist_name",),
    not_here=("popularity", "track_id", "track_name"),
)

# in the order in which files are loaded
ENTITIES = {entity.name: entity for entity in (TRACKS, ARTISTS, ALBUMS, RELEASES, OBSERVED, WATCHLIST, PINS)}
