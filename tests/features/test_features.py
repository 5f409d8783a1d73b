"""Features: what is declared, what titles say, and that no row sees its own label."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.features import ANALYSIS, FEATURES, FeatureEncoder, conform
from songpop.features.encoder import CATEGORIES, NUMERIC
from songpop.features.records import folds_of, seen_together
from songpop.features.titles import title_expressions


def _column(encoded: np.ndarray, name: str) -> np.ndarray:
    return encoded[:, NUMERIC.index(name)]


def _titles(*titles: str | None, album: str | None = None) -> pl.DataFrame:
    columns = {"track_name": list(titles), "album_name": [album] * len(titles), "artist_name": ["A"] * len(titles)}
    types = dict.fromkeys(columns, pl.String)
    return pl.DataFrame(columns, schema=types).select(title_expressions())


def test_each_feature_is_declared_once_with_a_reason() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert all(feature.why and feature.source and feature.group for feature in FEATURES)
    assert {feature.kind for feature in FEATURES} == {"numeric", "flag", "category"}


def test_the_unnamed_index_column_reaches_no_feature() -> None:
    frame = planted_frame(200)
    leaking = frame.with_columns(pl.col("popularity").alias(""), pl.col("popularity").alias("Unnamed: 0"))
    assert "" not in conform(leaking).columns
    _, plain = FeatureEncoder.fit(frame, 0)
    _, with_index = FeatureEncoder.fit(leaking, 0)
    np.testing.assert_array_equal(plain.numeric, with_index.numeric)


def test_a_row_s_own_label_never_enters_its_features() -> None:
    frame = planted_frame(200)
    _, before = FeatureEncoder.fit(frame, 0)
    changed = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(100).otherwise(pl.col("popularity")).alias("popularity")
    )
    assert changed["popularity"][7] != frame["popularity"][7]
    _, after = FeatureEncoder.fit(changed, 0)
    np.testing.assert_array_equal(before.numeric[7], after.numeric[7])
    assert not np.array_equal(np.nan_to_num(before.numeric), np.nan_to_num(after.numeric))


def test_an_artist_with_one_track_has_no_record_in_training() -> None:
    frame = planted_frame(120).with_columns(pl.format("artist {}", pl.int_range(pl.len())).alias("artist_name"))
    encoder, rows = FeatureEncoder.fit(frame, 0)
    assert np.isnan(_column(rows.numeric, "artist_record")).all()
    assert (_column(rows.numeric, "is_artist_new") == 1).all()
    later = encoder.transform(frame.head(1).with_columns(pl.lit("another id").alias("track_id")))
    assert _column(later.numeric, "artist_best")[0] == frame["popularity"][0]


def test_features_do_not_depend_on_the_order_of_rows() -> None:
    frame = planted_frame(200)
    order = np.random.default_rng(1).permutation(200)
    _, rows = FeatureEncoder.fit(frame, 0)
    _, shuffled = FeatureEncoder.fit(frame[order], 0)
    np.testing.assert_allclose(rows.numeric[order], shuffled.numeric, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(rows.categories[order], shuffled.categories)


def test_a_release_may_have_nothing_but_an_artist_and_a_title() -> None:
    encoder, _ = FeatureEncoder.fit(planted_frame(120), 0)
    rows = encoder.transform(pl.DataFrame({"track_id": ["x"], "artist_name": ["Nobody yet"], "track_name": ["Song"]}))
    for flag in ("is_audio_missing", "is_artist_new", "is_year_missing", "is_genre_missing", "is_album_missing"):
        assert _column(rows.numeric, flag)[0] == 1
    assert np.isfinite(_column(rows.numeric, "genre_year_level")).all()
    assert (rows.categories == 0).all()


def test_an_unknown_genre_and_a_later_year_are_encoded() -> None:
    frame = planted_frame(200)
    encoder, _ = FeatureEncoder.fit(frame, 0)
    later = frame.head(3).with_columns(pl.Series("genre", ["polka", None, "pop"]), pl.lit(2099, pl.Int32).alias("year"))
    rows = encoder.transform(later)
    assert rows.categories[:2, CATEGORIES.index("genre")].tolist() == [0, 0]
    assert rows.categories[2, CATEGORIES.index("genre")] > 0
    levels = _column(rows.numeric, "genre_year_level")
    assert ((levels > 0) & (levels < 100)).all()


def test_failed_analyses_are_unknown_and_flagged() -> None:
    frame = planted_frame(120)
    zeros = dict.fromkeys(("tempo", "danceability", "valence", "speechiness"), 0.0)
    failed = frame.head(1).with_columns(
        *[pl.lit(v).alias(n) for n, v in zeros.items()], pl.lit(0).alias("time_signature")
    )
    encoder, _ = FeatureEncoder.fit(frame, 0)
    row = encoder.transform(failed).numeric
    assert _column(row, "is_analysis_failed")[0] == 1
    assert np.isnan(_column(row, "danceability")[0])


def test_a_gap_in_an_analysis_leaves_no_trace() -> None:
    frame = planted_frame(200).with_columns(pl.lit(4).cast(pl.Int32).alias("time_signature"))
    holes = frame.with_columns(
        pl.when(pl.col("popularity") > 10).then(None).otherwise(pl.col("time_signature")).alias("time_signature")
    )
    whole_encoder, whole = FeatureEncoder.fit(frame, 0)
    encoder, filled = FeatureEncoder.fit(holes, 0)

    assert 0 < holes["time_signature"].null_count() < holes.height
    np.testing.assert_array_equal(filled.numeric, whole.numeric)
    np.testing.assert_array_equal(encoder.transform(holes).numeric, whole_encoder.transform(frame).numeric)


def test_a_release_without_an_analysis_says_so_though_its_length_is_known() -> None:
    encoder, _ = FeatureEncoder.fit(planted_frame(200), 0)
    bare = planted_frame(200).head(1).with_columns(pl.lit(None).alias(name) for name in ANALYSIS)
    row = encoder.transform(bare).numeric

    assert _column(row, "is_audio_missing")[0] == 1
    assert np.isnan(_column(row, "danceability")[0])
    assert not np.isnan(_column(row, "duration_ms")[0])


def test_titles_tell_versions_apart_from_names() -> None:
    found = _titles("Song - Live at Wembley", "Live and Let Die", "Song (Remastered 2011)", "Song - X Remix", None)
    assert found["is_live"].to_list() == [1, 0, 0, 0, 0]
    assert found["is_remaster"].to_list() == [0, 0, 1, 0, 0]
    assert found["is_remix"].to_list() == [0, 0, 0, 1, 0]


def test_a_title_track_has_the_album_s_name_whatever_the_remark() -> None:
    found = _titles("Song (feat. B)", "Other", album="SONG")
    assert found["is_title_track"].to_list() == [1, 0]
    assert found["has_guest"].to_list() == [1, 0]
    assert found["n_artists"].to_list() == [2, 1]


@pytest.mark.parametrize(
    ("title", "album", "is_title_track"),
    [
        ("(I Can't Get No) Satisfaction", "(What's the Story) Morning Glory?", 0),
        ("(What's the Story) Morning Glory", "(What's The Story) Morning Glory?", 1),
        ("???", "!!!", 0),
        ("!!!", "!!!", 1),
        ("", "", 0),
        (" ", "(", 0),
        (None, None, 0),
    ],
)
def test_names_of_which_nothing_is_left_are_not_the_same(
    title: str | None, album: str | None, is_title_track: int
) -> None:
    assert _titles(title, album=album)["is_title_track"].to_list() == [is_title_track]


def test_folds_depend_on_the_id_and_the_seed_alone() -> None:
    ids = pl.Series(["a", "b", "c", "d"])
    assert folds_of(ids, 0).tolist() == folds_of(ids.reverse(), 0).tolist()[::-1]
    assert folds_of(ids, 0, 1000).tolist() != folds_of(ids, 1, 1000).tolist()


def test_a_saved_encoder_encodes_the_same(tmp_path: Path) -> None:
    frame = planted_frame(200)
    encoder, _ = FeatureEncoder.fit(frame, 0)
    encoder.save(tmp_path)
    loaded = FeatureEncoder.load(tmp_path)
    np.testing.assert_array_equal(encoder.transform(frame).numeric, loaded.transform(frame).numeric)


def test_an_encoder_of_other_features_is_refused(tmp_path: Path) -> None:
    encoder, _ = FeatureEncoder.fit(planted_frame(120), 0)
    encoder.save(tmp_path)
    path = tmp_path / "features.json"
    path.write_text(path.read_text().replace('"danceability"', '"danceable"'))
    with pytest.raises(ModelError, match=r"must have the .* features of this version"):
        FeatureEncoder.load(tmp_path)


@pytest.mark.parametrize("name", ["features.json", "levels.parquet", "artists.parquet", "versions.parquet"])
@pytest.mark.parametrize("state", ["missing", "truncated", "empty"])
def test_an_encoder_with_a_broken_file_is_refused(tmp_path: Path, name: str, state: str) -> None:
    encoder, _ = FeatureEncoder.fit(planted_frame(120), 0)
    encoder.save(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if state != "missing":
        path.write_bytes(content[: len(content) // 2] if state == "truncated" else b"")
    with pytest.raises(ModelError, match=f"must lie complete in its folder, however {name} of"):
        FeatureEncoder.load(tmp_path)


def test_an_encoder_whose_files_lack_what_this_version_reads_is_refused(tmp_path: Path) -> None:
    encoder, _ = FeatureEncoder.fit(planted_frame(120), 0)
    encoder.save(tmp_path)
    words = json.loads((tmp_path / "features.json").read_text())
    artists = pl.read_parquet(tmp_path / "artists.parquet")
    for field in ("level_shape", "first_year", "usual", "genres", "features"):
        less = {key: value for key, value in words.items() if key != field}
        (tmp_path / "features.json").write_text(json.dumps(less))
        with pytest.raises(ModelError, match=f"KeyError: '{field}'"):
            FeatureEncoder.load(tmp_path)
    (tmp_path / "features.json").write_text(json.dumps(words | {"format": 1}))
    with pytest.raises(ModelError, match="must be of format 5, however it is of 1"):
        FeatureEncoder.load(tmp_path)
    (tmp_path / "features.json").write_text(json.dumps(words))
    artists.drop("best").write_parquet(tmp_path / "artists.parquet")
    with pytest.raises(ModelError, match="ColumnNotFoundError"):
        FeatureEncoder.load(tmp_path)


def test_a_frame_without_artists_is_refused() -> None:
    with pytest.raises(ModelError, match="must have the column 'artist_name'"):
        conform(pl.DataFrame({"track_id": ["x"]}))


def test_a_training_frame_without_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="must have rows with a popularity each"):
        FeatureEncoder.fit(planted_frame(60).drop("popularity"), 0)


def test_a_date_known_to_the_year_counts_as_the_year_s_middle() -> None:
    frame = planted_frame(120)
    dated = frame.head(2).with_columns(
        pl.lit(date(2019, 3, 1)).alias("release_date"), pl.Series("release_date_precision", ["day", "year"])
    )
    encoder, _ = FeatureEncoder.fit(frame, 0)
    rows = encoder.transform(dated).numeric
    assert _column(rows, "is_release_date_missing").tolist() == [0, 1]
    assert _column(rows, "is_friday").tolist() == [1, 0]


def test_the_songs_beside_a_release_are_not_in_its_record() -> None:
    dates = [date(2018, 3, 1), date(2018, 9, 1), date(2016, 5, 1)]
    frame = planted_frame(40).with_columns(
        pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("One")).otherwise("artist_name").alias("artist_name"),
        pl.Series("release_date", dates + [date(2017, 1, 1)] * 37),
        pl.Series("popularity", [10.0, 90.0, 50.0] + [30.0] * 37),
    )
    together = seen_together(frame.with_columns(pl.col("release_date").cast(pl.Date)))
    assert together[0] == together[1] != together[2]
    undated = seen_together(frame.with_columns(pl.lit(None, pl.Date).alias("release_date")))
    assert undated.to_list() == frame["track_id"].to_list()
    best = [FeatureEncoder.fit(frame, seed)[1].numeric[:2, NUMERIC.index("artist_best")] for seed in range(4)]
    assert np.nanmax(best) == 50


def test_an_earlier_version_of_a_song_is_known_and_a_later_one_is_not() -> None:
    titles = ["Memories", "Memories - Remix", "Memories (Live)", "Other"]
    frame = planted_frame(40).with_columns(
        pl.when(pl.int_range(pl.len()) < 4).then(pl.lit("One")).otherwise("artist_name").alias("artist_name"),
        pl.Series("track_name", titles + [f"title {i}" for i in range(36)]),
        pl.Series("release_date", [date(2018, 3, 1), date(2018, 9, 1), date(2018, 9, 1), date(2018, 9, 1)] * 10),
        pl.Series("popularity", [70.0, 40.0, 30.0, 20.0] * 10),
    )
    encoder, rows = FeatureEncoder.fit(frame, 0)
    version, n = (_column(rows.numeric[:4], name) for name in ("earlier_version", "n_earlier_versions"))
    assert np.isnan(version[[0, 3]]).all()
    assert version[[1, 2]].tolist() == [70, 70]
    np.testing.assert_allclose(n, np.log1p([0, 1, 1, 0]))

    later = frame[:1].with_columns(pl.lit("x").alias("track_id"), pl.lit(date(2019, 5, 1)).alias("release_date"))
    assert _column(encoder.transform(later).numeric, "earlier_version").tolist() == [70]
    untitled = later.with_columns(pl.lit(None, pl.String).alias("track_name"))
    assert np.isnan(_column(encoder.transform(untitled).numeric, "earlier_version")).all()
