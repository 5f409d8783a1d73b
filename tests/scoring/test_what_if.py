"""One track under changed features: what changes, what does not, and what is said of it."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.errors import ModelError, SettingsError
from songpop.features import ANALYSIS, GROUPS
from songpop.published.tracks import PublishedTrack
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
from songpop.scoring.explain import explain
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import score_releases
from songpop.scoring.what_if import sweep, what_if
from songpop.scoring.what_if_inputs import SETTABLE


@pytest.fixture
def model() -> ScoringModel:
    return planted_model()


@pytest.fixture
def track() -> pl.DataFrame:
    """Return a pop song of 2015 that is no remix."""
    return planted_frame(1, seed=5).with_columns(
        pl.lit("pop").alias("genre"),
        pl.lit(0.5).alias("danceability"),
        pl.lit(40.0).alias("artist_popularity"),
        pl.lit(-9.0).alias("loudness"),
        pl.lit("A Song").alias("track_name"),
        pl.lit(date(2015, 6, 5)).alias("release_date"),
        pl.lit(2015, dtype=pl.Int32).alias("year"),
    )


def test_without_a_change_both_sides_are_the_score_of_the_list(model: ScoringModel, track: pl.DataFrame) -> None:
    stored = score_releases(track, model).to_dicts()[0]
    answer = what_if(track, {}, model)

    assert answer.before == answer.after == {name: stored[name] for name in answer.before}
    assert (answer.difference, answer.changes, answer.reference_score) == (0, [], stored["reference_score"])
    assert all(part["difference"] == 0 for part in answer.contributions)
    assert what_if(track, {"danceability": 0.5}, model).after == answer.before


def test_a_changed_feature_changes_the_score_as_the_model_says(model: ScoringModel, track: pl.DataFrame) -> None:
    answer = what_if(track, {"danceability": "0.8"}, model)

    changed = score_releases(track.with_columns(pl.lit(0.8).alias("danceability")), model).to_dicts()[0]
    assert answer.after["score"] == pytest.approx(changed["score"], abs=1e-6)
    assert answer.difference == pytest.approx(12, abs=0.1)
    moved = {part["group"]: part["difference"] for part in answer.contributions}
    assert sum(moved.values()) == pytest.approx(answer.difference, abs=1e-3)
    assert next(iter(moved)) == "sound"
    # genre plays together with danceability in the planted rule, nothing else does
    assert {group for group, difference in moved.items() if abs(difference) > 0.01} == {"sound", "genre and year"}
    change = answer.changes[0]
    assert (change.name, change.before, change.after, change.is_implied) == ("danceability", 0.5, 0.8, False)


@pytest.mark.parametrize("name", sorted(set(SETTABLE) - {"danceability", "genre", "artist_popularity", "track_name"}))
def test_what_the_model_does_not_look_at_changes_nothing(model: ScoringModel, track: pl.DataFrame, name: str) -> None:
    what = SETTABLE[name]
    values: dict[str, Any] = {"date": date(2012, 5, 4), "text": "Another"}
    value = values.get(what.kind, what.choices[-1] if what.choices else what.high)
    answer = what_if(track, {name: value}, model)

    assert answer.difference == pytest.approx(0, abs=1e-4)
    assert answer.changes[0].after == value


def test_a_date_tells_what_it_brought_along(model: ScoringModel, track: pl.DataFrame) -> None:
    answer = what_if(track, {"year": "2012"}, model)

    assert [(change.name, change.after, change.is_implied) for change in answer.changes] == [
        ("year", 2012, False), ("release_date", date(2012, 6, 5), True),
    ]  # fmt: skip
    both = what_if(track, {"release_date": "2012-06-05"}, model)
    assert {change.name for change in both.changes} == {"release_date", "year"}


def test_what_is_so_already_is_no_change(model: ScoringModel, track: pl.DataFrame) -> None:
    answer = what_if(track, {"danceability": "0.5", "genre": "pop", "release_date": date(2015, 6, 5)}, model)

    assert (answer.changes, answer.difference) == ([], 0)
    moved = what_if(track, {"release_date": date(2015, 6, 5), "year": 2012}, model)
    assert [(change.name, change.after) for change in moved.changes] == [
        ("year", 2012), ("release_date", date(2012, 6, 5)),
    ]  # fmt: skip
    over = sweep(track, "energy", model, {"release_date": date(2015, 6, 5), "year": 2012})
    assert over.points == sweep(track, "energy", model, {"year": 2012}).points


def test_benchmark_and_features_are_those_of_the_changed_track(model: ScoringModel, track: pl.DataFrame) -> None:
    answer = what_if(track, {"genre": None, "danceability": 0.9}, model)
    changed = track.with_columns(pl.lit(None, pl.String).alias("genre"), pl.lit(0.9).alias("danceability"))

    assert answer.before["benchmark_score"] == answer.after["benchmark_score"] == 30
    assert answer.features == explain(changed, model).features
    assert what_if(track, {}, model).features == explain(track, model).features


def test_the_document_has_the_new_score_and_every_remark(model: ScoringModel, track: pl.DataFrame) -> None:
    stored = {"score": 12.0, "as_of_date": date(2026, 11, 22), "model_version": "keras-1"}
    known = PublishedTrack(track, False, 63, date(2026, 11, 2), stored, "keras-planted")
    answer = what_if(track, {"genre": None}, model)
    document = answer.to_document(known, ["A note."])

    assert {name: document[name] for name in answer.after} == answer.after
    assert document["remarks"] == [
        "This track is among those that models learn from (popularity 63 on 2026-11-02), so its score is no forecast.",
        "The published list has 12.0, of 2026-11-22 by keras-1; this is what the champion says to what is known now.",
        "A note.",
        "The genre is unknown.",
    ]
    assert document["track"]["published_score"] == 12.0
    assert answer.to_document(None)["remarks"] == ["The genre is unknown."]
    assert explain(track, model).to_document(known)["remarks"] == document["remarks"][:2]


def test_what_the_model_has_no_experience_of_is_marked(model: ScoringModel, track: pl.DataFrame) -> None:
    answer = what_if(track, {"tempo": 240, "genre": "rok", "energy": 0.5, "artist_name": "Nobody"}, model)

    marks = {change.name: change.outside for change in answer.changes}
    assert str(marks["tempo"]).endswith("where 98 % of its training tracks lie")
    assert marks["genre"] == "not a genre it learned: scored as no genre (nearest: rock)"
    assert marks["energy"] is marks["artist_name"] is None
    assert {name: mark for name, mark in marks.items() if mark} == answer.outside
    assert "The genre 'rok' is none that the model learned, so it counts as unknown." in answer.remarks
    assert any("learned from no track of this artist" in remark for remark in answer.remarks)
    assert any(remark.startswith("artist_popularity stays that of the present artist") for remark in answer.remarks)
    blank = what_if(track, {"genre": None, "artist_popularity": ""}, model)
    assert {"The genre is unknown.", "The artist's popularity is unknown."} <= set(blank.remarks)


def test_a_song_of_unknown_sound_and_artist_is_said_to_be_near_any_score(
    model: ScoringModel, track: pl.DataFrame
) -> None:
    silent: dict[str, Any] = dict.fromkeys(ANALYSIS)
    nobody = {"artist_name": "Nobody", "artist_popularity": None}
    little = "Little is known of this song, neither the sound nor the artist: its score is near what any release gets."

    assert what_if(track, silent | nobody, model).remarks[0] == little
    assert little not in what_if(track, silent, model).remarks
    assert little not in what_if(track, nobody, model).remarks


def test_single_blanks_are_named(model: ScoringModel, track: pl.DataFrame) -> None:
    many = what_if(track, {"danceability": None, "energy": None, "time_signature": None}, model)
    few = what_if(track, {"duration_ms": None, "tempo": None}, model)

    assert many.remarks == ["Danceability, energy and time signature are unknown and taken as usual."]
    assert few.remarks == ["Tempo is unknown and taken as usual.", "The length is unknown."]
    assert explain(track, model).remarks == []


def test_a_track_outside_the_experience_is_said_to_be(model: ScoringModel, track: pl.DataFrame) -> None:
    odd = track.with_columns(pl.lit(230.0).alias("tempo"), pl.lit(2030, dtype=pl.Int32).alias("year"))

    def outside(remarks: list[str]) -> str:
        return next((remark for remark in remarks if remark.startswith("Outside the range of 98 %")), "")

    assert outside(explain(track, model).remarks) == ""
    assert "year 2030 (2011 to 2019)" in outside(explain(odd, model).remarks)
    assert "tempo 230 (" in outside(explain(odd, model).remarks)
    assert "tempo" not in outside(what_if(odd, {"tempo": 240}, model).remarks)


def test_a_model_of_before_does_without_marks_and_says_so(track: pl.DataFrame) -> None:
    full = planted_model()
    old = ScoringModel(full.model_version, full.encoder, full.net, full.scorer, full.trees, full.reference)
    answer = what_if(track, {"tempo": 240}, old)

    assert answer.changes[0].outside is None
    assert any("does not tell where it has experience. Train again" in remark for remark in answer.remarks)
    assert [point["value"] for point in sweep(track, "tempo", old).points][:2] == [0, 12.5]


def test_a_change_that_cannot_be_is_refused(model: ScoringModel, track: pl.DataFrame) -> None:
    with pytest.raises(SettingsError, match="must be one of those below, however it is 'track_id'"):
        what_if(track, {"track_id": "x"}, model)
    with pytest.raises(SettingsError, match="energy must be a number from 0 to 1"):
        what_if(track, {"energy": 2}, model)
    with pytest.raises(ModelError, match="must be one row of a model frame, however there are 2"):
        what_if(planted_frame(2), {}, model)


def test_an_explanation_adds_up_and_names_what_it_means(model: ScoringModel, track: pl.DataFrame) -> None:
    explanation = explain(track, model)
    stored = score_releases(track, model).to_dicts()[0]

    assert explanation.prediction["score"] == stored["score"]
    assert explanation.prediction["benchmark_score"] == 30
    points = sum(explanation.contributions.values())
    assert explanation.reference_score + points == pytest.approx(stored["score"], abs=1e-3)
    for column, group in zip(CONTRIBUTION_COLUMNS, GROUPS, strict=True):
        assert explanation.contributions[group] == pytest.approx(stored[column], abs=1e-6)
    sizes = np.abs(list(explanation.contributions.values()))
    assert (np.diff(sizes) <= 0).all()
    features = {part.feature: part for part in explanation.features}
    assert (features["genre"].value, features["genre"].typical) == ("pop", None)
    assert features["key"].value in ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def test_a_sweep_goes_over_the_experience_and_holds_the_present_score(model: ScoringModel, track: pl.DataFrame) -> None:
    model.net.n_rows = 0  # type: ignore[attr-defined]
    over = sweep(track, "danceability", model)

    assert model.net.n_rows == len(over.points) == 21  # type: ignore[attr-defined]
    values = [point["value"] for point in over.points]
    low, high = model.experience["danceability"]
    assert (values, values[0], values[-1]) == (
        sorted(values),
        pytest.approx(low, abs=1e-3),
        pytest.approx(high, abs=1e-3),
    )
    present = [point for point in over.points if point["is_present"]]
    assert [point["value"] for point in present] == [0.5]
    assert present[0]["score"] == pytest.approx(what_if(track, {}, model).before["score"], abs=1e-4)
    scores = [point["score"] for point in over.points]
    assert scores == sorted(scores)
    changed = sweep(track, "danceability", model, {"genre": "rock"})
    after = what_if(track, {"genre": "rock"}, model).after["score"]
    assert next(point["score"] for point in changed.points if point["is_present"]) == pytest.approx(after, abs=1e-4)


def test_a_sweep_takes_each_genre_class_and_whole_number_once(model: ScoringModel, track: pl.DataFrame) -> None:
    def values(name: str) -> list[Any]:
        return [point["value"] for point in sweep(track, name, model).points]

    assert values("genre") == ["pop", "rock", "tango"]
    assert values("mode") == [0, 1]
    assert values("key") == list(range(-1, 12))
    assert values("year") == list(range(2011, 2020))
    assert values("n_album_tracks") == [3]
    with pytest.raises(SettingsError, match=r"must be one of genre, danceability, .*, however it is track_name"):
        sweep(track, "track_name", model)
