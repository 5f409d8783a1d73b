"""Other worlds: lists that no score can be trusted of are told from lists of one genre, of one artist and of a few."""

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.features import FeatureEncoder
from songpop.scoring.drift import LABEL, Reference, build_reference, measure_drift
from songpop.scoring.worlds import World, can_be_judged, find_other_world, spread_of

_SOUND = ("danceability", "energy", "speechiness", "acousticness", "valence")
_NOTHING_SEEN = np.zeros(0)


def _with_sound(frame: pl.DataFrame) -> pl.DataFrame:
    """Let each genre have a sound of its own, each track an artist of its own."""
    shift = pl.col("genre").replace_strict({"pop": 0.0, "rock": 0.3, "tango": 0.6}, default=0.3)
    sound = [(pl.col(name) * 0.4 + shift).alias(name) for name in _SOUND]
    return frame.with_columns(*sound, pl.format("artist {}", pl.int_range(pl.len())).alias("artist_name"))


@pytest.fixture(scope="module")
def fitted() -> tuple[FeatureEncoder, Reference]:
    frame = _with_sound(planted_frame(3000))
    encoder, _ = FeatureEncoder.fit(frame, 0)
    judged = frame[:1000].with_columns(pl.col("popularity").alias("score"))
    return encoder, build_reference(frame, encoder.genres, judged, seed=0)


def _releases(n: int) -> pl.DataFrame:
    return _with_sound(planted_frame(3000).sort("release_date").tail(450)).sample(n, seed=4)


def _world(
    releases: pl.DataFrame, fitted: tuple[FeatureEncoder, Reference], errors: np.ndarray = _NOTHING_SEEN
) -> World | None:
    encoder, reference = fitted
    moved = measure_drift(releases, releases["popularity"].alias("score"), reference, encoder, seed=1)
    return find_other_world(releases, moved, encoder, errors)


def test_lists_like_what_was_learned_are_of_its_world(fitted: tuple[FeatureEncoder, Reference]) -> None:
    assert [_world(_releases(n), fitted) for n in (12, 60, 400)] == [None, None, None]


@pytest.mark.parametrize("genre", ["pop", "rock", "tango"])
def test_songs_of_one_genre_drift_and_are_of_the_world(fitted: tuple[FeatureEncoder, Reference], genre: str) -> None:
    releases = _releases(450).filter(pl.col("genre") == genre)
    encoder, reference = fitted
    moved = measure_drift(releases, releases["popularity"].alias("score"), reference, encoder, seed=1)

    assert moved["is_drifted"].sum() >= 3
    assert moved["is_elsewhere"].sum() == 0
    assert _world(releases, fitted) is None


def test_a_third_of_genres_never_learned_is_another_world(fitted: tuple[FeatureEncoder, Reference]) -> None:
    releases = _releases(300).with_row_index()

    def with_polka(n: int) -> pl.DataFrame:
        return releases.with_columns(
            pl.when(pl.col("index") < n).then(pl.lit("polka")).otherwise("genre").alias("genre")
        )

    assert _world(with_polka(90), fitted) is None
    world = _world(with_polka(120), fitted)
    assert world == ("genres", "40% of its releases have a genre never learned (polka)")


def test_a_genre_in_another_spelling_is_a_learned_one(fitted: tuple[FeatureEncoder, Reference]) -> None:
    assert _world(_releases(300).with_columns(pl.col("genre").str.to_uppercase()), fitted) is None


def test_a_genre_untold_is_none_never_learned(fitted: tuple[FeatureEncoder, Reference]) -> None:
    assert _world(_releases(300).with_columns(pl.lit(None, pl.String).alias("genre")), fitted) is None


def test_inputs_that_lie_where_no_such_genre_does_are_another_world(fitted: tuple[FeatureEncoder, Reference]) -> None:
    # the sound of tango under the name of pop
    odd = _releases(450).filter(pl.col("genre") == "tango").with_columns(pl.lit("pop").alias("genre"))
    world = _world(odd, fitted)

    assert world is not None
    assert world.basis == "inputs"
    assert "of its inputs lie where tracks of its genres do not" in world.reason


def test_a_few_songs_and_an_album_are_not_judged(fitted: tuple[FeatureEncoder, Reference]) -> None:
    odd = _releases(300).with_columns(pl.lit("polka").alias("genre"))

    assert _world(odd[:9], fitted) is None
    assert _world(odd.with_columns(pl.lit("one and the same").alias("artist_name")), fitted) is None


def test_a_list_that_tells_too_little_cannot_be_judged() -> None:
    releases = _releases(300)

    assert can_be_judged(releases)
    assert not can_be_judged(releases[:9])
    assert not can_be_judged(releases.with_columns(pl.lit(None, pl.String).alias("genre")))


def test_popularity_seen_far_from_the_scores_is_another_world(fitted: tuple[FeatureEncoder, Reference]) -> None:
    draw = np.random.default_rng(0)

    assert _world(_releases(300), fitted, draw.normal(-9, 5, 200)) is None
    assert _world(_releases(300), fitted, draw.normal(-22, 5, 49)) is None
    world = _world(_releases(300), fitted, draw.normal(-22, 5, 200))
    assert world == ("popularity", "its scores lie 22 points below the popularity seen since of 200 of its tracks")


def test_intervals_reach_what_was_learned_moved_by_its_own_spread(fitted: tuple[FeatureEncoder, Reference]) -> None:
    popularity = planted_frame(3000)["popularity"].to_numpy()
    low, high = np.quantile(popularity, (0.05, 0.95))
    spread = spread_of(fitted[1])

    assert spread == pytest.approx((max(low - popularity.std(), 0), high + popularity.std()), abs=1)
    assert spread_of({name: one for name, one in fitted[1].items() if name != LABEL}) == (0, 100)
