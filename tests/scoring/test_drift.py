"""Drift: a planted one is found, a list like the reference raises nothing, and small lists are given their due."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.features import FeatureEncoder
from songpop.scoring.drift import (
    LABEL,
    NEVER_LEARNED,
    Reference,
    build_reference,
    effective_size,
    load_reference,
    measure_drift,
    save_reference,
    stability_index,
)


@pytest.fixture(scope="module")
def fitted() -> tuple[FeatureEncoder, Reference]:
    frame = planted_frame(3000)
    encoder, _ = FeatureEncoder.fit(frame, 0)
    judged = frame[:1000].with_columns(pl.col("popularity").alias("score"))
    return encoder, build_reference(frame, encoder.genres, judged, seed=0)


def _releases(n: int, seed: int = 9) -> pl.DataFrame:
    """Draw tracks like the training ones, each of an artist of its own, of the newest days."""
    frame = planted_frame(3000).sort("release_date").tail(450).sample(n, seed=seed, with_replacement=True)
    return frame.with_columns(pl.format("r{}", pl.int_range(pl.len())).alias("track_id"))


def _drifted(releases: pl.DataFrame, fitted: tuple[FeatureEncoder, Reference], score: float = 0.0) -> dict[str, str]:
    encoder, reference = fitted
    scores = (releases["popularity"] + score).alias("score")
    found = measure_drift(releases, scores, reference, encoder, seed=1)
    assert found["feature"].to_list() == [name for name in reference if name != LABEL]
    return dict(found.filter("is_drifted").select("feature", "moved").iter_rows())


def test_a_list_like_the_reference_does_not_drift(fitted: tuple[FeatureEncoder, Reference]) -> None:
    alarms = [name for seed in range(8) for name in _drifted(_releases(120, seed), fitted)]
    assert len(alarms) <= 1, alarms


def test_a_dozen_releases_raise_no_false_alarm(fitted: tuple[FeatureEncoder, Reference]) -> None:
    alarms = [name for seed in range(200) for name in _drifted(_releases(12, seed), fitted)]
    assert len(alarms) <= 4, alarms


@pytest.mark.parametrize(
    ("change", "feature", "words"),
    [
        (pl.col("energy") * 0.2, "energy", "lower: median"),
        (pl.col("tempo") + 60, "tempo", "higher: median"),
        (pl.lit(None, pl.Float64).alias("valence"), "valence", "missing: 100%, was 0%"),
        (pl.lit("vaporwave").alias("genre"), "genre", f"{NEVER_LEARNED}: 100%, was 0%"),
        (pl.lit(99.0).alias("artist_popularity"), "artist_popularity", "higher: median 99"),
    ],
)
def test_a_planted_drift_is_found_with_its_direction(
    fitted: tuple[FeatureEncoder, Reference], change: pl.Expr, feature: str, words: str
) -> None:
    found = _drifted(_releases(400).with_columns(change), fitted)
    assert list(found) == [feature]
    assert words in found[feature]


def test_scores_that_moved_drift(fitted: tuple[FeatureEncoder, Reference]) -> None:
    assert "higher" in _drifted(_releases(400), fitted, score=25.0)["score"]


def test_later_years_and_few_releases_are_no_drift(fitted: tuple[FeatureEncoder, Reference]) -> None:
    later = _releases(400).with_columns(pl.lit(2030).alias("year"), pl.lit(date(2030, 5, 1)).alias("release_date"))
    assert "year" not in _drifted(later, fitted)
    assert _drifted(_releases(5).with_columns(pl.lit(0.0).alias("energy")), fitted) == {}


def test_an_album_of_one_artist_counts_as_one_track(fitted: tuple[FeatureEncoder, Reference]) -> None:
    assert effective_size(pl.Series(["a"] * 30)) == 1
    assert effective_size(pl.Series(list("abcd"))) == 4
    album = _releases(30).with_columns(pl.lit("One").alias("artist_name"), pl.lit(0.0).alias("energy"))
    assert _drifted(album, fitted) == {}


def test_the_index_is_that_of_the_textbook() -> None:
    one, other = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.3, 0.2])
    expected = ((one - other) * np.log(one / other)).sum()
    assert stability_index(one, other) == pytest.approx(expected)
    assert stability_index(one, one) == 0


def test_a_reference_is_kept_and_an_older_model_has_none(
    fitted: tuple[FeatureEncoder, Reference], tmp_path: Path
) -> None:
    assert load_reference(tmp_path) is None
    save_reference(tmp_path, fitted[1])
    assert load_reference(tmp_path) == fitted[1]
    (tmp_path / "reference.json").write_text('{"energy": {}}')
    with pytest.raises(ModelError, match=r"however reference.json of .* can't be read \(TypeError"):
        load_reference(tmp_path)


def test_a_service_that_tells_no_genre_is_no_drift(fitted: tuple[FeatureEncoder, Reference]) -> None:
    half = pl.when(pl.int_range(pl.len()) % 2 == 0).then("genre").alias("genre")
    encoder, reference = fitted
    releases = _releases(200).with_columns(half)
    found = measure_drift(releases, releases["popularity"], reference, encoder, seed=1)
    genre = found.filter(pl.col("feature") == "genre").row(0, named=True)
    assert (genre["n_releases"], genre["missing_share"], genre["is_drifted"]) == (100, 0.5, False)


def test_gaps_of_genres_are_told_on_both_sides() -> None:
    frame = planted_frame(600).with_columns(pl.when(pl.int_range(pl.len()) % 4 > 0).then("genre").alias("genre"))
    encoder, _ = FeatureEncoder.fit(frame, 0)
    reference = build_reference(frame, encoder.genres, frame.clear(), seed=0)
    found = measure_drift(frame[:300], frame["popularity"][:300], reference, encoder, seed=1)
    assert "score" not in found["feature"]
    genre = found.filter(pl.col("feature") == "genre").row(0, named=True)
    assert genre["missing_share"] == pytest.approx(0.25)
    assert genre["reference_missing_share"] == pytest.approx(0.25, abs=0.03)
    assert genre["psi"] < 0.05


@pytest.mark.parametrize(("artist", "drifts"), [("known", False), ("new", True)])
def test_fewer_new_artists_are_no_drift_and_more_are(artist: str, drifts: bool) -> None:
    names = [f"artist {i // 2}" for i in range(1200)]  # half of the tracks are an artist's first
    frame = planted_frame(1200).sort("release_date").with_columns(pl.Series("artist_name", names))
    turn = np.random.default_rng(0).permutation(1200)
    frame = frame.with_columns(pl.Series("artist_name", [names[i] for i in turn]))
    encoder, _ = FeatureEncoder.fit(frame, 0)
    reference = build_reference(frame, encoder.genres, frame.clear(), seed=0)
    releases = frame.tail(400).with_columns(
        pl.Series("artist_name", [f"artist {i}" if artist == "known" else f"stranger {i}" for i in range(400)])
    )
    found = measure_drift(releases, releases["popularity"], reference, encoder, seed=1)
    row = found.filter(pl.col("feature") == "is_artist_new").row(0, named=True)
    assert row["is_drifted"] == drifts
    assert "true" in row["moved"] or "false" in row["moved"]
