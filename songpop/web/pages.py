"""The pages: each reads what it shows and names the template that draws it."""

from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from songpop import model_folder
from songpop.clock import local_today, utc_now
from songpop.errors import ModelError
from songpop.web import albums, api, charts, findings, formatting, lists, openapi, quality, searching, song_scores
from songpop.web.controls import NAMES, shown
from songpop.web.published_reader import PublishedReader
from songpop.web.responses import BadRequest, Download, Page, Redirect, Request, Response, filled, one_of

_TOP = 10
# the longest bar stands for so many points at least
_LEAST_WIDEST = 6.0
_DOCS_KINDS = {".html": "text/html; charset=utf-8", ".json": "application/json", ".png": "image/png"}


def _home(reader: PublishedReader, request: Request) -> Response:
    top = lists.read_page(reader, lists.read_query("releases", {"per_page": str(_TOP)}, reader.usual_evidence))
    singles = lists.read_page(reader, lists.read_query("singles", {"per_page": "4"}, reader.usual_evidence))
    values = {"rows": top.frame.to_dicts(), "n_rows": top.n_rows, "missing": top.missing, "charts": charts}
    return Page("home.html", values | {"singles": singles.frame.to_dicts(), "n_singles": singles.n_rows})


def _score(reader: PublishedReader, request: Request) -> Response:
    """Show the form, as it was filled in or for a track that was found, and the score of what it holds."""
    from songpop.features import GROUPS

    q = request.query.get("q", "").strip()[:200]
    beginning = song_scores.begin(reader, request.query.get("track_id", "").strip() or None)
    texts = {name: text for name, text in request.query.items() if name in NAMES}
    entered = song_scores.read_values(reader, beginning.row, texts, is_form=True)
    what_if = song_scores.score_song(reader, beginning, entered.changes, entered.notes)
    values = {
        "facts": what_if["track"],
        "what_if": what_if,
        "contributions": sorted(what_if["contributions"], key=lambda part: GROUPS.index(part["group"])),
        "form_parts": _form_parts(reader, beginning, texts, entered.faults, what_if),
        "genres": reader.champion().encoder.genres,
        "q": q,
        "found": searching.find_tracks(reader, q) if q else [],
        "nobody": song_scores.NOBODY,
        "largest": max(_LEAST_WIDEST, *(abs(part["after"]) for part in what_if["contributions"])),
        "charts": charts,
        "bins": formatting.BIN_LABELS,
    }
    return Page("score.html", values, 422 if entered.faults else 200)


def _form_parts(
    reader: PublishedReader,
    beginning: song_scores.Beginning,
    texts: Mapping[str, str],
    faults: Mapping[str, str],
    what_if: Mapping[str, Any],
) -> dict[str, list[dict[str, Any]]]:
    """Describe the form's controls under their headings; what was entered wrongly stays as it was."""
    row = beginning.row | {change["name"]: change["after"] for change in what_if["changes"]}
    wrong = {name: texts[name] for name in faults}
    experience = reader.champion().experience
    parts: dict[str, list[dict[str, Any]]] = {}
    for control in shown(row, beginning.row, wrong, faults, experience, what_if["outside"]):
        parts.setdefault(control["control"].part, []).append(control)
    return parts


def _single(reader: PublishedReader, request: Request) -> Response:
    """Show the ways to name an album, and for one that was picked its songs in order."""
    query = filled(request.query)
    ranking = albums.rank_known(reader, query["album_id"]) if "album_id" in query else None
    q = query.get("q", "")[:200]
    found = searching.find_albums(reader, q, 20) if q else []
    return Page("single.html", _single_values(reader, ranking) | {"q": q, "found": found})


def _single_sent(reader: PublishedReader, request: Request) -> Response:
    """Rank a list that was pasted or uploaded; nothing of it is stored."""
    pasted = request.form.get("songs", "")
    content = request.file or pasted.encode()
    try:
        ranking = albums.rank_sent(reader, content, today=local_today())
    except albums.BadList as error:
        values = {"fault": str(error), "pasted": pasted if not request.file else "", "q": "", "found": []}
        return Page("single.html", _single_values(reader, None) | values, error.status)
    return Page("single.html", _single_values(reader, ranking) | {"q": "", "found": [], "pasted": pasted})


def _single_values(reader: PublishedReader, ranking: dict[str, Any] | None) -> dict[str, Any]:
    query = lists.read_query("singles", {"sort": "-p_best", "per_page": "4"}, reader.usual_evidence)
    clearest = [] if ranking else lists.read_page(reader, query).frame.to_dicts()
    return {
        "clearest": clearest,
        "ranking": ranking,
        "fault": "",
        "pasted": "",
        "example": albums.template(),
        "most": albums.most_songs(),
        "charts": charts,
    }


def _template(reader: PublishedReader, request: Request) -> Response:
    return Download(albums.template().encode(), "text/csv; charset=utf-8", "album.csv")


def _lists(reader: PublishedReader, request: Request) -> Response:
    return Redirect("/lists/releases")


def _list(reader: PublishedReader, request: Request, name: str) -> Response:
    faults = []
    try:
        query = lists.read_query(name, request.query, reader.usual_evidence)
    except BadRequest as error:
        if error.status == 404:
            raise
        # the list as it is, with what was wrong said above it
        faults.append(str(error))
        query = lists.read_query(name, {}, reader.usual_evidence)
    found = lists.read_page(reader, query)
    values = {
        "listed": query.listed,
        "lists": lists.LISTS,
        "query": query,
        "rows": found.frame.to_dicts(),
        "n_rows": found.n_rows,
        "page": found.page,
        "n_pages": max(-(-found.n_rows // query.per_page), 1),
        "missing": found.missing,
        "faults": faults,
        "least_evidence": {"some": "some or full", "full": "full", "little": "any, even little"},
        "per_pages": lists.PER_PAGE,
        "formats": lists.FORMATS,
        "charts": charts,
    }
    return Page("list.html", values, 400 if faults else 200)


def _quality(reader: PublishedReader, request: Request) -> Response:
    figures = quality.read_quality(reader, now=utc_now().replace(tzinfo=UTC))
    headline = [row for row in figures["scoreboard"] if row["split"] == "temporal"] or figures["scoreboard"]
    values = {
        "figures": figures,
        "champion": next((row for row in headline if row["is_champion"]), None),
        "benchmark": next((row for row in headline if row["role"] == "benchmark"), None),
        "splits": quality.SPLITS,
        "families": quality.FAMILIES,
        "has_docs": (reader.settings.reports_dir / "data_docs" / "index.html").is_file(),
        "has_card": _card(reader) is not None,
        "charts": charts,
        "bins": formatting.BIN_LABELS,
    }
    return Page("quality.html", values)


def _findings(reader: PublishedReader, request: Request) -> Response:
    by_kind = one_of(request.query, "by", ("run", "kind")) == "kind"
    return Page("findings.html", findings.read_page(reader, request.query.get("run", "").strip(), by_kind=by_kind))


def _model_card(reader: PublishedReader, request: Request) -> Response:
    card = _card(reader)
    if card is None:
        raise ModelError("The champion must have a card, however its folder holds none. Run `songpop train`.")
    return Download(card, "text/plain; charset=utf-8")


def _card(reader: PublishedReader) -> bytes | None:
    version = reader.edition().champion
    path = reader.settings.models_dir / str(version) / model_folder.CARD
    return path.read_bytes() if version and path.is_file() else None


def _data_docs(reader: PublishedReader, request: Request, page: str = "index.html") -> Response:
    """Show a page of the Data Docs, from their folder only."""
    folder = (reader.settings.reports_dir / "data_docs").resolve()
    path = folder / page.replace("\0", "")
    kind = _DOCS_KINDS.get(path.suffix)
    if kind is None or not _is_file_of(folder, path):
        raise BadRequest("There is no such page of the Data Docs. `songpop check` writes them.", 404)
    return Download(path.read_bytes(), kind)


def _is_file_of(folder: Path, path: Path) -> bool:
    """Say whether a path is a file of a folder, wherever its links lead."""
    try:
        return path.resolve().is_relative_to(folder) and path.is_file()
    except OSError:
        # a name may be longer than the disk takes
        return False


def _api(reader: PublishedReader, request: Request) -> Response:
    return Page("api.html", {"described": openapi.describe_api(), "api_root": api.ROOT})


ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("/", "GET", _home),
    ("/score", "GET", _score),
    ("/single", "GET", _single),
    ("/single", "POST", _single_sent),
    ("/single/template.csv", "GET", _template),
    ("/lists", "GET", _lists),
    ("/lists/<name>", "GET", _list),
    ("/lists/<name>/file/<file_format>", "GET", api.download),
    ("/quality", "GET", _quality),
    ("/findings", "GET", _findings),
    ("/quality/card", "GET", _model_card),
    ("/data-docs", "GET", lambda reader, request: Redirect("/data-docs/")),
    ("/data-docs/", "GET", lambda reader, request: _data_docs(reader, request)),
    ("/data-docs/<path:page>", "GET", _data_docs),
    ("/api", "GET", _api),
)
