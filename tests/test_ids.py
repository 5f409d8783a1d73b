from datetime import date, datetime

from songpop.ids import make_model_version, make_run_id, make_snapshot_id, make_track_id


def test_ids_name_what_they_are_made_of() -> None:
    assert make_snapshot_id("tracks", date(2026, 11, 22), "3f9ac1" + "0" * 58) == "tracks-2026-11-22-3f9ac1"
    assert make_model_version("keras", date(2026, 11, 22), "abcdef12") == "keras-2026-11-22-abcdef"
    assert make_run_id("nightly", datetime(2026, 11, 22, 3, 15, 0, 42)) == "nightly-20261122T031500000042Z"


def test_a_made_up_track_id_is_stable_and_told_apart_from_spotifys() -> None:
    first = make_track_id("Album", "Song", "Artist")

    assert first == make_track_id("album", "SONG", "Artist")
    assert first != make_track_id(None, "Song", "Artist")
    assert first != make_track_id("Album", "Song", "Other artist")
    assert len(first) == 22
    assert first.startswith("new")
    assert first.isalnum()
