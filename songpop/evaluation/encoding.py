"""The one way in which the rows of a split are encoded: fitted on the training part, and on nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from songpop.features import EncodedRows, FeatureEncoder


@dataclass(frozen=True)
class Encoded:
    """Both parts of a split as arrays.

    Args:
        encoder: as fitted on the training part.
        rows: the training rows, each without its own label.
        unseen: the test rows.
    """

    encoder: FeatureEncoder
    rows: EncodedRows
    unseen: EncodedRows


# From a training part, a test part and a seed.
Encode = Callable[[pl.DataFrame, pl.DataFrame, int], Encoded]


def encode_with(kind: type[FeatureEncoder]) -> Encode:
    """Encode with one kind of encoder."""

    def encode(train: pl.DataFrame, test: pl.DataFrame, seed: int) -> Encoded:
        encoder, rows = kind.fit(train, seed)
        return Encoded(encoder, rows, encoder.transform(test))

    return encode
