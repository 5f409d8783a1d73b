"""The one way in which the rows of a split are encoded: fitted on the training part, and on nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.estimators.dead_ids import DeadIds
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.partial import draw_copies

# Of the training rows, so many are fitted on once more with some fields blank: some thousands teach those states, and
# a share must be left so that they are not drowned.
_COPIES = 3_000
_MOST_COPIED, _LEAST_COPIED = 0.3, 0.1


@dataclass(frozen=True)
class Lesson:
    """What estimators are fitted on.

    Args:
        encoder: as fitted on the training rows.
        known: the training rows, n of them; none of a dead id.
        rows: encoded without their own labels: the n training rows, and their partly blank copies after them.
        popularity: labels of `rows`.
        source: number of the training row that each of `rows` stands for.
        dead: the share of dead ids, where the file has them.
    """

    encoder: FeatureEncoder
    known: pl.DataFrame
    rows: EncodedRows
    popularity: np.ndarray
    source: np.ndarray
    dead: DeadIds | None

    @property
    def own(self) -> EncodedRows:
        """The training rows without the copies, encoded."""
        return self.rows.take(np.arange(self.known.height))


@dataclass(frozen=True)
class Encoded:
    """Both parts of a split as arrays.

    Args:
        lesson: the training part, to fit on.
        unseen: the test rows.
    """

    lesson: Lesson
    unseen: EncodedRows

    @property
    def encoder(self) -> FeatureEncoder:
        """The encoder, as fitted on the training part."""
        return self.lesson.encoder

    @property
    def rows(self) -> EncodedRows:
        """The training rows, each without its own label."""
        return self.lesson.own


# From a training part, a test part and a seed.
Encode = Callable[[pl.DataFrame, pl.DataFrame, int], Encoded]


def make_lesson(train: pl.DataFrame, seed: int, kind: type[FeatureEncoder] = FeatureEncoder) -> Lesson:
    """Fit an encoder on a training frame, and encode what estimators are to be fitted on.

    Args:
        train: a training frame.
        seed: deals tracks to folds, and draws the copies.
        kind: of encoder.
    """
    dead = DeadIds.find(train)
    known = train if dead is None else train.filter(~dead.is_dead(train["popularity"]))
    share = float(np.clip(_COPIES / max(known.height, 1), _LEAST_COPIED, _MOST_COPIED))
    copies = draw_copies(known, share, seed)
    encoder, rows = kind.fit(known, seed, copies)
    source = np.concatenate([np.arange(known.height), copies.source])
    popularity = known["popularity"].to_numpy().astype(np.float64)[source]
    return Lesson(encoder, known, rows, popularity, source, dead)


def encode_with(kind: type[FeatureEncoder]) -> Encode:
    """Encode with one kind of encoder."""

    def encode(train: pl.DataFrame, test: pl.DataFrame, seed: int) -> Encoded:
        lesson = make_lesson(train, seed, kind)
        return Encoded(lesson, lesson.encoder.transform(test))

    return encode
