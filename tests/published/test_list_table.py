"""What a table of a ranked list shows: numbers rounded, a change and an interval in a cell each."""

from datetime import date
from typing import Any

import pytest

from songpop.published import list_table

_RELEASE: dict[str, Any] = {
    "rank": 2, "previous_rank": 5, "rank_change": 3, "track_name": "One", "artist_name": "A", "genre": "pop",
    "score": 47.26, "score_low": 27.5, "score_high": 68.4, "release_date": date(2026, 11, 20), "drivers": "sound +2.0",
    "place": 1, "n_versions": 2, "is_date_assumed": False,
}  # fmt: skip


def _cells(name: str, **values: Any) -> dict[str, Any]:
    columns = list_table.TABLES[name]
    (cells,) = list_table.cells([_RELEASE | values], columns)
    return dict(zip(columns, cells, strict=True))


def test_a_release_is_shown_with_its_change_and_its_interval() -> None:
    assert _cells("releases") == {
        "place": 1, "rank": 2, "change": "+3", "score": 47.3, "90 % interval": "28–68", "track_name": "One",
        "artist_name": "A", "genre": "pop", "released": date(2026, 11, 20), "versions": 2, "drivers": "sound +2.0",
    }  # fmt: skip


def test_a_date_that_is_assumed_is_marked() -> None:
    assert _cells("releases", is_date_assumed=True)["released"] == "2026-11-20 (assumed)"


def test_a_recording_of_one_version_shows_no_number_of_them() -> None:
    assert _cells("releases", n_versions=1)["versions"] is None


@pytest.mark.parametrize(("change", "shown"), [(None, "new"), (0, "="), (-12, "-12")])
def test_a_release_that_is_new_or_stays_has_no_number(change: int | None, shown: str) -> None:
    assert _cells("releases", rank_change=change)["change"] == shown


def test_a_pick_is_shown_with_its_chance() -> None:
    pick = {
        "single_score": 41.04, "p_best": 0.125, "verdict": "clear", "single_track_name": "One", "album_name": "LP",
        "n_tracks": 4, "runner_up_track_name": None, "record_n_albums": 1105, "record_right_share": 0.605,
        "record_chance_share": 0.53,
    }  # fmt: skip

    assert _cells("singles", **pick) == {
        "score": 41.0, "chance_of_best": "13 %", "verdict": "clear",
        "such_picks_right": "61 % of 1,105, chance 53 %", "single": "One", "artist_name": "A", "album_name": "LP",
        "n_tracks": 4, "runner_up": None,
    }  # fmt: skip
    assert _cells("singles", **pick | {"p_best": None})["chance_of_best"] is None
    assert _cells("singles", **pick | {"record_n_albums": None})["such_picks_right"] == "not known"


def test_what_changed_is_shown_with_both_ranks_and_the_sign_of_the_points() -> None:
    gone = _RELEASE | {
        "change": "gone",
        "rank": None,
        "rank_change": None,
        "earlier_rank": 4,
        "score": None,
        "score_change": None,
    }
    moved = _RELEASE | {"change": "score", "earlier_rank": 2, "score_change": -0.04}

    assert list_table.cells([moved, gone], list_table.CHANGES) == [
        ["score", 2, 2, "+3", 47.3, "-0.0", "One", "A", "pop", date(2026, 11, 20)],
        ["gone", None, 4, None, None, None, "One", "A", "pop", date(2026, 11, 20)],
    ]


def test_halves_are_rounded_away_from_zero() -> None:
    assert [list_table.round_half_up(value, 1) for value in (0.25, -0.25, 247.25, 0.24)] == [0.3, -0.3, 247.3, 0.2]
