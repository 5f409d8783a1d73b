"""Songs without a date on the pages and in the API: scored as if out on the as-of date, and said so."""

from typing import Any

import pytest
from planted_model import DatedNet, planted_model
from served import KNOWN, RELEASE, publish

from songpop.clock import local_today
from songpop.scoring import model
from songpop.settings import Settings
from songpop.web import create_app

_API = "/api/v1"
_NONE = {"release_date": None, "year": None}
_SAID = "so it counts as released on 2026-11-22."


@pytest.fixture
def site(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of a small site whose model looks at how new a song is."""
    monkeypatch.setattr(model, "load_model", lambda folder, threads: planted_model(DatedNet()))
    publish(settings)
    return create_app(settings).test_client()


def _score(site: Any, track_id: str | None, **values: Any) -> Any:
    answer = site.post(f"{_API}/score", json={"track_id": track_id, "values": values})
    assert answer.status_code == 200
    return answer.get_json()


@pytest.mark.parametrize("track_id", [None, RELEASE])
def test_a_song_without_a_date_scores_as_one_of_the_as_of_date(site: Any, track_id: str | None) -> None:
    undated = _score(site, track_id, **_NONE)
    dated = _score(site, track_id, release_date="2026-11-22")

    assert undated["score"] == pytest.approx(dated["score"], abs=0.01)
    assert undated["score"] > _score(site, track_id, release_date=None, year=1998)["score"] + 10
    assert any(_SAID in remark for remark in undated["remarks"])
    assert not any("counts as released" in remark for remark in dated["remarks"])


def test_a_known_track_without_a_date_stays_of_unknown_age(site: Any) -> None:
    known = _score(site, KNOWN, **_NONE)

    assert "The year is unknown." in known["remarks"]
    assert known["score"] < known["before"]["score"]


def test_the_page_of_a_song_says_which_date_it_counts_with(site: Any) -> None:
    text = site.get(f"/score?track_id={RELEASE}&release_date=&year=").get_data(as_text=True)

    assert _SAID in text


def test_songs_that_are_sent_without_a_date_rank_as_if_out_today(site: Any) -> None:
    def rank(head: str, end: str) -> Any:
        text = f"artist_name,track_name{head}\nArtist 1,One{end}\nArtist 2,Two{end}\n"
        answer = site.post(f"{_API}/single", data=text, content_type="text/csv")
        assert answer.status_code == 200
        return answer.get_json()

    today = local_today()
    undated, dated = rank("", ""), rank(",release_date", f",{today}")

    assert undated["songs"] == dated["songs"]
    said = f"No release date and no year is known of these songs, so they count as released on {today}."
    assert said in undated["notes"]
    page = site.post("/single", data={"songs": "artist_name,track_name\nArtist 1,One\nArtist 2,Two\n"})
    assert said in page.get_data(as_text=True)
