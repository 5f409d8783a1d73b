"""The leak audit: a leak of each kind is planted in an encoder, and has to be found; the real encoder has none."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.errors import ModelError
from songpop.evaluation.encoding import Encode, Encoded, Lesson, encode_with
from songpop.evaluation.leaks import find_leaks
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.encoder import NUMERIC
from songpop.features.partial import Copies
from songpop.training import train as training
from songpop.training.train import train


def _frame(n: int = 300) -> pl.DataFrame:
    return planted_frame(n, seed=3)


def _with(rows: EncodedRows, values: np.ndarray, name: str = "tempo") -> EncodedRows:
    """Put values in the place of one feature."""
    numeric = rows.numeric.copy()
    numeric[:, NUMERIC.index(name)] = values
    return EncodedRows(numeric, rows.categories)


def _labels(frame: pl.DataFrame) -> np.ndarray:
    return frame["popularity"].to_numpy().astype(np.float32)


class _OwnLabel(FeatureEncoder):
    """The artist's mean with the track's own popularity in it, as peers compute it before they split."""

    @classmethod
    def fit(cls, train: pl.DataFrame, seed: int, copies: Copies | None = None) -> tuple[FeatureEncoder, EncodedRows]:
        encoder, rows = super().fit(train, seed)
        own = train.select(pl.col("popularity").mean().over("artist_name")).to_series().to_numpy()
        return encoder, _with(rows, own, "artist_record")


class _TestLabel(FeatureEncoder):
    """What is judged, read where it stands."""

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        rows = super().transform(frame)
        return _with(rows, _labels(frame)) if "popularity" in frame.columns else rows


class _TestStatistics(FeatureEncoder):
    """A scaler that is fitted on the rows to be judged."""

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        rows = super().transform(frame)
        tempo = rows.numeric[:, NUMERIC.index("tempo")]
        return _with(rows, tempo - tempo.mean())


class _IndexColumn(FeatureEncoder):
    """Any further column of the file is taken, as the unnamed one of Kaggle's."""

    @classmethod
    def fit(cls, train: pl.DataFrame, seed: int, copies: Copies | None = None) -> tuple[FeatureEncoder, EncodedRows]:
        encoder, rows = super().fit(train, seed)
        return encoder, _indexed(rows, train)

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        return _indexed(super().transform(frame), frame)


def _indexed(rows: EncodedRows, frame: pl.DataFrame) -> EncodedRows:
    return _with(rows, frame[""].to_numpy()) if "" in frame.columns else rows


class _FileOrder(FeatureEncoder):
    """Where a row stood in its file."""

    @classmethod
    def fit(cls, train: pl.DataFrame, seed: int, copies: Copies | None = None) -> tuple[FeatureEncoder, EncodedRows]:
        encoder, rows = super().fit(train, seed)
        return encoder, _with(rows, np.arange(len(rows)))


class _Gaps(FeatureEncoder):
    """An indicator of a blank column, which tells how a file was put together."""

    @classmethod
    def fit(cls, train: pl.DataFrame, seed: int, copies: Copies | None = None) -> tuple[FeatureEncoder, EncodedRows]:
        encoder, rows = super().fit(train, seed)
        return encoder, _with(rows, train["time_signature"].is_null().to_numpy())

    def transform(self, frame: pl.DataFrame) -> EncodedRows:
        return _with(super().transform(frame), frame["time_signature"].is_null().to_numpy())


def _fitted_on_all(train: pl.DataFrame, test: pl.DataFrame, seed: int) -> Encoded:
    """Fit before the split, so that later releases are in every record."""
    whole = pl.concat([train, test], how="diagonal").with_columns(pl.col("popularity").fill_null(0))
    encoder, rows = FeatureEncoder.fit(whole, seed)
    first = np.arange(train.height)
    return Encoded(_lesson(encoder, rows.take(first), train), rows.take(first[-1] + 1 + np.arange(test.height)))


def _later_level(train: pl.DataFrame, test: pl.DataFrame, seed: int) -> Encoded:
    """Centre by the mean popularity of all rows, later ones included."""
    found = encode_with(FeatureEncoder)(train, test, seed)
    labels = test["popularity"].to_list() if "popularity" in test.columns else []
    mean = float(np.mean([*train["popularity"].to_list(), *labels]))
    return Encoded(_lesson(found.encoder, _with(found.rows, np.full(train.height, mean)), train), found.unseen)


def _lesson(encoder: FeatureEncoder, rows: EncodedRows, train: pl.DataFrame) -> Lesson:
    return Lesson(encoder, train, rows, train["popularity"].to_numpy(), np.arange(train.height), None)


_PLANTED: dict[str, tuple[Encode, str]] = {
    "own label": (encode_with(_OwnLabel), "A training row's own label reaches its own encoding (artist_record)"),
    "label of test rows": (encode_with(_TestLabel), "The labels of test rows reach their encoding (tempo)"),
    "fitted on all rows": (_fitted_on_all, "Later releases, those of the test part, reach the encoding of training"),
    "level of later releases": (_later_level, "Later releases, those of the test part, reach the encoding of training"),
    "statistics of test rows": (encode_with(_TestStatistics), "depends on the other test rows (tempo)"),
    "index column": (encode_with(_IndexColumn), "A column of row numbers reaches the encoding (tempo)"),
    "file order": (encode_with(_FileOrder), "The order of the rows reaches the encoding (tempo)"),
    "gaps of the file": (encode_with(_Gaps), "A gap in single columns of the analysis can be told"),
}


@pytest.mark.parametrize("kind", sorted(_PLANTED))
def test_a_planted_leak_is_found(kind: str) -> None:
    encode, words = _PLANTED[kind]
    found = find_leaks(encode, _frame(), 0)
    assert any(words in sentence for sentence in found), found


@pytest.mark.parametrize("seed", [0, 1])
def test_the_real_encoder_leaks_nothing(seed: int) -> None:
    assert find_leaks(encode_with(FeatureEncoder), _frame(), seed) == []


def test_the_real_encoder_leaks_nothing_of_a_file_with_gaps_and_without_dates() -> None:
    frame = _frame().with_columns(
        pl.lit(None, pl.Date).alias("release_date"),
        pl.when(pl.int_range(pl.len()) % 3 > 0).then("time_signature").alias("time_signature"),
        pl.when(pl.int_range(pl.len()) % 5 > 0).then("artist_popularity").alias("artist_popularity"),
        pl.when(pl.int_range(pl.len()) % 7 > 0).then("genre").alias("genre"),
    )
    assert find_leaks(encode_with(FeatureEncoder), frame, 0) == []


def test_training_refuses_features_that_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "FeatureEncoder", _OwnLabel)
    with pytest.raises(ModelError, match="must know nothing that is not known when a release is scored, however: A"):
        train(_frame(120), models_dir=tmp_path, seed=0, threads=1, as_of_date=date(2026, 11, 22), snapshot_ids=[])
    assert not list(tmp_path.iterdir())
