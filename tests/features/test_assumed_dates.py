"""Releases without a date: when they count as out, what the encoder sees of that, and how it is said."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from small_frames import planted_frame

from songpop.features import FeatureEncoder, conform
from songpop.features.assumed_dates import assume_dates, describe_assumed, without_assumed_dates
from songpop.features.encoder import NUMERIC

_THURSDAY, _FRIDAY = date(2018, 11, 22), date(2018, 11, 23)
_NO_DATE = {"release_date": None, "year": None, "release_date_precision": None}


@pytest.fixture(scope="module")
def encoder() -> FeatureEncoder:
    return FeatureEncoder.fit(planted_frame(200), 0)[0]


def _dated(**values: object) -> pl.DataFrame:
    frame = planted_frame(3, seed=5)
    return frame.with_columns(pl.lit(value, dtype=frame.schema[name]).alias(name) for name, value in values.items())


def test_only_a_row_without_a_date_and_a_year_is_dated() -> None:
    frame = conform(
        pl.DataFrame(
            {
                "track_id": ["dated", "of a year", "undated"],
                "artist_name": "A",
                "release_date": [date(2012, 1, 31), None, None],
                "year": [2012, 2019, None],
            }
        )
    )

    found = assume_dates(frame, _THURSDAY)

    assert found.select("release_date", "year", "release_date_precision", "is_date_assumed").rows() == [
        (date(2012, 1, 31), 2012, None, False),
        (None, 2019, None, False),
        (_THURSDAY, 2018, "day", True),
    ]
    again = without_assumed_dates(assume_dates(found, _FRIDAY))
    assert again.drop("is_date_assumed").equals(frame.drop("is_date_assumed"))


def test_a_row_without_a_date_is_encoded_as_if_it_came_out_that_day(encoder: FeatureEncoder) -> None:
    undated = encoder.transform(assume_dates(_dated(**_NO_DATE), _THURSDAY))
    dated = encoder.transform(_dated(release_date=_THURSDAY, year=2018, release_date_precision="day"))

    np.testing.assert_array_equal(undated.numeric, dated.numeric)
    np.testing.assert_array_equal(undated.categories, dated.categories)


def test_no_friday_is_told_from_the_day_that_stands_in_for_a_date(encoder: FeatureEncoder) -> None:
    friday = NUMERIC.index("is_friday")

    assert set(encoder.transform(_dated(release_date=_FRIDAY)).numeric[:, friday]) == {1}
    assert set(encoder.transform(assume_dates(_dated(**_NO_DATE), _FRIDAY)).numeric[:, friday]) == {0}


def test_it_is_said_of_how_many_songs_the_date_is_assumed() -> None:
    undated = assume_dates(_dated(**_NO_DATE), _FRIDAY)
    dated = assume_dates(_dated(), _FRIDAY)

    assert describe_assumed(dated) is None
    assert describe_assumed(undated) == (
        "No release date and no year is known of these songs, so they count as released on 2018-11-23."
    )
    assert describe_assumed(undated[:1]) == (
        "No release date and no year is known of this song, so it counts as released on 2018-11-23."
    )
    assert describe_assumed(pl.concat([undated[:2], dated])) == (
        "No release date and no year is known of 2 of the 5 songs, so they count as released on 2018-11-23."
    )
