"""One album's songs: their order, what tells them apart, the verdict, and how often such verdicts were right."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.albums.rank_album import AlbumRanking, load_measured, rank_album
from songpop.albums.reasons import CHANCE, FACTORS, POINTS
from songpop.errors import ModelError
from songpop.estimators.album_order import COLUMNS, AlbumOrder
from songpop.estimators.lightgbm_trees import ContrastTrees
from songpop.features import ANALYSIS, EncodedRows, FeatureEncoder
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import score_releases

_MEASURED = {"n_albums": 200, "right_share": 0.5, "chance_share": 0.4, "n_clear": 50, "clear_right_share": 0.8}


@pytest.fixture(scope="module")
def order() -> AlbumOrder:
    """Return an order in which title tracks and higher scores lead; its trees learned that nothing matters."""
    flat = ContrastTrees.fit(
        np.random.default_rng(0).normal(size=(100, len(COLUMNS))), np.zeros(100), np.ones(100), seed=0, threads=1
    )
    slopes = np.zeros(len(COLUMNS))
    slopes[[COLUMNS.index(name) for name in ("is_title_track", "score_mean", "danceability")]] = 2.0, 0.05, 1.0
    return AlbumOrder(np.ones(len(COLUMNS)), slopes, flat, np.ones(2), 1.0, {})


@pytest.fixture
def model(order: AlbumOrder) -> ScoringModel:
    return replace(planted_model(), order=order)


def _album(*titles: str, **columns: list[object]) -> pl.DataFrame:
    n = len(titles)
    same = planted_frame(1, seed=5).select(pl.all().repeat_by(n).explode(empty_as_null=True, keep_nulls=True))
    named: dict[str, list[Any]] = {
        "track_id": [f"t{i}" for i in range(n)],
        "track_name": list(titles),
        "album_name": ["Low Tide"] * n,
        "danceability": [0.5] * n,
        **columns,
    }
    return same.with_columns(pl.Series(name, values, dtype=same.schema[name]) for name, values in named.items())


def _reasons(ranking: AlbumRanking, title: str) -> tuple[list[str], list[str]]:
    song = next(song for song in ranking.songs if song.track_name == title)
    return [reason.message for reason in song.speaks_for], [reason.message for reason in song.speaks_against]


def test_songs_come_by_their_chance_which_is_that_of_the_published_list(model: ScoringModel) -> None:
    album = _album("Anchor", "Low Tide", "Salt")
    ranking = rank_album(album, model)

    published = dict(score_releases(album, model).select("track_id", "p_best").iter_rows())
    assert [song.track_name for song in ranking.songs] == ["Low Tide", "Anchor", "Salt"]
    assert [song.place for song in ranking.songs] == [1, 2, 3]
    assert {song.track_id: song.p_best for song in ranking.songs} == pytest.approx(published)
    assert sum(song.p_best for song in ranking.songs) == pytest.approx(1)


def test_a_clear_verdict_names_the_song_and_how_often_such_a_pick_was_right(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor", "Low Tide", "Salt"), model, {"left_out": _MEASURED})

    assert ranking.is_clear
    assert ranking.messages[0].startswith("'Low Tide' should be the single: its chance to become the album's most")
    assert ranking.messages[1] == (
        "A clear pick was the album's most popular song on 80 % of 50 albums left out of training."
    )


def test_songs_alike_are_too_close_to_call(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor", "Ballast"), model, {"left_out": _MEASURED, "latest": _MEASURED})

    assert (ranking.verdict, ranking.is_clear) == ("too close to call", False)
    assert ranking.messages[0].startswith("Too close to call: 'Anchor' leads with a chance of 50 %, 'Ballast' has 50")
    assert ranking.messages[1] == (
        "Where it was too close to call, the leading song was still the album's most popular song on 40 % of 150 "
        "albums left out of training and on 40 % of 150 of the latest albums known."
    )
    unmeasured = rank_album(_album("Anchor", "Ballast"), model)
    assert unmeasured.messages[1].startswith("How often such verdicts are right was not measured")


def test_a_chance_below_one_percent_is_not_called_none(model: ScoringModel) -> None:
    ranking = rank_album(_album(*(f"Song {i}" for i in range(200))), model)

    assert "(each song would have 0.5 % if nothing were known)" in ranking.messages[0]


def test_what_tells_a_song_apart_is_said_with_what_it_changes(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor", "Low Tide", "Salt", danceability=[0.9, 0.5, 0.4]), model)

    speaks_for, speaks_against = _reasons(ranking, "Low Tide")
    assert speaks_for[0] == "is the title track"
    assert any(message.startswith("its score is") and "below the album's mean" in message for message in speaks_against)
    assert "is more danceable than the album (0.90; mean 0.60)" in _reasons(ranking, "Anchor")[0]
    assert "is less danceable than the album (0.40; mean 0.60)" in _reasons(ranking, "Salt")[1]
    first = ranking.songs[0]
    assert all(reason.difference > 0 and reason.unit == CHANCE for reason in first.speaks_for)
    # the planted slope is 2, and a title track among three stands 2/3 above the album's mean
    without = first.p_best - first.speaks_for[0].difference
    assert math.log(first.p_best / (1 - first.p_best) * (1 - without) / without) == pytest.approx(4 / 3)


def test_what_all_songs_share_speaks_for_none(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor - Live", "Ballast - Live"), model)

    assert [song.speaks_for + song.speaks_against for song in ranking.songs] == [[], []]


def test_every_column_of_the_order_has_its_words_once() -> None:
    named = [name for factor in FACTORS for name in factor.columns]

    assert sorted(named) == sorted(COLUMNS)


def test_a_model_without_an_order_tells_of_contributions() -> None:
    ranking = rank_album(_album("Anchor", "Ballast", danceability=[0.9, 0.1]), planted_model())

    reason = ranking.songs[0].speaks_for[0]
    assert ranking.songs[0].track_name == "Anchor"
    assert reason.message.startswith("its sound brings ")
    assert reason.message.endswith(" points more than the album's mean")
    assert reason.unit == POINTS


def test_what_the_model_does_not_know_is_said(model: ScoringModel) -> None:
    album = _album("Anchor", "Salt", genre=["rok", "pop"], artist_popularity=[None, None])
    ranking = rank_album(album.with_columns(pl.lit("Nobody").alias("artist_name")), model)

    assert ranking.remarks == [
        "The genre 'rok' is none that the model learned, so it counts as unknown.",
        "The model does not know the artist's other tracks, the artist's popularity and the genre (1 of 2 songs), so "
        "the intervals are wider.",
    ]


@pytest.mark.parametrize(("n_silent", "whom"), [(2, "these songs"), (1, "1 of the 2 songs")])
def test_songs_of_unknown_sound_and_artist_are_said_to_be_near_any_score(
    model: ScoringModel, n_silent: int, whom: str
) -> None:
    sound: dict[str, list[object]] = {name: [None] * n_silent + [1] * (2 - n_silent) for name in ANALYSIS}
    unknown: dict[str, list[object]] = {"artist_name": ["Nobody"] * 2, "artist_popularity": [None] * 2}

    remarks = rank_album(_album("One", "Two", **sound, **unknown), model).remarks

    assert remarks[0] == (
        f"Little is known of {whom}, neither the sound nor the artist: such scores are near what any release gets."
    )


def test_an_album_is_encoded_and_predicted_once(model: ScoringModel) -> None:
    encoder = _CountingEncoder(**vars(model.encoder))
    album = _album("Anchor", "Low Tide", "Salt", danceability=[0.9, 0.5, 0.4])
    ranking = rank_album(album, replace(model, encoder=encoder))

    assert encoder.n_rows == 3
    # the songs themselves, and the 2^7 mixtures that their contributions are computed from
    assert model.net.n_rows == 3 * (1 + 128)  # type: ignore[attr-defined]
    assert ranking == rank_album(album, model)


class _CountingEncoder(FeatureEncoder):
    """Counts the rows that it encodes."""

    n_rows = 0

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        """Encode and count."""
        self.n_rows += frame.height
        return super().transform(frame)


def test_one_song_is_no_choice(model: ScoringModel) -> None:
    with pytest.raises(ModelError, match="among 2 songs or more, however there is one here"):
        rank_album(_album("Anchor"), model)


def test_what_was_measured_is_read_from_the_models_folder(tmp_path: Path) -> None:
    assert load_measured(tmp_path) == {}
    metrics = tmp_path / "metrics.json"
    metrics.write_text(json.dumps({"album_order": None, "singles": _MEASURED}))
    assert load_measured(tmp_path) == {"latest": _MEASURED}
    metrics.write_text("{")
    with pytest.raises(ModelError, match=r"must lie complete in its folder, however metrics.json of"):
        load_measured(tmp_path)
