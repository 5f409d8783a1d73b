"""The leak audit: what may not enter a feature is changed, and no encoding may change with it.

An encoder is not read but tried, on a small sample: the same rows are encoded twice, with one forbidden thing
changed, and the arrays must be the same.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from songpop.errors import ModelError
from songpop.evaluation.encoding import Encode, Encoded
from songpop.evaluation.splits import split_rows
from songpop.features import ANALYSIS, EncodedRows, conform
from songpop.features.declared import fill_gaps, usual_values
from songpop.features.encoder import CATEGORIES, NUMERIC
from songpop.features.records import artist_key, folds_of

SAMPLE_ROWS = 400
# Rows whose own label is changed; each needs a fit.
_N_PROBES = 3
_N_ALONE = 5
# Names under which files carry a row number; the first is Kaggle's.
_INDEX_NAMES = ("", "Unnamed: 0", "index", "row_number")
# Sums of floats in another order differ by less.
_TOLERANCE = 1e-3


def refuse_leaks(encode: Encode, frame: pl.DataFrame, seed: int) -> None:
    """Raise if an encoding knows what it must not know.

    Raises:
        ModelError: with one sentence a leak.
    """
    if found := find_leaks(encode, frame, seed):
        raise ModelError(
            "Features must know nothing that is not known when a release is scored, however: " + " ".join(found)
        )


def find_leaks(encode: Encode, frame: pl.DataFrame, seed: int) -> list[str]:
    """Try an encoding on a sample of a training frame, and say in a sentence each what leaks.

    Args:
        encode: fits on a training part, and encodes it and a test part.
        frame: a training frame.
        seed: of the sample and the fits.
    """
    sample = _sample(frame, seed)
    split = split_rows(sample, "temporal", seed)
    if len(split.test) < _N_ALONE or len(split.train) < _N_ALONE:
        split = split_rows(sample, "random", seed)
    train, test = sample[split.train], sample[split.test]
    if train.height < _N_ALONE or test.height < 2:
        return []
    fitted = encode(train, test, seed)
    checks = (_own_label, _later_releases, _other_test_rows, _index_and_order, _gaps)
    return [sentence for check in checks for sentence in check(encode, train, test, seed, fitted)]


def _own_label(encode: Encode, train: pl.DataFrame, test: pl.DataFrame, seed: int, fitted: Encoded) -> Iterator[str]:
    names: set[str] = set()
    for row in _probes(train):
        changed = encode(_with_other_labels(train, np.array([row])), test, seed)
        names |= set(_differing(fitted.rows.take(np.array([row])), changed.rows.take(np.array([row]))))
    if names:
        yield f"A training row's own label reaches its own encoding ({_listed(names)})."
    other = encode(train, _with_other_labels(test, np.arange(test.height)), seed)
    bare = encode(train, test.drop("popularity"), seed)
    names = {name for one in (other, bare) for name in _differing(fitted.unseen, one.unseen)}
    if names:
        yield f"The labels of test rows reach their encoding ({_listed(names)})."


def _later_releases(
    encode: Encode, train: pl.DataFrame, test: pl.DataFrame, seed: int, fitted: Encoded
) -> Iterator[str]:
    """Change every later row but one, its label and its features, and drop half of the others."""
    probe, rest = test[:1], test[1:]
    altered = _with_other_labels(rest, np.arange(rest.height)).with_columns(
        pl.col("artist_popularity") + 40, pl.col("danceability") * 0.1, pl.lit("another").alias("genre")
    )
    others = encode(train, pl.concat([probe, altered[: max(rest.height // 2, 1)]]), seed)
    if names := _differing(fitted.rows, others.rows):
        yield f"Later releases, those of the test part, reach the encoding of training rows ({_listed(names)})."
    one = np.arange(1)
    if names := _differing(fitted.unseen.take(one), others.unseen.take(one)):
        yield f"Something fitted on later releases, those of the test part, reaches a test row ({_listed(names)})."


def _other_test_rows(
    encode: Encode, train: pl.DataFrame, test: pl.DataFrame, seed: int, fitted: Encoded
) -> Iterator[str]:
    names: set[str] = set()
    for row in np.linspace(0, test.height - 1, _N_ALONE).astype(int):
        alone = fitted.encoder.transform(test[[int(row)]])
        names |= set(_differing(fitted.unseen.take(np.array([row])), alone))
    if names:
        yield f"A test row's encoding depends on the other test rows ({_listed(names)})."


def _index_and_order(
    encode: Encode, train: pl.DataFrame, test: pl.DataFrame, seed: int, fitted: Encoded
) -> Iterator[str]:
    def numbered(frame: pl.DataFrame) -> pl.DataFrame:
        number = pl.int_range(pl.len()) + (100 - pl.col("popularity").cast(pl.Int64)) * 1000
        return frame.with_columns(number.alias(name) for name in _INDEX_NAMES)

    indexed = encode(numbered(train), numbered(test), seed)
    names = {*_differing(fitted.rows, indexed.rows), *_differing(fitted.unseen, indexed.unseen)}
    if names:
        yield f"A column of row numbers reaches the encoding ({_listed(names)})."
    draw = np.random.default_rng(seed)
    turned = draw.permutation(train.height), draw.permutation(test.height)
    shuffled = encode(train[turned[0]], test[turned[1]], seed)
    names = {
        *_differing(fitted.rows.take(turned[0]), shuffled.rows),
        *_differing(fitted.unseen.take(turned[1]), shuffled.unseen),
    }
    if names:
        yield f"The order of the rows reaches the encoding ({_listed(names)})."


def _gaps(encode: Encode, train: pl.DataFrame, test: pl.DataFrame, seed: int, fitted: Encoded) -> Iterator[str]:
    """Blank one column of the analysis a row; the same column holds the usual value in the second encoding."""
    blank_train, blank_test = _with_gaps(train), _with_gaps(test)
    usual = usual_values(blank_train)
    blank = encode(blank_train, blank_test, seed)
    filled = encode(fill_gaps(blank_train, usual), fill_gaps(blank_test, usual), seed)
    names = {*_differing(blank.rows, filled.rows), *_differing(blank.unseen, filled.unseen)}
    if names:
        yield f"A gap in single columns of the analysis can be told from the usual value ({_listed(names)})."


def _sample(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Take whole artists, so that records have something to leak."""
    order = folds_of(artist_key(frame).fill_null(""), seed + 3, 1_000_003)
    rows = np.lexsort((np.arange(frame.height), order))[:SAMPLE_ROWS]
    return conform(frame[np.sort(rows)])


def _probes(train: pl.DataFrame) -> list[int]:
    """Choose rows whose artist has others, as far as there are such rows."""
    key = artist_key(train)
    n = pl.DataFrame({"key": key}).select(pl.len().over("key")).to_series().to_numpy()
    rows: list[int] = np.argsort(-n, kind="stable")[:: max(train.height // _N_PROBES, 1)][:_N_PROBES].tolist()
    return rows


def _with_other_labels(frame: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    popularity = frame["popularity"].to_numpy().astype(np.float64).copy()
    popularity[rows] = np.where(popularity[rows] < 50, 100.0, 0.0)
    return frame.with_columns(pl.Series("popularity", popularity))


def _with_gaps(frame: pl.DataFrame) -> pl.DataFrame:
    """Blank one column of the analysis in each row, in turn."""
    turn = pl.int_range(pl.len()) % (2 * len(ANALYSIS))
    return frame.with_columns(
        pl.when(turn != number).then(pl.col(name)).alias(name) for number, name in enumerate(ANALYSIS)
    )


def _differing(one: EncodedRows, other: EncodedRows) -> list[str]:
    """Name the features in which two encodings of the same rows differ."""
    if one.numeric.shape != other.numeric.shape or one.categories.shape != other.categories.shape:
        return ["the number of rows or features"]
    same = np.isclose(one.numeric, other.numeric, rtol=1e-5, atol=_TOLERANCE, equal_nan=True).all(axis=0)
    numbers = [name for name, is_same in zip(_named(NUMERIC, len(same)), same, strict=True) if not is_same]
    alike = (one.categories == other.categories).all(axis=0)
    return numbers + [name for name, is_same in zip(_named(CATEGORIES, len(alike)), alike, strict=True) if not is_same]


def _named(names: tuple[str, ...], n: int) -> list[str]:
    """Name columns beyond the declared ones by their number."""
    return [names[j] if j < len(names) else f"column {j}" for j in range(n)]


def _listed(names: set[str] | list[str]) -> str:
    """List up to five features."""
    known = sorted(set(names))
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
