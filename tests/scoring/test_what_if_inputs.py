"""What a what-if may set, how a change is read, and where a model has experience."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from small_frames import planted_frame

from songpop.errors import SettingsError
from songpop.features import MODEL_COLUMNS
from songpop.scoring.what_if_inputs import (
    SETTABLE,
    checked,
    experience_of,
    outside_experience,
    read_changes,
    with_artist,
    with_implied,
)

_NOT_SET = {"artist_key", "track_id", "artist_id", "album_id", "release_date_precision", "is_date_assumed"}


def test_all_that_a_model_reads_can_be_set_but_ids() -> None:
    assert set(MODEL_COLUMNS) - set(SETTABLE) <= _NOT_SET
    assert set(SETTABLE) <= set(MODEL_COLUMNS)


def test_changes_are_read_in_the_type_of_their_column() -> None:
    assert read_changes(
        ["danceability=0.8", "genre= pop", "year=2019.0", "release_date=2026-11-20", "artist_popularity=", "mode=1",
         "track_name=a=b"]
    ) == {
        "danceability": 0.8, "genre": "pop", "year": 2019, "release_date": date(2026, 11, 20),
        "artist_popularity": None, "mode": 1, "track_name": "a=b",
    }  # fmt: skip
    assert checked("danceability", 1) == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("danceability", "must have the form name=value, as in danceability=0.8, however it is 'danceability'"),
        ("danceability=1.2", "danceability must be a number from 0 to 1, however it is '1.2'"),
        ("danceability=nan", "danceability must be a number from 0 to 1, however it is 'nan'"),
        ("danceability=high", "danceability must be a number from 0 to 1, however it is 'high'"),
        ("tempo=400", r"tempo must be a number from 0 to 250 \(bpm\), however it is '400'"),
        ("key=1.5", "key must be a whole number from -1 to 11"),
        ("key=1e400", "key must be a whole number from -1 to 11"),
        ("time_signature=7", "time_signature must be one of 0, 1, 3, 4, 5"),
        ("release_date=2026-13-01", "release_date must be a date of the form YYYY-MM-DD, however it is '2026-13-01'"),
        ("artist_name=", "artist_name must be a text, however it is blank"),
    ],
)
def test_a_change_that_cannot_be_says_what_can(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_changes([text])


def test_an_unknown_name_lists_what_can_be_set_with_range_and_unit() -> None:
    with pytest.raises(SettingsError) as raised:
        read_changes(["dancability=0.5"])

    text = str(raised.value)
    assert "must be one of those below, however it is 'dancability'. Did you mean danceability?" in text
    assert all(name in text for name in SETTABLE)
    assert "a number from -60 to 7 (dBFS)" in text
    with pytest.raises(SettingsError, match="must be set once, however key is set twice"):
        read_changes(["key=1", "key=2"])


def test_a_date_brings_its_year_and_a_year_moves_the_date() -> None:
    row: dict[str, Any] = {"release_date": date(2024, 2, 29), "year": 2024}

    assert with_implied(row, {"energy": 0.5}) == {"energy": 0.5}
    assert with_implied(row, {"release_date": date(2020, 5, 1)}) == {
        "release_date": date(2020, 5, 1), "year": 2020, "release_date_precision": "day",
    }  # fmt: skip
    assert with_implied(row, {"year": 2019}) == {"year": 2019, "release_date": date(2019, 2, 28)}
    assert with_implied(row, {"year": None}) == {"year": None, "release_date": None}
    assert with_implied({"release_date": None, "year": 2024}, {"year": 2019}) == {"year": 2019}
    with pytest.raises(SettingsError, match="year must be that of release_date, however year is 2019"):
        with_implied(row, {"year": 2019, "release_date": date(2020, 5, 1)})


def test_an_artist_that_is_named_brings_its_popularity() -> None:
    row: dict[str, Any] = {"artist_name": "Artist 4"}
    asked: list[str] = []

    def find(names: list[str]) -> pl.DataFrame:
        asked.extend(names)
        known = pl.DataFrame({"artist_name": ["Artist 7"], "artist_popularity": [27.0]})
        return known if names == ["artist 7"] else known.clear()

    assert with_artist(row, {"energy": 0.5, "artist_name": " artist 7 "}, find) == (
        {"energy": 0.5, "artist_name": "Artist 7", "artist_popularity": 27.0}, [],
    )  # fmt: skip
    assert with_artist(row, {"artist_name": "Nobody"}, find) == (
        {"artist_name": "Nobody", "artist_popularity": None},
        ["No artist called 'Nobody' is known, so popularity and record count as unknown."],
    )
    for changes in ({"artist_name": "artist 7", "artist_popularity": None}, {"artist_name": "Artist 4"}, {"energy": 1}):
        assert with_artist(row, changes, find) == (changes, [])
    assert asked == ["artist 7", "Nobody"]


def test_experience_is_where_98_percent_of_the_tracks_lie() -> None:
    frame = planted_frame(1000)
    found = experience_of(frame)

    low, high = found["danceability"]
    assert frame["danceability"].is_between(low, high).mean() == pytest.approx(0.98, abs=0.002)
    assert found["time_signature"] == [4, 4]
    assert "genre" not in found
    assert "loudness" not in experience_of(frame.drop("loudness"))


def test_values_outside_the_experience_are_marked() -> None:
    experience, genres = {"tempo": [80.0, 160.5], "year": [2011.0, 2019.0]}, ["pop", "rock"]

    def mark(name: str, value: Any) -> str | None:
        return outside_experience(name, value, experience, genres)

    assert mark("tempo", 80) is None
    assert mark("tempo", 161) == "outside 80 to 160.5, where 98 % of its training tracks lie"
    assert mark("release_date", date(2026, 1, 1)) == "outside 2011 to 2019, where 98 % of its training tracks lie"
    assert mark("genre", "rock") is None
    assert mark("genre", "rok") == "not a genre it learned: scored as no genre (nearest: rock)"
    assert mark("genre", None) is mark("energy", 7.0) is mark("tempo", None) is None
