"""Releases without a date at the command line: scored as if dated as of the day spoken for, and said so."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from planted_model import DatedNet, planted_model
from served import KNOWN, RELEASE, publish, rows_of

from songpop import warehouse
from songpop.cli import songpop
from songpop.scoring import model
from songpop.settings import Settings

_DAY = "2026-11-22"
_SAID = f"so it counts as released on {_DAY}."


@pytest.fixture(autouse=True)
def _dated_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model score to which it matters how new a song is."""
    monkeypatch.setattr(model, "load_model", lambda folder, threads: planted_model(DatedNet()))


def _publish(settings: Settings, day: str | None, year: int | None = None) -> None:
    """Publish the small warehouse with one day and year for all new releases."""
    written = "null" if day is None else f"'{day}'"
    publish(settings)
    with warehouse.connect(settings) as con:
        con.execute(f"update raw.files__releases set release_date = {written}, year = {year or 'null'}")
        warehouse.build(con, as_of_date=date.fromisoformat(_DAY), new_release_days=28)
        warehouse.publish(con, settings.published)


def _run(settings: Settings, *arguments: str) -> Result:
    result = CliRunner().invoke(songpop, [*arguments, "--home", str(settings.home)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.exception
    return result


def _document(settings: Settings, *arguments: str) -> Any:
    return json.loads(_run(settings, *arguments, "--json").stdout)


def _without_words(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what tells an assumed date from a known one."""
    return {key: value for key, value in document.items() if key not in ("track", "remarks", "notes")}


def _csv(path: Path, *dates: str) -> Path:
    header = "artist_name,track_name" + ",release_date" * bool(dates)
    lines = [",".join((f"Artist 1,Song {i}", *dates)) for i in range(3)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_csv_of_names_alone_is_ranked_as_if_out_on_the_day_and_a_note_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    publish(settings)
    undated, dated, old = (
        _document(settings, "single", "--csv", str(_csv(tmp_path / name, *dates)), "--as-of", _DAY)
        for name, dates in (("undated.csv", ()), ("dated.csv", (_DAY,)), ("old.csv", ("1998",)))
    )

    assert undated["songs"] == dated["songs"]
    assert undated["songs"][0]["score"] > old["songs"][0]["score"] + 10
    said = f"No release date and no year is known of these songs, so they count as released on {_DAY}."
    assert said in undated["notes"]
    assert not any("counts as released" in note or "count as released" in note for note in dated["notes"])
    assert said in _run(settings, "single", "--csv", str(tmp_path / "undated.csv"), "--as-of", _DAY).stderr


def test_an_album_a_song_of_which_has_a_date_shares_it_and_none_is_assumed(settings: Settings, tmp_path: Path) -> None:
    publish(settings)
    path = tmp_path / "album.csv"
    path.write_text("artist_name,track_name,release_date\nArtist 1,One,2001-05-04\nArtist 1,Two,\n")

    document = _document(settings, "single", "--csv", str(path), "--as-of", _DAY)

    assert [note for note in document["notes"] if "date" in note] == [
        "Blank for some songs, and taken from the others as an album shares it: release_date."
    ]


def test_a_published_release_without_a_date_is_explained_changed_and_ranked_as_one_of_the_day(
    settings: Settings,
) -> None:
    commands = (
        ("explain", RELEASE),
        ("what-if", RELEASE, "--set", "danceability=0.9", "--sweep", "energy"),
        ("single", "--album", "newAlbum0"),
    )
    _publish(settings, _DAY)
    dated = [_document(settings, *command) for command in commands]
    _publish(settings, None)
    undated = [_document(settings, *command) for command in commands]

    assert list(map(_without_words, undated)) == list(map(_without_words, dated))
    assert undated[0]["track"]["is_date_assumed"]
    assert not dated[0]["track"]["is_date_assumed"]
    for document in undated[:2]:
        assert any(_SAID in remark for remark in document["remarks"])
    assert any("these songs, so they count as released" in note for note in undated[2]["notes"])
    assert rows_of(settings, "select count(*) from marts.ranked_releases where is_date_assumed") == [(12,)]


def test_a_release_of_a_year_alone_stays_one_of_that_year(settings: Settings) -> None:
    _publish(settings, None, 1998)
    of_a_year = _document(settings, "explain", RELEASE)
    _publish(settings, None)
    undated = _document(settings, "explain", RELEASE)

    assert undated["prediction"]["score"] > of_a_year["prediction"]["score"] + 10
    assert not any("counts as released" in remark for remark in of_a_year["remarks"])


def test_a_release_whose_date_is_taken_away_counts_as_of_the_day_and_a_known_track_does_not(
    settings: Settings,
) -> None:
    publish(settings)
    away = ("--set", "release_date=", "--set", "year=")
    release = _document(settings, "what-if", RELEASE, *away)
    known = _document(settings, "what-if", KNOWN, *away)

    assert release["after"]["score"] == pytest.approx(release["before"]["score"], abs=0.01)
    assert any(_SAID in remark for remark in release["remarks"])
    assert known["after"]["score"] < known["before"]["score"]
    assert "The year is unknown." in known["remarks"]


def test_a_year_that_is_set_for_a_release_without_a_date_is_all_that_is_known_of_it(settings: Settings) -> None:
    _publish(settings, None)
    answer = _document(settings, "what-if", RELEASE, "--set", "year=1998")

    assert [(change["name"], change["before"], change["after"]) for change in answer["changes"]] == [
        ("year", None, 1998)
    ]
    assert answer["after"]["score"] < answer["before"]["score"] - 10
    assert not any("counts as released" in remark for remark in answer["remarks"])


def test_a_list_marks_a_date_that_is_assumed(settings: Settings) -> None:
    _publish(settings, None)

    assert f"{_DAY} (assumed)" in _run(settings, "export", "releases", "--format", "table").stdout
    rows = json.loads(_run(settings, "export", "releases", "--format", "json", "--since", _DAY).stdout)
    assert {(row["release_date"], row["is_date_assumed"], row["release_age_days"]) for row in rows} == {
        (_DAY, True, None)
    }
