"""The JSON API held against its own OpenAPI description, and how it refuses."""

import io
import json
from typing import Any

import jsonschema
import openpyxl
import pytest
from checked_warehouse import make_settings
from served import RELEASE, plant_model, publish, write_held_out

from songpop.settings import Settings
from songpop.web import create_app
from songpop.web.albums import template
from songpop.web.openapi import describe_api

_API = describe_api()
_ROOT = _API["servers"][0]["url"]
_OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, operations in _API["paths"].items()
    for method, operation in operations.items()
}
_SONG = {"track_id": RELEASE, "values": {"genre": "pop", "tempo": 250, "key": None}}
_CSV = {"name": "releases", "file_format": "csv"}
# operation -> parts of the path, query, body: calls that work
_CALLS: dict[str, list[tuple[dict[str, str], dict[str, Any], Any]]] = {
    "health": [({}, {}, None)],
    "features": [({}, {}, None)],
    "find_tracks": [({}, {"q": "title 4"}, None), ({}, {"q": "zebra", "limit": 1}, None)],
    "track": [({"track_id": RELEASE}, {}, None), ({"track_id": "oldTrack00000000000007"}, {}, None)],
    "find_artists": [({}, {"q": "artist"}, None)],
    "score": [({}, {}, _SONG), ({}, {}, {}), ({}, {}, {"values": {"genre": "zydeco", "artist_name": "Artist 7"}})],
    "sweep": [({}, {}, _SONG | {"feature": "danceability"}), ({}, {}, {"feature": "genre"})],
    "find_albums": [({}, {"q": "new album"}, None)],
    "album_single": [({"album_id": "newAlbum1"}, {}, None), ({"album_id": "album3"}, {}, None)],
    "single": [({}, {}, template()), ({}, {}, "artist_name,track_name,tempo\nMe,One,\nMe,Two,x\nMe,Three,90\n")],
    "template": [({}, {}, None)],
    "list": [
        ({"name": name}, {"q": "artist", "per_page": 3, "sort": "artist_name"} if name == "artists" else {}, None)
        for name in ("releases", "singles", "artists", "movers")
    ],
    "list_file": [
        ({"name": "releases", "file_format": kind}, {"columns": "all"}, None)
        for kind in ("csv", "xlsx", "json", "parquet")
    ],
    "quality": [({}, {}, None)],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a small published home."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings)
    write_held_out(settings)
    return settings


@pytest.fixture(scope="module")
def app(home: Settings) -> Any:
    """Return the app of that home, whose templates are compiled once."""
    return create_app(home)


@pytest.fixture
def api(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of the app."""
    plant_model(monkeypatch)
    return app.test_client()


def _call(api: Any, name: str, parts: dict[str, str], query: dict[str, Any], body: Any) -> Any:
    method, path, operation = _OPERATIONS[name]
    sent: dict[str, Any] = {"query_string": query}
    if "requestBody" in operation:
        kind, *_ = operation["requestBody"]["content"]
        sent |= {"data": body if isinstance(body, str) else json.dumps(body), "content_type": kind}
    return getattr(api, method)(_ROOT + path.format(**parts), **sent)


def _check(content: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": _API["components"]}
    jsonschema.validate(content, whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def test_every_operation_is_called_here() -> None:
    assert set(_CALLS) == set(_OPERATIONS)


@pytest.mark.parametrize("name", _CALLS)
def test_an_answer_is_of_the_shape_that_is_described(api: Any, name: str) -> None:
    described = _OPERATIONS[name][2]["responses"]["200"]["content"]
    kinds = set()
    for parts, query, body in _CALLS[name]:
        answer = _call(api, name, parts, query, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        kinds.add(answer.mimetype)
        if "schema" in described.get(answer.mimetype, {}):
            _check(answer.get_json(), described[answer.mimetype]["schema"])
            assert len(answer.get_json()) > 0
    assert kinds == set(described)


@pytest.mark.parametrize(
    ("name", "parts", "query", "body", "status", "message"),
    [
        ("find_tracks", {}, {}, None, 400, "q must be a text of 1 to 200 characters"),
        ("find_albums", {}, {"q": "a", "limit": 99}, None, 400, "limit must be a whole number from 1 to 50"),
        ("track", {"track_id": "nobody"}, {}, None, 404, "There is no track 'nobody'"),
        ("score", {}, {}, "{", 400, "The body must be JSON"),
        ("score", {}, {}, "[" * 100_000, 400, "The body must be JSON"),
        ("score", {}, {}, '{"values": {"track_name": "\\ud800"}}', 400, "The body must be JSON"),
        ("score", {}, {}, [1], 400, "The body must be an object"),
        ("score", {}, {}, {"song": 1}, 400, "The body may hold track_id, values, however it holds 'song'"),
        ("score", {}, {}, {"track_id": 7}, 400, "track_id must be a text"),
        ("score", {}, {}, {"values": {"tempo": "fast"}}, 422, "tempo must be a number from 0 to 250"),
        ("score", {}, {}, {"values": {"tempo": [1]}}, 422, "tempo must be a text, a number or null"),
        ("score", {}, {}, {"values": {"dance": 1}}, 422, "Did you mean danceability?"),
        ("sweep", {}, {}, {"feature": "album_name"}, 422, "A feature to sweep must be one of genre"),
        ("sweep", {}, {}, {}, 400, "feature must be the name of one"),
        ("album_single", {"album_id": "nothing"}, {}, None, 404, "There is no album 'nothing'"),
        ("single", {}, {}, "artist_name,track_name\nMe,One\n", 422, "two songs or more"),
        ("list", {"name": "hits"}, {}, None, 404, "A list must be one of releases"),
        ("list", {"name": "releases"}, {"until": "1"}, None, 400, "until must be a date"),
        ("list", {"name": "releases"}, {"per_page": "9" * 5_000}, None, 400, "per_page must be a whole number"),
        ("list_file", _CSV, {"rows": "foo"}, None, 400, "rows must be one of all, page, however it is 'foo'"),
        ("list_file", _CSV, {"columns": "rank"}, None, 400, "columns must be one of screen, all"),
        ("list_file", {"name": "releases", "file_format": "pdf"}, {}, None, 404, "A format must be one of csv"),
    ],
)
def test_a_refusal_is_a_problem_with_what_was_wrong(
    api: Any, name: str, parts: dict[str, str], query: dict[str, Any], body: Any, status: int, message: str
) -> None:
    answer = _call(api, name, parts, query, body)
    problem = answer.get_json()

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    _check(problem, {"$ref": "#/components/schemas/Problem"})
    assert message in problem["detail"]
    assert str(status) in _OPERATIONS[name][2]["responses"]


def test_a_workbook_of_songs_is_ranked(api: Any) -> None:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in (["Artist", "Title", "Energy"], ["Me", "One", 0.3], ["Me", "Two", 0.9]):
        book.active.append(row)
    book.save(content)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    answer = api.post(f"{_ROOT}/single", data=content.getvalue(), content_type=kind)

    assert answer.status_code == 200
    assert "'Title' as track_name" in " ".join(answer.get_json()["notes"])


def test_a_body_of_another_kind_or_too_large_is_refused(api: Any) -> None:
    other = api.post(f"{_ROOT}/single", data="{}", content_type="application/json")
    form = api.post(f"{_ROOT}/score", data="{}", content_type="application/x-www-form-urlencoded")
    large = api.post(f"{_ROOT}/single", data="x" * 1_000_001, content_type="text/csv")
    nothing = api.get(f"{_ROOT}/nothing")

    assert [answer.status_code for answer in (other, form, large, nothing)] == [415, 415, 413, 404]
    assert "The body must be text/csv or a workbook, however it is 'application/json'" in other.get_json()["detail"]
    assert "The body must be application/json, however it is 'application/x-www-form" in form.get_json()["detail"]
    for answer in (other, form, large, nothing):
        _check(answer.get_json(), {"$ref": "#/components/schemas/Problem"})


def test_the_score_moves_with_the_values_that_are_sent(api: Any) -> None:
    answer = _call(api, "score", {}, {}, _SONG).get_json()
    plain = _call(api, "score", {}, {}, {"track_id": RELEASE}).get_json()
    points = sum(part["after"] for part in answer["contributions"])

    assert answer["before"]["score"] == plain["score"]
    assert answer["difference"] == pytest.approx(answer["score"] - plain["score"])
    assert answer["difference"] > 10
    assert answer["changes"][0] == {
        "name": "genre", "before": "rock", "after": "pop", "unit": "", "is_implied": False, "outside": None,
    }  # fmt: skip
    assert answer["score"] == pytest.approx(answer["reference_score"] + points, abs=1e-3)
    assert answer["outside"]["tempo"].startswith("outside ")
    assert (plain["changes"], plain["difference"]) == ([], 0.0)


def test_a_date_wins_over_a_year_and_a_name_brings_its_popularity(api: Any) -> None:
    answer = _call(
        api, "score", {}, {}, {"values": {"release_date": "2012-05-04", "year": 2014, "artist_name": "artist 8"}}
    ).get_json()

    assert {change["name"]: (change["after"], change["is_implied"]) for change in answer["changes"]} == {
        "release_date": ("2012-05-04", False), "artist_name": ("Artist 8", False), "artist_popularity": (28, False),
        "year": (2012, True),
    }  # fmt: skip


def test_a_sweep_marks_where_the_song_stands(api: Any) -> None:
    points = _call(api, "sweep", {}, {}, _SONG | {"feature": "danceability"}).get_json()["points"]

    assert [point["is_present"] for point in points].count(True) == 1
    assert points[-1]["score"] > points[0]["score"]


def test_pages_of_a_list_hold_every_row_once(api: Any) -> None:
    pages = [
        _call(api, "list", {"name": "releases"}, {"per_page": 5, "page": page}, None).get_json() for page in (1, 2, 3)
    ]
    beyond = _call(api, "list", {"name": "releases"}, {"per_page": 5, "page": 9}, None).get_json()

    assert [row["rank"] for page in pages for row in page["rows"]] == list(range(1, 13))
    assert (beyond["page"], beyond["n_pages"], beyond["n_rows"]) == (3, 3, 12)


def test_the_description_is_served_and_sound(api: Any) -> None:
    served = api.get(f"{_ROOT}/openapi.json").get_json()

    assert served == json.loads(json.dumps(_API))
    assert served["openapi"] == "3.1.0"
    for name, schema in served["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert name
    rules = {str(rule) for rule in api.application.url_map.iter_rules()}
    for path in served["paths"]:
        assert _ROOT + path.replace("{", "<").replace("}", ">") in rules
