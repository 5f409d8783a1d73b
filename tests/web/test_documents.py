"""The same question asked by command and over the API has the same document for an answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from checked_warehouse import make_settings
from click.testing import CliRunner
from served import plant_model, publish

from songpop.cli import songpop
from songpop.settings import Settings
from songpop.web import create_app

_MEASURED = {"n_albums": 200, "right_share": 0.5, "chance_share": 0.4, "n_clear": 50, "clear_right_share": 0.8}
_CSV = """artist_name,track_name,album_name,release_date,genre,tempo,mood
artist 3,Anchor,Low Tide,2026-12-04,rock,118,bright
artist 3,Low Tide,Low Tide,,vaporwave,,
artist 3,Salt,,,,fast,
artist 3,Tide
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a small published home, whose champion's picks were measured."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings)
    folder = settings.models_dir / "keras-1"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"album_order": _MEASURED, "singles": None}))
    return settings


@pytest.fixture
def api(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of the app, whose model is the planted one, as that of the commands is."""
    plant_model(monkeypatch)
    return create_app(home).test_client()


def _command(home: Settings, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(songpop, [*arguments, "--json", "--home", str(home.home)], catch_exceptions=False)
    assert done.exit_code == 0
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _bytes(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize("album_id", ["newAlbum1", "album3"])
def test_an_albums_document_is_the_same_by_command_and_api(home: Settings, api: Any, album_id: str) -> None:
    document = _command(home, "single", "--album", album_id)
    answer = api.get(f"/api/v1/albums/{album_id}/single")

    assert _bytes(answer.get_json()) == _bytes(document)
    assert document["measured"] == {"left_out": _MEASURED}
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
