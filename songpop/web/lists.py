"""The ranked lists as an address asks for them: filtered, searched, sorted, a page at a time, or whole as a file."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from songpop.errors import WarehouseError
from songpop.published import left_out
from songpop.published.left_out import EVIDENCE, LEAST_EVIDENCE, LeftOut
from songpop.web.published_reader import OTHER_VERSION, PublishedReader
from songpop.web.responses import BadRequest, filled, one_of, whole

if TYPE_CHECKING:
    import duckdb
    import polars as pl

PER_PAGE = (25, 50, 100, 200)
# as usual first
VERSIONS = ("false", "true")
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
_PARAMETER = re.compile(r"\$([a-z_]+)")
# every word is in one of the columns, in any case and without accents; as in sql/lookups/found_tracks.sql
_HOLDS = (
    "list_bool_and([contains(lower(strip_accents(concat_ws(' ', {columns}))), lower(strip_accents(word))) "
    "for word in $words])"
)
# as in sql/exports/releases.sql
_FOLDED = "qualify row_number() over (partition by recording_id order by version_number) = 1"


@dataclass(frozen=True)
class Heading:
    """One column of a list on the screen.

    Attributes:
        title: of the column.
        sorts: column that it sorts by, and whether its first click puts the highest first.
        shows: columns of the list that the cell is made of; a download of what is on screen holds these.
        kind: how the template draws it.
    """

    title: str
    sorts: str
    falls: bool
    shows: tuple[str, ...]
    kind: str
    is_wide: bool = False


_SCORE = Heading("Score and 90 % interval", "score", True, ("score", "score_low", "score_high"), "score")
_TRACK = Heading(
    "Track",
    "track_name",
    False,
    ("track_name", "artist_name", "album_name", "is_artist_known", "n_versions", "evidence"),
    "track",
)
_GENRE = Heading("Genre", "genre", False, ("genre",), "text", True)
_RELEASED = Heading("Released", "release_date", True, ("release_date", "is_date_assumed"), "date", True)
_REACH = Heading("Artist's popularity", "artist_popularity", True, ("artist_popularity",), "whole", True)
_MOVED = Heading("Change", "rank_change", True, ("previous_rank", "rank_change"), "change")
_CHANGE = replace(_MOVED, is_wide=True)
_POINTS = Heading("Points", "score_change", True, ("previous_score", "score_change"), "number")
_PERCENTILE = Heading("Percentile in genre", "percentile_in_genre", True, ("percentile_in_genre",), "percentile", True)
_DRIVERS = Heading("What moves it", "drivers", False, ("drivers",), "drivers", True)
_RANK = Heading("Rank", "rank", False, ("rank",), "rank")
# in the order of ranks, which count every version and every release of little evidence
_PLACE = Heading("Place", "rank", False, ("place", "rank"), "place")
_TRACKS = (_PLACE, _CHANGE, _TRACK, _SCORE, _PERCENTILE, _GENRE, _RELEASED, _REACH, _DRIVERS)


@dataclass(frozen=True)
class RankedList:
    """A list: its query in `sql/exports/`, what it shows, and which columns are searched.

    Attributes:
        order: its own order, in which rows that are equal otherwise stand.
        has_versions: whether its rows are releases, of which each may be a version of a recording.
    """

    name: str
    title: str
    description: str
    headings: tuple[Heading, ...]
    searched: tuple[str, ...]
    order: str
    nothing: str
    has_versions: bool = False


_TRACK_TEXTS = ("track_name", "artist_name", "album_name")
LISTS: dict[str, RankedList] = {
    "releases": RankedList(
        "releases",
        "New releases",
        "Scored new releases, the highest score first; each recording once.",
        _TRACKS,
        _TRACK_TEXTS,
        '"rank"',
        "No new release fits.",
        has_versions=True,
    ),
    "singles": RankedList(
        "singles",
        "Singles",
        "For each new album, the song most likely to become its most popular one.",
        (
            Heading("Single", "single_track_name", False, ("single_track_name", "artist_name", "evidence"), "single"),
            Heading(
                "Verdict",
                "verdict",
                False,
                ("verdict", "record_n_albums", "record_right_share", "record_chance_share"),
                "verdict",
            ),
            Heading("Chance to be best", "p_best", True, ("p_best",), "chance"),
            Heading(
                "Score and 90 % interval", "single_score", True, ("single_score", "score_low", "score_high"), "score"
            ),
            Heading(
                "Album", "album_name", False, ("album_name", "n_tracks", "n_album_tracks", "is_fragment"), "album", True
            ),
            Heading("Runner-up", "runner_up_track_name", False, ("runner_up_track_name",), "text", True),
            _GENRE,
            _RELEASED,
        ),
        ("single_track_name", "artist_name", "album_name", "runner_up_track_name"),
        "single_score desc, album_id",
        "No new album of two or more songs fits.",
    ),
    "artists": RankedList(
        "artists",
        "Artists",
        "Artists with a new release, by the score of their best one.",
        (
            _RANK,
            Heading("Artist", "artist_name", False, ("artist_name",), "artist"),
            Heading("Best score", "best_score", True, ("best_score",), "number"),
            Heading("Best release", "best_track_name", False, ("best_track_name",), "text"),
            Heading("New releases", "n_releases", True, ("n_releases",), "whole", True),
            _REACH,
            Heading("Earlier tracks", "n_tracks", True, ("n_tracks",), "whole", True),
            Heading("Their mean popularity", "mean_popularity", True, ("mean_popularity",), "number", True),
            Heading("Last year", "last_year", True, ("last_year",), "year", True),
        ),
        ("artist_name", "best_track_name"),
        '"rank"',
        "No artist fits.",
    ),
    "movers": RankedList(
        "movers",
        "Movers",
        "The releases that moved most since the run before among those of both lists, risers first.",
        (_MOVED, _POINTS, _RANK, *(heading for heading in _TRACKS if heading not in (_CHANGE, _PLACE))),
        _TRACK_TEXTS,
        'rank_change desc, score_change desc, "rank"',
        "No release has moved: there is no earlier run to compare with, or nothing fits.",
        has_versions=True,
    ),
}


@dataclass(frozen=True)
class ListQuery:
    """Which list, and what of it.

    Attributes:
        filters: parameters of the list's query, None leaves one out, or evidence and versions as usual.
        usual_evidence: the least evidence of its rows, where the address does not say.
        q: text to find in titles, artists and albums.
        sort: column, `falling` whether the highest comes first; None is the list's own order.
    """

    listed: RankedList
    filters: dict[str, Any]
    q: str | None
    sort: str | None
    falling: bool
    page: int
    per_page: int
    usual_evidence: str = LEAST_EVIDENCE

    @property
    def evidence(self) -> str:
        """Return the least evidence that its rows have."""
        return str(self.filters["evidence"] or self.usual_evidence)

    def to_address(self, **other: Any) -> str:
        """Write this as the query of an address, with some of it changed; what is as usual is left out."""
        values = {name: _text(value) for name, value in self.filters.items()} | {
            "q": self.q,
            "sort": None if self.sort is None else ("-" if self.falling else "") + self.sort,
            "page": None if self.page == 1 else self.page,
            "per_page": None if self.per_page == PER_PAGE[1] else self.per_page,
        }
        values |= other
        return urlencode({name: value for name, value in values.items() if value is not None})


def read_query(name: str, query: Mapping[str, str], usual_evidence: str = LEAST_EVIDENCE) -> ListQuery:
    """Read from the query of an address what of a list is wanted, with so much evidence where it does not say.

    Raises:
        BadRequest: there is no such list or column, or a filter is not of its kind.
    """
    if name not in LISTS:
        raise BadRequest(f"A list must be one of {', '.join(LISTS)}, however it is '{name[:40]}'.", 404)
    query = filled(query)
    listed = LISTS[name]
    sort = query.get("sort")
    columns = [heading.sorts for heading in listed.headings]
    evidence = one_of(query, "evidence", (usual_evidence, *(each for each in EVIDENCE if each != usual_evidence)))
    if sort is not None and sort.lstrip("-") not in columns:
        raise BadRequest(
            f"sort must be one of {', '.join(columns)}, with a - for the highest first, however it is '{sort[:40]}'."
        )
    return ListQuery(
        listed,
        {
            "genre": query.get("genre"),
            "artist": query.get("artist"),
            "since": _day(query, "since"),
            "until": _day(query, "until"),
            "min_score": _number(query, "min_score"),
            # what is as usual is left out, so that addresses stay short
            "evidence": None if evidence == usual_evidence else evidence,
            "versions": True if one_of(query, "versions", VERSIONS) == VERSIONS[True] else None,
        },
        query.get("q"),
        sort.lstrip("-") if sort else None,
        sort is not None and sort.startswith("-"),
        whole(query, "page", 1, 1, 1_000_000),
        whole(query, "per_page", PER_PAGE[1], 1, PER_PAGE[-1]),
        usual_evidence,
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return VERSIONS[value]
    return value.isoformat() if isinstance(value, date) else f"{value:g}" if isinstance(value, float) else str(value)


def _day(query: Mapping[str, str], name: str) -> date | None:
    if name not in query:
        return None
    try:
        return date.fromisoformat(query[name])
    except ValueError:
        raise BadRequest(f"{name} must be a date of the form YYYY-MM-DD, however it is '{query[name][:40]}'.") from None


def _number(query: Mapping[str, str], name: str) -> float | None:
    if name not in query:
        return None
    try:
        value = float(query[name])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise BadRequest(f"{name} must be a number from 0 to 100, however it is '{query[name][:40]}'.")
    return value


class ListPage(NamedTuple):
    """One page of a list.

    Attributes:
        frame: its rows.
        n_rows: how many rows fit, on all pages.
        page: which one it is, the last where there are fewer.
        missing: what of the rows that fit the list leaves out.
    """

    frame: "pl.DataFrame"
    n_rows: int
    page: int
    missing: LeftOut


def read_page(reader: PublishedReader, query: ListQuery) -> ListPage:
    """Read one page of a list.

    Raises:
        WarehouseError: the published file lacks columns of the list.
    """
    sql, parameters = _sql(query)
    with reader.reading() as con:
        n_rows = con.execute(f"select count(*) from ({sql})", parameters).fetchall()[0][0]
        page = min(query.page, max(-(-n_rows // query.per_page), 1))
        places = {"n_shown": query.per_page, "n_before": (page - 1) * query.per_page}
        paged = f"{sql} {_order(query)} limit $n_shown offset $n_before"
        frame = _with_all_columns(con.execute(paged, parameters | places).pl(), query.listed)
        return ListPage(frame, n_rows, page, _count_left_out(con, query, n_rows))


def _count_left_out(con: "duckdb.DuckDBPyConnection", query: ListQuery, n_shown: int) -> LeftOut:
    def count_rows(evidence: str, versions: bool) -> int:
        filters = query.filters | {"evidence": evidence, "versions": versions}
        sql, parameters = _sql(replace(query, filters=filters))
        n_rows: int = con.execute(f"select count(*) from ({sql})", parameters).fetchall()[0][0]
        return n_rows

    return left_out.count(count_rows, n_shown, evidence=query.evidence, versions=query.filters["versions"])


def read_whole(reader: PublishedReader, query: ListQuery) -> "pl.DataFrame":
    """Read all rows of a list that fit, in the order of the screen.

    Raises:
        WarehouseError: the published file lacks columns of the list.
    """
    sql, parameters = _sql(query)
    with reader.reading() as con:
        return _with_all_columns(con.execute(f"{sql} {_order(query)}", parameters).pl(), query.listed)


def _with_all_columns(frame: "pl.DataFrame", listed: RankedList) -> "pl.DataFrame":
    """Return a list as it is, refused where a file of an earlier version lacks a column that is shown."""
    if not {name for heading in listed.headings for name in heading.shows} <= set(frame.columns):
        raise WarehouseError(OTHER_VERSION)
    return frame


def on_screen(frame: "pl.DataFrame", listed: RankedList) -> "pl.DataFrame":
    """Keep the columns that the screen shows, in its order, with the ids that rows are known by."""
    names = [name for heading in listed.headings for name in heading.shows]
    ids = [name for name in ("track_id", "single_track_id", "album_id", "artist_id") if name in frame.columns]
    return frame.select(list(dict.fromkeys([*names, *ids])))


def write_file(reader: PublishedReader, frame: "pl.DataFrame", query: ListQuery, file_format: str) -> bytes:
    """Write a list as a file in one of FORMATS."""
    from songpop.published import exports
    from songpop.published.list_definition import Filters

    chosen = {name: value for name, value in query.filters.items() if value is not None}
    notes = {}
    if file_format == "xlsx":
        with reader.reading() as con:
            sql, parameters = _sql(query)
            n_rows = con.execute(f"select count(*) from ({sql})", parameters).fetchall()[0][0]
            missing = _count_left_out(con, query, n_rows)
        notes = exports.list_notes(reader.settings, query.listed.name, Filters(**chosen), missing)
        notes |= {"Search": query.q} if query.q else {}
        notes |= {"Sorted by": f"{query.sort}{', highest first' if query.falling else ''}"} if query.sort else {}
    file = io.BytesIO()
    exports.write_list(frame, file, file_format, notes=notes)
    return file.getvalue()


def _sql(query: ListQuery) -> tuple[str, dict[str, Any]]:
    """Return the list's own query with what of it holds the text that is searched for, and its parameters."""
    from songpop import resources

    sql = resources.sql_path("exports", query.listed.name).read_text()
    # a filter that no control sets is left out
    parameters: dict[str, Any] = {name: query.filters.get(name) for name in set(_PARAMETER.findall(sql))}
    parameters["evidence"] = query.evidence
    if not query.q:
        return f"select * from ({sql}\n) as listed", parameters
    columns = ", ".join(f'"{name}"' for name in query.listed.searched)
    found = f"select * from ({sql}\n) as listed where {_HOLDS.format(columns=columns)}"
    parameters["words"] = query.q.split()
    if query.listed.has_versions and not query.filters["versions"]:
        # of the versions that hold the words, not of all
        parameters["versions"] = True
        found += f" {_FOLDED}"
    return found, parameters


def _order(query: ListQuery) -> str:
    """Write the order; the column is one of the list's own, and equal rows stay in the order of an export."""
    if query.sort is None:
        return ""
    return f'order by "{query.sort}" {"desc" if query.falling else "asc"} nulls last, {query.listed.order}'
