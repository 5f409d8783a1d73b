"""The JSON API: each operation declared once, with what it takes and gives, and its handler."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from songpop.clock import local_today, utc_now
from songpop.published.left_out import EVIDENCE
from songpop.scoring import what_if_inputs
from songpop.web import albums, lists, quality, searching, song_scores
from songpop.web.controls import CONTROLS, NAMES, written
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest, Data, Download, Request, Response, one_of, whole
from songpop.web.schemas import Schema, ref

ROOT = "/api/v1"
_LISTS = list(lists.LISTS)
# what of a list a file holds, as usual first
_ROWS = ("all", "page")
_COLUMNS = ("screen", "all")
# media types of Excel's new and old form, and of OpenDocument's
_WORKBOOKS = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
)


@dataclass(frozen=True)
class Operation:
    """One operation of the API.

    Attributes:
        path: below ROOT, with `{name}` for what varies.
        handler: responds to a request, given the parts of its path.
        response: schema of the response; media types instead where it is a file.
        query: name, schema and description of each argument of the address.
        body: media type and schema of what is sent.
        example: arguments, body and parts of the path of a call that works.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Callable[..., Response]
    response: str | tuple[str, ...]
    query: tuple[tuple[str, Schema, str], ...] = ()
    parts: Mapping[str, Schema] = field(default_factory=dict)
    body: Mapping[str, Schema] = field(default_factory=dict)


def read_song(request: Request, known: tuple[str, ...]) -> dict[str, Any]:
    """Read a JSON object that was sent.

    Raises:
        BadRequest: it is none, or holds names that are not known.
    """
    if request.kind != "application/json":
        raise BadRequest(f"The body must be application/json, however it is '{request.kind[:60]}'.", 415)
    try:
        sent = json.loads(request.body or b"{}")
        # half of a surrogate pair is JSON, and no text
        json.dumps(sent, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body must be JSON, however it is not: {error}.") from error
    if not isinstance(sent, dict) or not isinstance(sent.get("values", {}), dict):
        raise BadRequest('The body must be an object such as {"values": {"tempo": 120}}, however it is not.')
    if unknown := sorted(set(sent) - set(known)):
        raise BadRequest(f"The body may hold {', '.join(known)}, however it holds '{unknown[0][:40]}'.")
    if not isinstance(sent.get("track_id"), str | None):
        raise BadRequest("track_id must be a text, however it is not.")
    odd = [name for name, value in sent.get("values", {}).items() if not _is_plain(value)]
    if odd:
        raise song_scores.BadValues({odd[0]: f"{odd[0][:40]} must be a text, a number or null, however it is not."})
    return sent


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def _begin(reader: PublishedReader, sent: Mapping[str, Any]) -> tuple[song_scores.Beginning, dict[str, Any], list[str]]:
    """Return what a song begins with, what was changed about it, and what to say about that.

    Raises:
        BadValues: a value breaks the rule of its column, or there is no such column.
    """
    beginning = song_scores.begin(reader, sent.get("track_id"))
    entered = song_scores.read_values(reader, beginning.row, sent.get("values", {}))
    if entered.faults:
        raise song_scores.BadValues(entered.faults)
    return beginning, entered.changes, entered.notes


def _health(reader: PublishedReader, request: Request) -> Response:
    edition = reader.edition()
    return Data(
        {
            "status": "ok",
            "as_of_date": edition.as_of_date,
            "model_version": edition.champion,
            "n_releases": edition.n_releases,
        }
    )


def _features(reader: PublishedReader, request: Request) -> Response:
    model = reader.champion()
    features = [
        {
            "name": control.name,
            "label": control.label,
            "rule": what_if_inputs.SETTABLE[control.name].rule,
            "unit": what_if_inputs.SETTABLE[control.name].unit,
            "low": control.low if control.kind == "slider" else None,
            "high": control.high if control.kind == "slider" else None,
            "experience": model.experience.get(control.name),
        }
        for control in CONTROLS
    ]
    return Data({"features": features, "genres": model.encoder.genres})


def _search_text(request: Request) -> str:
    text = request.query.get("q", "").strip()
    if not 0 < len(text) <= 200:
        raise BadRequest("q must be a text of 1 to 200 characters, however it is not.")
    return text


def _tracks(reader: PublishedReader, request: Request) -> Response:
    return Data(
        {"tracks": searching.find_tracks(reader, _search_text(request), whole(request.query, "limit", 8, 1, 50))}
    )


def _albums(reader: PublishedReader, request: Request) -> Response:
    return Data(
        {"albums": searching.find_albums(reader, _search_text(request), whole(request.query, "limit", 8, 1, 50))}
    )


def _artists(reader: PublishedReader, request: Request) -> Response:
    return Data(
        {"artists": searching.find_artists(reader, _search_text(request), whole(request.query, "limit", 8, 1, 50))}
    )


def _track(reader: PublishedReader, request: Request, track_id: str) -> Response:
    beginning = song_scores.begin(reader, track_id)
    assert beginning.track is not None
    row = beginning.row
    return Data({**beginning.track.facts, "values": {name: row[name] for name in NAMES}})


def _score(reader: PublishedReader, request: Request) -> Response:
    return Data(song_scores.score_song(reader, *_begin(reader, read_song(request, ("track_id", "values")))))


def _sweep(reader: PublishedReader, request: Request) -> Response:
    sent = read_song(request, ("track_id", "values", "feature"))
    if not isinstance(sent.get("feature"), str):
        raise BadRequest('feature must be the name of one, as in {"feature": "tempo"}, however it is not.')
    beginning, changes, _ = _begin(reader, sent)
    return Data(song_scores.sweep_song(reader, beginning, changes, sent["feature"]))


def _album(reader: PublishedReader, request: Request, album_id: str) -> Response:
    return Data(albums.rank_known(reader, album_id))


def _single(reader: PublishedReader, request: Request) -> Response:
    if request.kind not in ("text/csv", "text/plain", "text/tab-separated-values", *_WORKBOOKS):
        raise BadRequest(f"The body must be text/csv or a workbook, however it is '{request.kind[:60]}'.", 415)
    return Data(albums.rank_sent(reader, request.body, today=local_today()))


def _template(reader: PublishedReader, request: Request) -> Response:
    return Download(albums.template().encode(), "text/csv; charset=utf-8", "album.csv")


def _list(reader: PublishedReader, request: Request, name: str) -> Response:
    query = lists.read_query(name, request.query, reader.usual_evidence)
    found = lists.read_page(reader, query)
    return Data(
        {
            "name": name,
            "n_rows": found.n_rows,
            "page": found.page,
            "n_pages": max(-(-found.n_rows // query.per_page), 1),
            "per_page": query.per_page,
            "evidence": found.missing.evidence,
            "versions": bool(query.filters["versions"]),
            "is_trusted": reader.edition().adjustment.is_trusted,
            "remarks": reader.edition().adjustment.remarks,
            "n_left_out": found.missing.n_rows,
            "n_versions_folded": found.missing.n_versions,
            "rows": found.frame.to_dicts(),
        }
    )


def download(reader: PublishedReader, request: Request, name: str, file_format: str) -> Response:
    """Respond with a list as a file: every row that fits, in the order of the screen, or its page only."""
    query = lists.read_query(name, request.query, reader.usual_evidence)
    if file_format not in lists.FORMATS:
        raise BadRequest(
            f"A format must be one of {', '.join(lists.FORMATS)}, however it is '{file_format[:40]}'.", 404
        )
    only_page = one_of(request.query, "rows", _ROWS) == "page"
    only_shown = one_of(request.query, "columns", _COLUMNS) == "screen"
    frame = lists.read_page(reader, query).frame if only_page else lists.read_whole(reader, query)
    if only_shown:
        frame = lists.on_screen(frame, query.listed)
    file = lists.write_file(reader, frame, query, file_format)
    as_of = written(reader.edition().as_of_date)
    return Download(file, lists.FORMATS[file_format], f"{name}-{as_of}.{file_format}")


def _quality(reader: PublishedReader, request: Request) -> Response:
    return Data(quality.read_quality(reader, now=utc_now().replace(tzinfo=UTC)))


_TEXT: Schema = {"type": "string"}
_Q = ("q", {"type": "string", "minLength": 1, "maxLength": 200}, "Words that title, artist or name must hold")
_LIMIT = ("limit", {"type": "integer", "minimum": 1, "maximum": 50, "default": 8}, "How many at most")
_LIST_QUERY = (
    ("genre", _TEXT, "Only this genre"),
    ("artist", _TEXT, "Only artists whose name holds this"),
    ("since", {"type": "string", "format": "date"}, "Released on or after"),
    ("until", {"type": "string", "format": "date"}, "Released on or before"),
    ("min_score", {"type": "number", "minimum": 0, "maximum": 100}, "Lowest score"),
    (
        "evidence",
        {"type": "string", "enum": list(EVIDENCE)},
        "The least that must be known of a release, or of an album's best known song; some, or as the site was started",
    ),
    ("versions", {"type": "boolean", "default": False}, "Every version of a recording, not one that stands for it"),
    ("q", _TEXT, "Words that title, artist or album must hold"),
    ("sort", _TEXT, "A column of the screen, with a - before it for the highest first"),
    ("page", {"type": "integer", "minimum": 1, "default": 1}, "Which page"),
    ("per_page", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Rows a page"),
)
_FILE_QUERY = (
    *_LIST_QUERY,
    ("rows", {"type": "string", "enum": list(_ROWS), "default": _ROWS[0]}, "Every row that fits, or the page's"),
    ("columns", {"type": "string", "enum": list(_COLUMNS), "default": _COLUMNS[0]}, "Those of the screen, or all"),
)
_NAME: Schema = {"type": "string", "enum": _LISTS}
_SONG = {"application/json": ref("Song")}

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/health", "health", "Say that the site can read", _health, "Health"),
    Operation("GET", "/features", "features", "What a song can be asked for, and where the model has experience",
              _features, "Features"),
    Operation("GET", "/tracks", "find_tracks", "Find tracks by title and artist", _tracks, "FoundTracks", (_Q, _LIMIT)),
    Operation("GET", "/tracks/{track_id}", "track", "One track with the values that a what-if begins with", _track,
              "Track", parts={"track_id": _TEXT}),
    Operation("GET", "/artists", "find_artists", "Find artists by name", _artists, "FoundArtists", (_Q, _LIMIT)),
    Operation("POST", "/score", "score", "Score a song, or a track under changed values", _score, "Score", body=_SONG),
    Operation("POST", "/sweep", "sweep", "Score a song over the range of one feature", _sweep, "Sweep",
              body={"application/json": ref("SongToSweep")}),
    Operation("GET", "/albums", "find_albums", "Find albums of two songs or more", _albums, "FoundAlbums",
              (_Q, _LIMIT)),
    Operation("GET", "/albums/{album_id}/single", "album_single", "Rank an album's songs", _album, "Single",
              parts={"album_id": _TEXT}),
    Operation("POST", "/single", "single", "Rank the songs of a CSV or a workbook", _single, "Single",
              body={"text/csv": {"type": "string", "maxLength": 1_000_000},
                    **{kind: {"type": "string", "format": "binary"} for kind in _WORKBOOKS}}),
    Operation("GET", "/single/template", "template", "The CSV to begin with", _template, ("text/csv",)),
    Operation("GET", "/lists/{name}", "list", "A page of a ranked list", _list, "List", _LIST_QUERY,
              parts={"name": _NAME}),
    Operation("GET", "/lists/{name}/file/{file_format}", "list_file", "A ranked list as a file", download,
              tuple(kind.split(";")[0] for kind in lists.FORMATS.values()), _FILE_QUERY,
              parts={"name": _NAME, "file_format": {"type": "string", "enum": list(lists.FORMATS)}}),
    Operation("GET", "/quality", "quality", "How good the scores are, and the last runs", _quality, "Quality"),
)  # fmt: skip
