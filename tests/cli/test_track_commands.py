"""`songpop explain` and `songpop what-if`: what they tell of a published track, and how they refuse."""

import json
import re
from typing import Any

import checked_warehouse
import pytest
import served
from click.testing import CliRunner, Result

from songpop import warehouse
from songpop.cli import songpop
from songpop.errors import ModelError, SettingsError, WarehouseError
from songpop.estimators import PREDICTION_COLUMNS
from songpop.published import tracks
from songpop.settings import Settings

_RELEASE = "newTrack00000000000004"


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Publish a small warehouse whose champion is the planted model."""
    served.publish(settings)
    served.plant_model(monkeypatch)
    return settings


def _run(settings: Settings, *arguments: str, columns: int = 100) -> Result:
    environment = {"COLUMNS": str(columns)}
    return CliRunner().invoke(songpop, [*arguments, "--home", str(settings.home)], env=environment)


def _document(settings: Settings, *arguments: str) -> Any:
    result = _run(settings, *arguments, "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_explain_tells_contributions_that_make_the_score(published: Settings) -> None:
    document = _document(published, "explain", _RELEASE)

    assert document["track"] == {
        "track_id": _RELEASE, "track_name": "New title 4", "artist_name": "Artist 0", "album_id": "newAlbum0",
        "album_name": "New album", "genre": "rock", "release_date": "2026-11-20",
        "is_date_assumed": False, "is_release": True,
        "popularity": None, "popularity_date": None, "published_score": 45.0,
    }  # fmt: skip
    assert document["reference_score"] + sum(document["contributions"].values()) == pytest.approx(
        document["prediction"]["score"], abs=1e-3
    )
    assert set(document["prediction"]) == {*PREDICTION_COLUMNS, "family", "benchmark_score"}
    assert document["prediction"]["family"] == "planted"
    assert set(document["features"][0]) == {"feature", "group", "unit", "value", "typical", "difference"}
    assert document["stored"]["score"] == 45.0
    assert document["association"].startswith("Association, not cause")


@pytest.mark.parametrize("columns", [80, 100])
def test_explain_draws_a_bar_a_group_that_fits_the_line(published: Settings, columns: int) -> None:
    text = _run(published, "explain", _RELEASE, columns=columns).stdout

    assert "New title 4 – Artist 0\n" in text
    assert re.search(r"^score [\d.]+, 90 % interval \d+–\d+; LightGBM says 30\.0$", text, re.MULTILINE)
    bars = re.findall(r"^[a-z' ]+? +([+-]?\d+\.\d) +(█*)│(█*)$", text, re.MULTILINE)
    assert len(bars) == 7
    for points, down, up in bars:
        assert not (down if float(points) >= 0 else up)
    assert max(len(down + up) for _, down, up in bars) == 12
    assert re.search(r"^artist's popularity +artist popularity +20 ", text, re.MULTILINE)
    assert "one alone were typical (not additive)" in text
    assert "The published list has 45.0, of 2026-11-22 by keras-1" in text
    assert "Association, not cause" in text
    table = [line for line in text.splitlines() if "│" in line or line.startswith(("group", "sound", "artist"))]
    assert max(map(len, table)) <= columns


def test_a_known_track_is_explained_and_said_to_be_no_forecast(published: Settings) -> None:
    done = _run(published, "explain", "oldTrack00000000000007")

    assert "known track; oldTrack00000000000007" in done.stdout
    assert re.search(r"models learn from \(popularity 63 on 2026-11-02\), so its score is no forecast", done.stdout)


def test_what_if_stands_beside_the_present_score(published: Settings) -> None:
    arguments = ["what-if", _RELEASE, "--set", "genre=pop", "--set", "tempo=250", "--set", "year=2015"]
    document = _document(published, *arguments)
    text = _run(published, *arguments, columns=80).stdout

    assert document["difference"] == pytest.approx(document["after"]["score"] - document["before"]["score"])
    assert document["difference"] > 10
    assert [(change["name"], change["before"], change["after"]) for change in document["changes"]] == [
        ("genre", "rock", "pop"), ("tempo", 98.0, 250.0), ("year", 2026, 2015),
        ("release_date", "2026-11-20", "2015-11-20"),
    ]  # fmt: skip
    assert (document["sweep"], set(document["contributions"][0])) == (None, {"group", "before", "after", "difference"})
    assert re.search(r"^genre +rock +pop$", text, re.MULTILINE)
    assert re.search(r"^release_date \(with it\) +2026-11-20 +2015-11-20", text, re.MULTILINE)
    assert re.search(r"^! tempo 250 is outside [\d.]+ to [\d.]+, where 98 % of its training tracks lie", text, re.M)
    assert re.search(rf"^score +[\d.]+ +[\d.]+ +\+{document['difference']:.1f}$", text, re.MULTILINE)
    assert re.search(r"^genre and year .* \+\d+\.\d +│█+$", text, re.MULTILINE)
    assert not re.search(r"^album ", text, re.MULTILINE)
    assert "Association, not cause" in text


def test_a_change_to_nothing_changes_nothing(published: Settings) -> None:
    text = _run(published, "what-if", _RELEASE, "--set", "genre=rock").stdout

    assert re.search(r"^score +([\d.]+) +\1 +0\.0$", text, re.MULTILINE)
    assert "\n\nThe track is so already.\n" in text
    assert "No group of features contributes anything else than now." in text


def test_another_artist_brings_its_popularity(published: Settings) -> None:
    document = _document(published, "what-if", _RELEASE, "--set", "artist_name=artist 7")
    text = _run(published, "what-if", _RELEASE, "--set", "artist_name=Nobody Known").stdout

    assert [(change["name"], change["before"], change["after"]) for change in document["changes"]] == [
        ("artist_name", "Artist 0", "Artist 7"), ("artist_popularity", 20, 27),
    ]  # fmt: skip
    assert document["difference"] > 0.5
    assert re.search(r"^artist_popularity +20 +unknown +0-100 on Spotify$", text, re.MULTILINE)
    assert "No artist called 'Nobody Known' is known, so popularity and record count as unknown.\n" in text


def test_a_sweep_is_a_line_and_a_table(published: Settings) -> None:
    document = _document(published, "what-if", _RELEASE, "--sweep", "danceability", "--set", "genre=pop")
    text = _run(published, "what-if", _RELEASE, "--sweep", "danceability").stdout

    assert len(document["sweep"]["points"]) == 21
    present = [point for point in document["sweep"]["points"] if point["is_present"]]
    assert [point["score"] for point in present] == [pytest.approx(document["after"]["score"], abs=1e-4)]
    assert re.search(r"^score over danceability: [\d.]+ to [\d.]+  ▁[▁▂▃▄▅▆▇█]{19}█$", text, re.MULTILINE)
    assert len(re.findall(r"^0(?:\.\d+)? +[\d.]+ +\d+–\d+ +█+", text, re.MULTILINE)) >= 20
    assert text.count("this track") == 1
    assert "chance of" not in text


def test_misuse_says_what_can_be_asked(published: Settings) -> None:
    nothing = _run(published, "what-if", _RELEASE)
    unknown = _run(published, "what-if", _RELEASE, "--set", "dance=1")
    swept = _run(published, "what-if", _RELEASE, "--sweep", "album_name")

    assert nothing.exit_code == 2
    assert "Name what to change, as in --set danceability=0.8 or --sweep danceability." in nothing.stderr
    assert isinstance(unknown.exception, SettingsError)
    assert "Did you mean danceability?" in str(unknown.exception)
    assert "A feature to sweep must be one of genre, danceability" in str(swept.exception)


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("New title 4", _RELEASE), ("newTrack00000000000004x", _RELEASE), ("artist 3 title 30", "oldTrack00000000000030")],
)
def test_an_unknown_track_names_the_nearest(published: Settings, asked: str, nearest: str) -> None:
    with pytest.raises(SettingsError) as raised:
        tracks.read_track(published, asked)

    first, *near = str(raised.value).splitlines()
    assert f"however there is no '{asked}'. Near it are:" in first
    assert near[0].split()[0] == nearest
    assert len(near) <= 5
    with pytest.raises(SettingsError, match="`songpop export releases` lists the new releases"):
        tracks.read_track(published, "????")


def test_a_file_without_champion_or_marts_says_what_to_do(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
    with pytest.raises(WarehouseError, match="must hold the marts of this version"):
        tracks.read_track(settings, _RELEASE)

    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        warehouse.publish(con, settings.published)
    with pytest.raises(ModelError, match="Explaining must have a champion"):
        tracks.read_track(settings, _RELEASE)
