"""A list that can't be trusted, and scores that are recalibrated: pages and API say so and give the same numbers."""

import re
from html import unescape
from typing import Any

import pytest
from checked_warehouse import AS_OF, NOW, RUN, build, fill, make_settings, opened, promote
from served import KNOWN, RELEASE, plant_model

from songpop import warehouse
from songpop.settings import Settings
from songpop.web import create_app

_CAUTION = "The scores of this list can't be trusted, neither as numbers nor as an order: it is odd."
_NAMED = "Scores of keras-planted are recalibrated on 300 tracks"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish a list of another world, and a recalibration that was taken since."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    with opened(settings) as con:
        fill(con)
        promote(con)
        con.execute(
            "insert into ledger.scored_lists by name select ? as run_id, 'keras-planted' as model_version, "
            "12 as n_releases, 'genres' as basis, 'it is odd' as reason, false as is_trusted, 1.0 as spread_low, "
            "97.0 as spread_high, ?::date as as_of_date, ?::timestamp as scored_at",
            [RUN, AS_OF, NOW],
        )
        con.execute(
            "insert into ledger.recalibrations by name select 'r-1' as recalibration_id, ? as run_id, 'taken' as "
            "decision, 'keras-planted' as model_version, 300 as n_tracks, [0.0, 50.0, 100.0] as from_scores, "
            "[20.0, 80.0, 100.0] as to_scores, 2.0 as margin, false as is_of_other_world, "
            "?::timestamp + interval 1 day as decided_at",
            [RUN, NOW],
        )
        build(con)
        warehouse.publish(con, settings.published)
    return settings


@pytest.fixture
def site(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    plant_model(monkeypatch)
    return create_app(home).test_client()


def _text(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", answer.get_data(as_text=True)))


@pytest.mark.parametrize(
    "path", ["/", "/lists/releases", "/lists/singles", f"/score?track_id={RELEASE}", "/single?album_id=newAlbum1"]
)
def test_every_page_says_that_the_list_cannot_be_trusted(site: Any, path: str) -> None:
    page = _text(site.get(path))

    assert _CAUTION in page
    assert "recalibrated on 300 tracks" in page


def test_a_list_of_the_api_has_it_as_a_field(site: Any) -> None:
    answer = site.get("/api/v1/lists/releases").json

    assert answer["is_trusted"] is False
    assert answer["remarks"][0].startswith(_CAUTION)
    assert answer["remarks"][1].startswith(_NAMED)


def test_a_song_of_the_list_is_moved_and_widened_and_any_other_is_moved(site: Any) -> None:
    listed, known = (site.post("/api/v1/score", json={"track_id": track}).json for track in (RELEASE, KNOWN))

    assert any(remark.startswith(_CAUTION) for remark in listed["remarks"])
    assert (listed["score_low"], listed["score_high"]) == (1, 97)
    assert not any(_CAUTION in remark for remark in known["remarks"])
    assert any(remark.startswith(_NAMED) for remark in known["remarks"])
    assert known["score_low"] > 1
    assert known["score"] > 55
    for answer in (listed, known):
        points = sum(part["after"] for part in answer["contributions"])
        assert answer["reference_score"] + points == pytest.approx(answer["score"], abs=1e-3)


def test_an_album_of_the_list_is_widened_and_a_pasted_one_is_not(site: Any) -> None:
    of_list = site.get("/api/v1/albums/newAlbum1/single").json
    pasted = site.post("/api/v1/single", data="artist_name,track_name\nMe,One\nMe,Two\n", content_type="text/csv").json

    assert of_list["remarks"][0].startswith(_CAUTION)
    assert {song["score_high"] for song in of_list["songs"]} == {97}
    assert pasted["remarks"][0].startswith(_NAMED)
    assert max(song["score_high"] for song in pasted["songs"]) < 97
