"""Partly known tracks: training rows once more with some of their fields blank, as the doors bring them.

A pasted title has no sound, a measured file has tempo and loudness and little else, a stranger has no record. What a
model makes of such rows it has to have been taught: their true blank states occur too rarely by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from songpop.audio_features import CLASSES, MEASURES
from songpop.features.declared import ANALYSIS, conform

# What a measured audio file gives by itself.
MEASURABLE = ("tempo", "key", "mode", "loudness", "duration_ms")
_SOUND = (*MEASURES, *CLASSES)
_TIME = ("year", "release_date", "release_date_precision")
_ALBUM = ("album_id", "album_name", "n_album_tracks")
# No artist of this name is in any record.
_NOBODY = "\x00nobody"


@dataclass(frozen=True)
class PartialState:
    """One way in which a track can be partly known.

    Args:
        name: for a person, in tables.
        blank: columns of the model frame that are not known.
        has_record: whether the artist's training tracks are known.
        weight: how often it is drawn, against the others.
    """

    name: str
    blank: tuple[str, ...]
    has_record: bool = True
    weight: float = 1.0

    def apply(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Blank the columns of a conformed model frame."""
        hidden = [pl.lit(None, frame.schema[name]).alias(name) for name in self.blank]
        nobody = [] if self.has_record else [pl.lit(_NOBODY).alias("artist_key")]
        return frame.with_columns(*hidden, *nobody)


STATES = (
    PartialState("without genre", ("genre",), weight=3.0),
    PartialState("without sound", ANALYSIS, weight=2.0),
    PartialState("measured sound alone", tuple(name for name in ANALYSIS if name not in MEASURABLE)),
    PartialState("without year", _TIME),
    PartialState("without artist popularity", ("artist_popularity",)),
    PartialState("without artist record", (), has_record=False),
    PartialState("without artist", ("artist_popularity",), has_record=False),
    PartialState("without genre and sound", ("genre", *_SOUND), weight=2.0),
    PartialState("without genre, year and sound", ("genre", *_TIME, *_SOUND), weight=2.0),
    PartialState("name and title alone", ("genre", *_TIME, *_SOUND, *_ALBUM, "artist_popularity"), has_record=False,
                 weight=3.0),
)  # fmt: skip


@dataclass(frozen=True)
class Copies:
    """Training rows once more, partly blank.

    Args:
        frame: a conformed model frame, m rows.
        source: number of the training row that each was made of, shape (m,).
        state: number of each one's state in STATES, shape (m,).
    """

    frame: pl.DataFrame
    source: np.ndarray
    state: np.ndarray


# Column of what is predicted of each test row in each state, beside the predictions.
PARTIAL = "partial"
_PREDICTED = ("score", "score_low", "score_high")


def with_partial(predictions: pl.DataFrame, in_states: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put score and bounds in each state of STATES beside predictions, as the column PARTIAL."""
    values = np.concatenate([one.select(_PREDICTED).to_numpy() for one in in_states], axis=1).astype(np.float32)
    return predictions.with_columns(pl.Series(PARTIAL, values, dtype=pl.Array(pl.Float32, values.shape[1])))


def in_state(predictions: pl.DataFrame, number: int) -> pl.DataFrame:
    """Take `score, score_low, score_high` in one state from what `with_partial` put beside predictions."""
    values = predictions[PARTIAL].to_numpy().astype(np.float64)
    first = number * len(_PREDICTED)
    return pl.DataFrame({name: values[:, first + j] for j, name in enumerate(_PREDICTED)})


def draw_copies(train: pl.DataFrame, share: float, seed: int) -> Copies:
    """Copy a share of the training rows, each in a state that is drawn.

    A column that is blank in the whole file is none that a state can hide, and does not matter.

    Args:
        train: a training frame.
        share: of its rows, 0-1; none is copied twice.
        seed: of the draws.
    """
    draw = np.random.default_rng([seed, 13])
    source = np.sort(draw.choice(train.height, round(share * train.height), replace=False))
    weight = np.array([state.weight for state in STATES])
    drawn = draw.choice(len(STATES), len(source), p=weight / weight.sum())
    order = np.argsort(drawn, kind="stable")
    source, drawn = source[order], drawn[order]
    rows = conform(train)
    parts = [state.apply(rows[source[drawn == number]]) for number, state in enumerate(STATES)]
    return Copies(pl.concat(parts), source, drawn)
