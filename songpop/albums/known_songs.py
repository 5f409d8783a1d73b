"""Recognise songs of a list that the readers' file knows, which bring what the list does not say of them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from songpop import names, queries, resources
from songpop.audio_features import AUDIO_FEATURES

# what a known song brings where the list has a blank; a date it brings not, for the album comes out on another
BROUGHT = (*(feature.name for feature in AUDIO_FEATURES), "genre")
_FRAMES = ("training", "releases")
_GUESTS = re.compile(
    r"\s*[(\[]\s*(?:feat|ft|featuring|with)\b[^)\]]*[)\]]|\s+(?:feat|ft|featuring)\b\.?\s.*$", re.IGNORECASE
)
# an artist has many of these: they are known on their album alone; as in sql/marts/release_titles.sql
_COMMON = re.compile(
    r"(intro|introduction|outro|interlude|skit|untitled|prelude|epilogue|segue|freestyle|bonus|track|bonus track|"
    r"instrumental|overture|finale)( \d+)?"
)
_SIGNS = re.compile(r"[\W_]+")
_SHOWN = 5


@dataclass(frozen=True)
class _Known:
    """What the readers' file knows that may be a song of the list."""

    by_id: dict[str, dict[str, Any]]
    by_code: dict[str, list[str]]
    by_title: dict[tuple[str, str], list[str]]


def recognise(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Recognise songs by their id, else by ISRC, else by artist and title, where one song alone fits.

    Remarks tell songs apart (a remix is another one), guests do not. An id counts where artist or title is the same.

    Args:
        con: the readers' file.
        frame: the songs of one album, with `isrc` and `artist_key`.

    Returns:
        The frame with BROUGHT filled where it was blank, `popularity` as last seen of known tracks, and
        `n_album_tracks` as the readers' file knows it of the same album, and notes that say what was taken.
    """
    known = _read_known(con, frame)
    rows = frame.to_dicts()
    found, doubtful = _match(rows, known)
    brought = [known.by_id[track_id] if track_id else {} for track_id in found]
    filled = [
        pl.coalesce(name, pl.Series(name, [song.get(name) for song in brought], dtype=frame.schema[name]))
        for name in BROUGHT
    ]
    seen = pl.Series("popularity", [song.get("popularity") for song in brought], dtype=pl.Int64)
    n_tracks = max(frame.height, *_album_sizes(con, rows, brought))
    notes = (*_describe(rows, brought), *doubtful)
    return frame.with_columns(*filled, seen, pl.lit(n_tracks, pl.Int32).alias("n_album_tracks")), notes


def _read_known(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> _Known:
    codes = queries.read_rows(con, "lookups", "tracks_by_isrc", codes=frame["isrc"].drop_nulls().unique().to_list())
    by_code: dict[str, list[str]] = {}
    for row in codes:
        by_code.setdefault(row["isrc"], []).append(row["track_id"])
    ids = [*frame["track_id"].to_list(), *(row["track_id"] for row in codes)]
    by_id: dict[str, dict[str, Any]] = {}
    for name in _FRAMES:
        songs = con.sql(resources.sql_path("frames", name).read_text())
        wanted = _is_in("track_id", ids) | _is_in("artist_key", frame["artist_key"].unique().to_list())
        for row in songs.filter(wanted).pl().to_dicts():
            by_id.setdefault(row["track_id"], row)  # the tracks come first: they have a popularity
    by_title: dict[tuple[str, str], list[str]] = {}
    for track_id, row in by_id.items():
        by_title.setdefault(_song(row), []).append(track_id)
    return _Known(by_id, by_code, by_title)


def _is_in(column: str, values: Iterable[str]) -> duckdb.Expression:
    return duckdb.ColumnExpression(column).isin(*(duckdb.ConstantExpression(value) for value in values))


def _match(rows: list[dict[str, Any]], known: _Known) -> tuple[list[str | None], list[str]]:
    """Return the id of the known song that each row is, None where it is none, and a note a row that may be several."""
    found: list[str | None] = [None] * len(rows)
    notes = []
    # what is sure takes a known song before what only has its name
    for sources in ((_by_id, _by_code), (_by_title,)):
        taken = {track_id for track_id in found if track_id}
        matches: dict[int, str] = {}
        for number, row in enumerate(rows):
            candidates = [] if found[number] else next(filter(None, (source(row, known) for source in sources)), [])
            fits = _on_the_album(row, [one for one in candidates if one not in taken], known)
            if len(fits) == 1:
                matches[number] = fits[0]
            elif fits and sources == (_by_title,):
                notes.append(f"'{row['track_name']}' may be any of {len(fits)} known songs, so none of them is taken.")
        for number, track_id in matches.items():
            if list(matches.values()).count(track_id) == 1:
                found[number] = track_id
    return found, notes


def _by_id(row: dict[str, Any], known: _Known) -> list[str]:
    song = known.by_id.get(row["track_id"])
    if song is None or not any(mine == its for mine, its in zip(_song(row), _song(song), strict=True)):
        return []
    return [row["track_id"]]


def _by_code(row: dict[str, Any], known: _Known) -> list[str]:
    return [track_id for track_id in known.by_code.get(row["isrc"], []) if track_id in known.by_id]


def _by_title(row: dict[str, Any], known: _Known) -> list[str]:
    key = _song(row)
    candidates = known.by_title.get(key, [])
    if _COMMON.fullmatch(key[1]):
        return [one for one in candidates if _is_same_album(row, known.by_id[one])]
    return candidates


def _on_the_album(row: dict[str, Any], candidates: list[str], known: _Known) -> list[str]:
    """Keep of several songs those of the same album, where there is one."""
    of_album = [one for one in candidates if _is_same_album(row, known.by_id[one])]
    return of_album if len(candidates) > 1 and of_album else candidates


def _is_same_album(row: dict[str, Any], song: dict[str, Any]) -> bool:
    if row["album_id"] is not None and row["album_id"] == song["album_id"]:
        return True
    name, its = row["album_name"], song["album_name"]
    return name is not None and its is not None and _folded(name) == _folded(its)


def _song(row: dict[str, Any]) -> tuple[str, str]:
    return row["artist_key"], _folded(_GUESTS.sub("", row["track_name"] or ""))


def _folded(text: str) -> str:
    plain = names.fold_accents(unicodedata.normalize("NFKC", text).casefold())
    return _SIGNS.sub(" ", plain).strip() or plain.strip()


def _album_sizes(
    con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], brought: list[dict[str, Any]]
) -> list[int]:
    """Return how many tracks the readers' file knows of the list's own album, and of that of its known songs."""
    ids = list({row["album_id"] for row in rows} - {None})
    sizes = queries.read_rows(con, "lookups", "album_sizes", album_ids=ids)
    of_known = [
        song["n_album_tracks"]
        for row, song in zip(rows, brought, strict=True)
        if song and song["n_album_tracks"] and _is_same_album(row, song)
    ]
    return [*(row["n_album_tracks"] for row in sizes), *of_known, 0]


def _describe(rows: list[dict[str, Any]], brought: list[dict[str, Any]]) -> list[str]:
    shown = []
    is_filled = False
    for row, song in zip(rows, brought, strict=True):
        if song:
            seen = song.get("popularity")
            shown.append(f"'{row['track_name']}'" + ("" if seen is None else f" (popularity {seen})"))
            is_filled |= any(row[name] is None and song[name] is not None for name in BROUGHT)
    if not shown:
        return []
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    verb = "song is" if len(rows) == 1 else "songs are" if len(shown) > 1 else "songs is"
    taken = "; what the list does not say of their sound and genre is taken from there" if is_filled else ""
    return [f"{len(shown)} of {len(rows)} {verb} known: {', '.join(shown[:_SHOWN])}{more}{taken}."]
