"""The same question asked by command and over the API has the same document for an answer."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from checked_warehouse import make_settings
from click.testing import CliRunner
from served import KNOWN, RELEASE, plant_model, publish

from songpop.cli import songpop
from songpop.settings import Settings
from songpop.web import create_app

_CSV = """artist_name,track_name,album_name,release_date,genre,tempo,mood
artist 3,Anchor,Low Tide,2026-12-04,rock,118,bright
artist 3,Low Tide,Low Tide,,vaporwave,,
artist 3,Salt,,,,fast,
artist 3,Tide
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a small published home, whose champion's picks were judged."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings)
    return settings


@pytest.fixture(scope="module")
def app(home: Settings) -> Any:
    """Return the app of that home, whose templates are compiled once."""
    return create_app(home)


@pytest.fixture
def api(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of the app, whose model is the planted one, as that of the commands is."""
    plant_model(monkeypatch)
    return app.test_client()


def _command(home: Settings, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(songpop, [*arguments, "--json", "--home", str(home.home)], catch_exceptions=False)
    assert done.exit_code == 0
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _post(api: Any, name: str, body: dict[str, Any]) -> Any:
    # the client's own encoder would sort the values
    return api.post(f"/api/v1/{name}", data=json.dumps(body), content_type="application/json")


def _bytes(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize(
    ("track_id", "values"),
    [
        (RELEASE, {}),
        (RELEASE, {"danceability": 0.8}),
        (RELEASE, {"genre": "zydeco", "tempo": 240, "key": None, "artist_popularity": None}),
        (RELEASE, {"release_date": "2012-05-04"}),
        (RELEASE, {"year": 2015, "track_name": "Song - Remix"}),
        (RELEASE, {"artist_name": "ártist 7"}),
        (RELEASE, {"artist_name": "Nobody Known"}),
        # its mode is 1 already
        (KNOWN, {"energy": None, "mode": 1}),
    ],
)
def test_a_what_ifs_document_is_the_same_by_command_and_api(
    home: Settings, api: Any, track_id: str, values: dict[str, Any]
) -> None:
    changes = [f"--set={name}={'' if value is None else value}" for name, value in values.items()]
    document = _command(home, "what-if", track_id, *changes, "--sweep", "danceability")
    song = {"track_id": track_id, "values": values}
    answer = _post(api, "score", song)
    over = _post(api, "sweep", song | {"feature": "danceability"})

    assert _bytes(over.get_json()) == _bytes(document.pop("sweep"))
    assert _bytes(answer.get_json()) == _bytes(document)
    assert set(values) - {"mode"} <= {change["name"] for change in document["changes"]}
    assert document["score"] == document["after"]["score"]


def test_the_page_says_what_the_document_says(home: Settings, api: Any) -> None:
    document = _command(home, "what-if", KNOWN, "--set", "tempo=240", "--set", "key=")
    page = unescape(api.get(f"/score?track_id={KNOWN}&tempo=240&key=").get_data(as_text=True))

    shown = re.findall(r"<li>(.*?)</li>", page.split('id="remarks">')[1].split("</ul>")[0])
    assert shown == document["remarks"]
    assert f'<strong id="score">{document["score"]:.1f}</strong>' in page
    for name, message in document["outside"].items():
        assert re.search(rf'id="d-{name}".*?</p>\s*<p class="mark" data-mark>{re.escape(message)}</p>', page), name
    assert len(document["remarks"]) == 3
    assert "tempo" in document["outside"]


@pytest.mark.parametrize("album_id", ["newAlbum1", "album3"])
def test_an_albums_document_is_the_same_by_command_and_api(home: Settings, api: Any, album_id: str) -> None:
    document = _command(home, "single", "--album", album_id)
    answer = api.get(f"/api/v1/albums/{album_id}/single")

    assert _bytes(answer.get_json()) == _bytes(document)
    assert document["record"]["n_albums"] == 200
    assert len(document["messages"]) == 2
    assert all(reason["message"] for song in document["songs"] for reason in song["speaks_for"])


def test_a_files_document_is_the_same_by_command_and_api(home: Settings, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "my-album.csv"
    path.write_text(_CSV)

    document = _command(home, "single", "--csv", str(path))
    answer = api.post("/api/v1/single", data=_CSV, content_type="text/csv")

    assert _bytes(answer.get_json()) == _bytes(document)
    assert [reject["line"] for reject in document["rejects"]] == [4, 5]
    assert len(document["notes"]) == 3
    assert any("'vaporwave'" in remark for remark in document["remarks"])
