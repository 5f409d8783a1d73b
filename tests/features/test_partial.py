"""Partly known tracks: copies of training rows, blank as the doors bring them, that never see their own label."""

import numpy as np
import polars as pl
from small_frames import planted_frame

from songpop.features import FeatureEncoder, conform
from songpop.features.encoder import NUMERIC
from songpop.features.partial import STATES, draw_copies


def test_a_copy_is_encoded_as_a_release_of_its_state_is() -> None:
    frame = planted_frame(300)
    copies = draw_copies(frame, 0.5, 0)
    encoder, rows = FeatureEncoder.fit(frame, 0, copies)

    flags = {
        "without genre": "is_genre_missing",
        "without sound": "is_audio_missing",
        "without year": "is_year_missing",
        "without artist popularity": "is_artist_popularity_missing",
        "without artist record": "is_artist_new",
    }
    partial = rows.numeric[frame.height :]
    for number, state in enumerate(STATES):
        own = copies.state == number
        assert own.any()
        if state.name in flags:
            assert (partial[own, NUMERIC.index(flags[state.name])] == 1).all()
        blank = encoder.transform(state.apply(conform(frame))[copies.source[own]]).numeric
        # what is said of an artist's other tracks depends on which may be shown
        shown = ("artist_", "is_artist_new", "earlier")
        plain = [NUMERIC.index(name) for name in NUMERIC if not name.startswith(shown)]
        assert (np.isnan(blank) == np.isnan(partial[own]))[:, plain].all()


def test_a_copy_never_sees_the_label_of_its_track() -> None:
    frame = planted_frame(200)
    copies = draw_copies(frame, 1.0, 0)
    row = 17
    other = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == row)
        .then(100 - pl.col("popularity"))
        .otherwise("popularity")
        .alias("popularity")
    )
    before = FeatureEncoder.fit(frame, 0, copies)[1]
    after = FeatureEncoder.fit(other, 0, copies)[1]

    own = 200 + np.flatnonzero(copies.source == row)
    assert len(own) == 1
    np.testing.assert_allclose(before.numeric[own], after.numeric[own], atol=1e-4)
    assert not np.array_equal(before.numeric, after.numeric, equal_nan=True)


def test_rows_as_they_are_do_not_change_beside_copies() -> None:
    frame = planted_frame(120)
    alone = FeatureEncoder.fit(frame, 0)[1]
    beside = FeatureEncoder.fit(frame, 0, draw_copies(frame, 0.3, 0))[1]
    assert len(beside) == 120 + 36
    np.testing.assert_array_equal(beside.numeric[:120], alone.numeric)
