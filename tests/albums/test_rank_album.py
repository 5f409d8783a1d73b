"""One album's songs: their order, what tells them apart, the verdict, and how often picks of such albums were right."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.albums import AlbumRanking, Song, rank_album
from songpop.albums.reasons import ALL_ELSE, CHANCE, FACTORS
from songpop.albums.verdict import AlbumRecord
from songpop.errors import ModelError
from songpop.estimators.album_order import COLUMNS, AlbumOrder
from songpop.estimators.lightgbm_trees import ContrastTrees
from songpop.features import ANALYSIS, EncodedRows, FeatureEncoder
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import score_releases

_TELLS = AlbumRecord("3", "full", "full", 200, 0.5, 0.4, 1.25, 50, 0.8, can_tell=True, has_clear=True)
# as on the latest albums of real tracks
_PAIRS = AlbumRecord("2", "full", "any", 105, 0.61, 0.53, 1.15, 28, 0.57)


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
    ranking = rank_album(_album("Anchor", "Low Tide", "Salt"), model, [_TELLS])

    assert (ranking.is_clear, ranking.headline) == (True, "Low Tide")
    assert ranking.messages[0].startswith("'Low Tide' should be the single: its chance to become the album's most")
    assert ranking.messages[1] == (
        "On 200 albums of three songs of known sound, artist and genre that the model had not seen, the leading song "
        "was the most popular one on 50 %; one picked by chance would have been on 40 %. Where it led clearly, it was "
        "right on 80 % of 50."
    )


def test_songs_that_can_not_be_told_apart_are_said_to_be_so_before_anything_else(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor", "Low Tide", n_album_tracks=[2, 2]), model, [_PAIRS, _TELLS])

    assert (ranking.verdict, ranking.headline) == ("too close to call", "songpop can't tell these apart")
    assert ranking.messages[0] == (
        "songpop can't tell these apart. On 105 albums of two songs that the model had not seen, the leading song was "
        "the most popular one on 61 %; one picked by chance would have been on 53 %."
    )
    assert ranking.messages[1].startswith("Too close to call: 'Low Tide' leads with a chance of ")
    assert "So clear a lead was seen on 28 albums of two songs, too few to believe it." in ranking.messages[1]


def test_a_clear_lead_is_no_clear_verdict_where_such_leads_were_wrong_too_often(model: ScoringModel) -> None:
    wrong = replace(_TELLS, clear_right_share=0.6, has_clear=False)

    first, record = rank_album(_album("Anchor", "Low Tide", "Salt"), model, [wrong]).messages
    assert first.startswith("Too close to call: 'Low Tide' leads with a chance of ")
    assert "So clear a lead was right on 60 % of 50 albums of three songs. Choose by" in first
    assert record.startswith("On 200 albums of three songs")


def test_of_albums_of_a_kind_that_was_not_judged_nothing_is_called_clear(model: ScoringModel) -> None:
    for records in ([], [_PAIRS], [replace(_TELLS, evidence="little")]):
        ranking = rank_album(_album("Anchor", "Low Tide", "Salt"), model, records)

        assert (ranking.is_clear, ranking.headline) == (False, "Too close to call")
        assert ranking.record == AlbumRecord("3", "full")
        assert ranking.messages[1] == (
            "How often the leading song is right on albums of three songs of known sound, artist and genre is not "
            "known: the model was judged on fewer than 30 of them, so no lead is called clear."
        )


def test_a_fragment_is_said_to_be_one_and_is_never_clear(model: ScoringModel) -> None:
    ranking = rank_album(_album("Anchor", "Low Tide", "Salt", n_album_tracks=[12, 12, None]), model, [_TELLS])

    assert (ranking.is_clear, ranking.is_fragment, ranking.n_album_tracks) == (False, True, 12)
    assert ranking.messages[-1] == (
        "This is a fragment: 12 tracks of the album are known, and 3 stand here, so its best song may be another one."
    )
    assert not rank_album(_album("Anchor", "Low Tide", "Salt"), model, [_TELLS]).is_fragment


def test_the_evidence_of_the_readers_file_decides_which_record_counts(model: ScoringModel) -> None:
    album, little = _album("Anchor", "Low Tide", "Salt"), replace(_TELLS, evidence="little", n_albums=31)

    assert rank_album(album, model, [_TELLS, little]).record.n_albums == 200
    assert rank_album(album, model, [_TELLS, little], evidence="little").record.n_albums == 31


@pytest.mark.parametrize("n_songs", [2, 3, 12])
def test_songs_that_are_alike_tie_and_nothing_speaks_for_any(model: ScoringModel, n_songs: int) -> None:
    for one in (model, planted_model()):
        ranking = rank_album(_album(*["Anchor"] * n_songs), one, [_TELLS, replace(_TELLS, size_class="4+")])

        assert [song.track_id for song in ranking.songs] == sorted(song.track_id for song in ranking.songs)
        assert [song.p_best for song in ranking.songs] == pytest.approx([1 / n_songs] * n_songs)
        assert [song.speaks_for + song.speaks_against for song in ranking.songs] == [[]] * n_songs
        assert not ranking.is_clear


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
    assert reason.unit == CHANCE


def _sum_of_reasons(song: Song) -> float:
    """Add a song's reasons up, as log odds: what they say of it beside the songs around it."""
    told = [song.p_best - reason.difference for reason in (*song.speaks_for, *song.speaks_against)]
    return sum(math.log(song.p_best / (1 - song.p_best) * (1 - without) / without) for without in told)


def _generated(draw: np.random.Generator, n_songs: int) -> pl.DataFrame:
    words = ("Low Tide", "Salt - Live", "Anchor (feat. Someone)", "ballast", "Torn - Remix", "Outro", "Kiel (Acoustic)")
    album = _album(*draw.choice(words, n_songs))
    columns: dict[str, Any] = {name: draw.random(n_songs) for name in ("danceability", "energy", "valence", "liveness")}
    columns |= {"tempo": draw.uniform(60, 180, n_songs), "duration_ms": draw.integers(90_000, 400_000, n_songs)}
    columns["artist_popularity"] = draw.uniform(0, 100, n_songs)
    return album.with_columns(pl.Series(name, values, dtype=album.schema[name]) for name, values in columns.items())


@pytest.mark.parametrize("has_order", [True, False])
def test_reasons_do_not_contradict_the_order_of_any_album(has_order: bool) -> None:
    """Of generated albums under generated orders, whose trees play columns together."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, len(COLUMNS)))
    trees = ContrastTrees.fit(x, 5 * x[:, 0] * x[:, 1] + 3 * np.abs(x[:, 2]), np.ones(300), seed=0, threads=1)
    units = {"duration_ms": 60_000, "tempo": 30, "title_length": 6, "score_mean": 6, "score_middle": 6}
    units |= {"score_high": 6, "score_low": 6, "n_title_words": 2}
    scale = np.array([units.get(name, 1.0) for name in COLUMNS])
    for number in range(22):
        slopes = draw.normal(0, 0.4, len(COLUMNS))
        order = AlbumOrder(scale, slopes, trees, np.array([1.0, 4.0]), 1.0, {}) if has_order else None
        songs = rank_album(_generated(draw, number % 11 + 2), replace(planted_model(), order=order)).songs

        assert not songs[0].speaks_against or songs[0].speaks_for
        assert not songs[-1].speaks_for or songs[-1].speaks_against
        for above, below in pairwise(songs):
            # what is not told is less than a hundredth of a chance
            slack = 2 * 0.01 / (below.p_best * (1 - below.p_best)) if below.p_best > 0.02 else math.inf
            assert _sum_of_reasons(above) >= _sum_of_reasons(below) - slack
            has_only_for = below.speaks_for and not below.speaks_against
            assert not (has_only_for and above.speaks_against and not above.speaks_for)
        for song in songs:
            assert len(song.speaks_for) <= 4
            assert [reason.message for reason in (*song.speaks_for, *song.speaks_against)].count(ALL_ELSE) <= 1


def test_a_song_above_or_below_the_mean_score_that_gains_nothing_by_it_is_explained(model: ScoringModel) -> None:
    slopes = np.zeros(len(COLUMNS))
    slopes[COLUMNS.index("score_mean")] = -0.2
    assert model.order is not None
    turned = AlbumOrder(model.order.scale, slopes, model.order.trees, np.ones(2), 1.0, {})
    ranking = rank_album(_album("Anchor", "Ballast", danceability=[0.9, 0.1]), replace(model, order=turned))

    against = next(song for song in ranking.songs if song.track_name == "Anchor").speaks_against[0].message
    speaks_for = next(song for song in ranking.songs if song.track_name == "Ballast").speaks_for[0].message
    assert "above the album's mean" in against
    assert against.endswith(", which past albums did not reward")
    assert speaks_for.endswith(", which past albums did not hold against a song")


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
