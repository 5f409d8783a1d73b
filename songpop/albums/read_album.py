"""The songs of one album as models take them: from the readers' file, or from the CSV of an unreleased one."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl

from songpop import ledger, names, queries, resources, synthetic, warehouse
from songpop.albums.known_songs import recognise
from songpop.albums.sent_list import write_content
from songpop.albums.verdict import AlbumRecord, read_records
from songpop.audio_features import AUDIO_FEATURES
from songpop.errors import ModelError, SettingsError, SourceError, WarehouseError
from songpop.features import conform
from songpop.features.assumed_dates import assume_dates, describe_assumed
from songpop.loading import headers, input_files, read_input, validation_sql
from songpop.loading.input_files import SourceFile
from songpop.loading.input_schemas import RELEASES
from songpop.loading.load import save_rows
from songpop.loading.normalise import normalise
from songpop.loading.read_input import Incoming
from songpop.loading.rejects import set_aside_broken, set_aside_repeated
from songpop.published.artists import find_artists, find_genres
from songpop.settings import Settings

Origin = Literal["new release", "known tracks", "file"]
# the model frame that each sort of album comes from, new releases first
_FRAMES: dict[str, Origin] = {"releases": "new release", "training": "known tracks"}

MIN_SONGS = 2
# a file of more songs is no album
MAX_SONGS = 500
# of a list that is sent as content, as a page sends it
MAX_SENT_SONGS = 200
_SHOWN_NEAR = 5
_SHOWN_LINES = 3
_SHOWN_COLUMNS = 5
# what the songs of one album share: a blank cell among them is a gap in the file, and no difference between the songs
_SHARED = ("album_id", "album_name", "release_date", "year", "genre")
_SENT = "the list"


@dataclass(frozen=True)
class Reject:
    """A line of an album's file that was left out, with the reason."""

    line: int
    reason: str
    content: str | None


@dataclass(frozen=True)
class AlbumInput:
    """The songs of one album.

    Attributes:
        frame: one row a song, in the order of the file or of the ids, columns of the model frame; with `popularity`
            of known tracks.
        album_id, album_name, artist_name: None where unknown; all artists, in the order of the songs.
        origin: where the songs come from.
        champion: the model version that scores now.
        records: how often its picks were right, by kind of album.
        evidence: of the song most is known of, where the readers' file says so.
        rejects: lines of the file that were left out.
        notes: what was read otherwise than it was written.
        is_synthetic: whether the tracks of the readers' file are made up.
    """

    frame: pl.DataFrame
    album_id: str | None
    album_name: str | None
    artist_name: str
    origin: Origin
    champion: str
    records: tuple[AlbumRecord, ...] = ()
    evidence: str | None = None
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    is_synthetic: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """Return what a reader should know of the album, without its songs."""
        return {
            "album_id": self.album_id,
            "album_name": self.album_name,
            "artist_name": self.artist_name,
            "origin": self.origin,
            "n_songs": self.frame.height,
        }


def read_album(settings: Settings, album_id: str) -> AlbumInput:
    """Read an album from the readers' file: its new releases, or else its tracks of known popularity.

    Args:
        settings: say where the readers' file is.
        album_id: the album's id, or its name where one album alone has it.

    Raises:
        SettingsError: there is no such album, or it has one song only; the message names near ones.
        ModelError: there is no champion.
        WarehouseError: nothing was published yet, or by a version that had no such tables.
    """
    with _published(settings) as con:
        _champion(con)
        n_songs = 0
        namesakes = _ids_of_name(con, album_id)
        for wanted in (album_id, *(namesakes if len(namesakes) == 1 else ())):
            for name, origin in _FRAMES.items():
                frame = _songs(con, name, wanted)
                n_songs = max(n_songs, frame.height)
                if frame.height >= MIN_SONGS:
                    return _album(con, frame, origin, _known_evidence(con, wanted, origin))
        near = con.execute(_lookup("similar_albums"), {"wanted": album_id, "limit": _SHOWN_NEAR}).fetchall()
    rows = [row for row in near if row[0] != album_id]
    of_the_name = [row for row in rows if row[0] in namesakes]
    if of_the_name:
        raise SettingsError(
            f"An album must be asked for by its id where several have its name, however {len(namesakes)} are called "
            f"'{album_id}':{_listed(of_the_name)}"
        )
    seen = "it has one song only" if n_songs else f"there is no '{album_id}'"
    raise SettingsError(
        f"An album must be one of two songs or more in {settings.published}, however {seen}."
        + (
            f" Near it are:{_listed(rows)}"
            if rows
            else " `songpop export singles` lists the new albums with their ids."
        )
    )


def read_album_file(
    settings: Settings, source: Path | bytes, *, today: date, columns: Mapping[str, str] | None = None
) -> AlbumInput:
    """Read the songs of an unreleased album from a file of the releases format, without its bad lines.

    Args:
        settings: say where the readers' file is; it knows the artists' popularity and who scores.
        source: a path, or the content of a CSV file or a workbook.
        today: no song may be of a later year than the next, and one without a date counts as of this day.
        columns: declared column to header name, set by hand.

    Raises:
        SettingsError: `columns` names a column that is not declared.
        SourceError: it is not a releases file, or holds fewer than two good songs or more than one album.
        ModelError: there is no champion.
        WarehouseError: nothing was published yet, or by a version that had no such tables.
    """
    by_hand = dict(columns or {})
    headers.check_by_hand(by_hand)
    with _published(settings) as con, tempfile.TemporaryDirectory(prefix="songpop-album-") as scratch:
        _champion(con)
        is_path = isinstance(source, Path)
        path = source if isinstance(source, Path) else write_content(Path(scratch), source)
        name = source.name if isinstance(source, Path) else _SENT
        file = input_files.open_source(
            path, Path(scratch), entity=RELEASES, by_hand=by_hand, shown_name=None if is_path else _SENT
        )
        headers.refuse_unfound(by_hand, {name: (RELEASES, file.header)})
        file = input_files.understand(file, RELEASES, by_hand)
        frame, rejects, unread = _read_rows(settings, file, name, today)
        _refuse_no_album(frame, rejects, name)
        frame, renamed = _with_artists(con, frame)
        frame, filled = _fill_shared(frame)
        frame, known = recognise(con, frame)
        frame, shared = _fill_shared(frame)
        notes = (*unread, *renamed, *filled, *known, *shared)
        return _album(con, assume_dates(conform(frame), today), "file", rejects=rejects, notes=notes)


def template() -> str:
    """Return a CSV with the header of an album's file and two made-up songs, one with every column and one with few.

    What an album's songs share stands in both, as a blank would set them apart.
    """
    full = {"artist_name": "Your Artist", "track_name": "First Song", "album_name": "Your Album"}
    full |= {"release_date": "2026-12-04", "genre": "pop"}
    full |= {feature.name: feature.example for feature in AUDIO_FEATURES}
    short = {"artist_name": "Your Artist", "track_name": "Second Song (feat. A Guest)", "album_name": "Your Album"}
    short |= {name: full[name] for name in ("release_date", "genre")}
    names = [name for name in RELEASES.names if name in full]
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in (full, short))]
    return "\n".join(lines) + "\n"


def _published(settings: Settings) -> duckdb.DuckDBPyConnection:
    return warehouse.open_file(settings.published, settings, read_only=True)


def _champion(con: duckdb.DuckDBPyConnection) -> str:
    try:
        champion = ledger.champion_version(con)
        for name in _FRAMES:
            con.execute(f"from ({resources.sql_path('frames', name).read_text()}) limit 0")
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise WarehouseError(
            "The published file must hold the marts of this version, however it does not. Run `songpop nightly`."
        ) from error
    if champion is None:
        raise ModelError("Choosing a single must have a champion, however none was trained yet. Run `songpop train`.")
    return champion


def _songs(con: duckdb.DuckDBPyConnection, name: str, album_id: str) -> pl.DataFrame:
    frame = con.sql(resources.sql_path("frames", name).read_text())
    return frame.filter(duckdb.ColumnExpression("album_id") == duckdb.ConstantExpression(album_id)).pl()


def _ids_of_name(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Return the ids of the albums of this name: of the new releases, and where none has it of the known tracks."""
    rows = queries.read_rows(con, "lookups", "albums_by_name", album_name=name, min_songs=MIN_SONGS)
    return [row["album_id"] for row in rows if row["is_release"] == rows[0]["is_release"]]


def _listed(albums: Iterable[tuple[Any, ...]]) -> str:
    return "".join(f"\n  {row[0]}  {row[1] or 'without a name'} – {row[2]}, {row[3]} songs" for row in albums)


def _lookup(name: str) -> str:
    return resources.sql_path("lookups", name).read_text()


def _known_evidence(con: duckdb.DuckDBPyConnection, album_id: str, origin: Origin) -> str | None:
    """Return what the lists say is known of a new album; None of an album that they don't have."""
    row = queries.read_one(con, "lookups", "album_evidence", album_id=album_id) if origin == "new release" else None
    return row["evidence"] if row else None


def _album(
    con: duckdb.DuckDBPyConnection,
    frame: pl.DataFrame,
    origin: Origin,
    evidence: str | None = None,
    rejects: tuple[Reject, ...] = (),
    notes: tuple[str, ...] = (),
) -> AlbumInput:
    first = {name: next(iter(frame[name].drop_nulls()), None) for name in ("album_id", "album_name")}
    champion = _champion(con)
    return AlbumInput(
        frame,
        first["album_id"],
        first["album_name"],
        ", ".join(frame.unique("artist_key", keep="first", maintain_order=True)["artist_name"]),
        origin,
        champion,
        read_records(con, champion),
        evidence,
        rejects,
        tuple(note for note in (*notes, describe_assumed(conform(frame))) if note),
        is_synthetic=synthetic.is_synthetic(con),
    )


def _read_rows(
    settings: Settings, file: SourceFile, name: str, today: date
) -> tuple[pl.DataFrame, tuple[Reject, ...], tuple[str, ...]]:
    """Read the good rows as staging has them, in the file's order, the lines left out, and notes on what was read.

    A note names what was read otherwise than it was written, or not at all. The rows are loaded as a releases file is,
    into a raw table in memory.
    """
    if file.n_lines > 10 * MAX_SONGS:
        raise SourceError(
            f"An album's file must hold at most {MAX_SONGS} songs, however {name} has {file.n_lines:,} lines. "
            "Use `songpop score --releases` for lists of releases."
        )
    with duckdb.connect(config=warehouse.connection_config(settings)) as con:
        con.execute("create schema raw")
        con.execute(resources.sql_path("raw", "files__releases").read_text())
        read = read_input.read_file(con, file, most_unreadable=file.n_lines)
        read, changes = normalise(con, read, RELEASES, last_year=today.year + 1)
        notes = (*_note_readings(file, read), *changes.sentences(name))
        read = read_input.make_track_ids(con, read)
        set_aside_broken(con, read, RELEASES, file, last_year=today.year + 1)
        set_aside_repeated(con, read, RELEASES, file)
        rows = con.execute("select line, reason, content from set_aside order by line").fetchall()
        rejects = tuple(Reject(line, _plain(why), content) for line, why, content in rows)
        save_rows(con, read, RELEASES, "file")
        staged = resources.sql_path("staging", "files__releases").read_text()
        return con.sql(f"from ({staged}) order by line").pl(), rejects, notes


def _note_readings(file: SourceFile, read: Incoming) -> tuple[str, ...]:
    """Say what was read otherwise than it was written, and name the columns that no song was read from."""
    notes = [input_files.describe_form(file), input_files.describe_names(file, read.doubted)]
    unknown = validation_sql.unknown_columns(read.columns, RELEASES)
    if unknown:
        named = headers.describe_unknown(unknown, read.columns, RELEASES, _SHOWN_COLUMNS)
        notes.append(f"Columns that were not read: {named}.")
    return tuple(note for note in notes if note)


def _plain(reason: str) -> str:
    """Leave out that no track_id could be made, where the title or the artist that it is made from is said to miss."""
    return reason.removeprefix("track_id must not be blank, however it is; ")


def _fill_shared(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Fill what all songs of an album share where it is known of some of them only, and say so."""
    shared = []
    for name in _SHARED:
        values = frame[name].drop_nulls().unique()
        if len(values) != 1:
            continue
        gap = pl.col(name).is_null()
        if name == "release_date":
            # a song of another year came out on a day of its own
            gap &= pl.col("year").fill_null(values[0].year) == values[0].year
        if not frame.select(gap.any()).item():
            continue
        columns = [name, "release_date_precision"] if name == "release_date" else [name]
        frame = frame.with_columns(
            pl.when(gap).then(pl.col(each).drop_nulls().first()).otherwise(each).alias(each) for each in columns
        )
        shared.append(name)
    frame = frame.with_columns(pl.coalesce("year", pl.col("release_date").dt.year()).alias("year"))
    if "release_date" in shared and "year" in shared:
        shared.remove("year")
    note = f"Blank for some songs, and taken from the others as an album shares it: {', '.join(shared)}."
    return frame, (note,) if shared else ()


def _refuse_no_album(frame: pl.DataFrame, rejects: tuple[Reject, ...], name: str) -> None:
    if frame.height < MIN_SONGS:
        shown = "; ".join(f"line {reject.line}: {reject.reason}" for reject in rejects[:_SHOWN_LINES])
        n_songs = ("no good song", "one good song")[frame.height]
        raise SourceError(
            f"A single must be chosen among two songs or more, however {name} holds {n_songs}"
            + (f" ({len(rejects):,} lines were left out; first: {shown})." if rejects else ".")
        )
    if name == _SENT and frame.height > MAX_SENT_SONGS:
        raise SourceError(f"A list must hold at most {MAX_SENT_SONGS} songs, however it holds {frame.height:,}.")
    if frame.height > MAX_SONGS:
        raise SourceError(
            f"An album's file must hold at most {MAX_SONGS} songs, however {name} has {frame.height:,}. Use `songpop "
            "score --releases` for lists of releases."
        )
    for column in ("album_id", "album_name"):
        albums = frame[column].drop_nulls().unique(maintain_order=True).to_list()
        keys = {names.fold_accents(names.artist_key(album)) if column == "album_name" else album for album in albums}
        if len(keys) > 1:
            shown = ", ".join(f"'{album}'" for album in albums[:5])
            raise SourceError(
                f"A file must hold one album, however {name} names {len(albums)} in {column} ({shown}). Give each a "
                "file of its own."
            )


def _with_artists(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Add what the readers' file knows of the artists, and the genres as its tracks spell them."""
    found = find_artists(con, frame["artist_name"].unique(maintain_order=True).to_list())
    genres = find_genres(con, frame["genre"].drop_nulls().unique(maintain_order=True).to_list())
    known = found.select("asked_name", "artist_key", "artist_id", "artist_popularity")
    joined = frame.join(known, left_on="artist_name", right_on="asked_name", how="left", maintain_order="left")
    joined = joined.join(genres, left_on="genre", right_on="written_genre", how="left", maintain_order="left")
    taken = [
        *((row["asked_name"], row["artist_name"]) for row in found.to_dicts()),
        *((row["written_genre"], row["genre"]) for row in genres.to_dicts()),
    ]
    notes = tuple(f"'{written}' is taken as '{name}'." for written, name in taken if written != name)
    own_keys = pl.Series([names.artist_key(name) for name in frame["artist_name"]], dtype=pl.String)
    return joined.with_columns(
        pl.col("artist_key").fill_null(own_keys),
        pl.coalesce("genre_right", "genre").alias("genre"),
        pl.coalesce(pl.col("year").cast(pl.Int32), pl.col("release_date").dt.year()).alias("year"),
    ).drop("genre_right", "is_known", "snapshot_id", "line"), notes
