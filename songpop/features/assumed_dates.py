"""A release without a date is a new release: it counts as out on the as-of date, and is marked as such."""

from datetime import date

import polars as pl

# filled together, so that a row has all of them or its own
_FILLED = ("release_date", "year", "release_date_precision")


def assume_dates(frame: pl.DataFrame, as_of_date: date) -> pl.DataFrame:
    """Date the rows of a conformed model frame that have neither a release date nor a year, and mark them.

    It is what `marts.releases` does to the releases that a night scores. Tracks whose popularity is known are none.
    """
    is_undated = pl.col("release_date").is_null() & pl.col("year").is_null()
    values = dict(zip(_FILLED, (as_of_date, as_of_date.year, "day"), strict=True))
    filled = [
        pl.when(is_undated).then(pl.lit(value, dtype=frame.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    ]
    return frame.with_columns(*filled, (is_undated | is_assumed()).alias("is_date_assumed"))


def without_assumed_dates(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a conformed model frame as its rows were before `assume_dates`."""
    known = [pl.when(~is_assumed()).then(name).alias(name) for name in _FILLED]
    return frame.with_columns(*known, pl.lit(False).alias("is_date_assumed"))


def is_assumed() -> pl.Expr:
    """Say whether the date of a row is the as-of date for want of its own."""
    return pl.col("is_date_assumed").fill_null(False)


def describe_assumed(frame: pl.DataFrame) -> str | None:
    """Say of how many songs of a conformed model frame the date is assumed, and which it is; None where of none."""
    assumed = frame.filter(is_assumed())
    if assumed.is_empty():
        return None
    n, day = assumed.height, assumed["release_date"][0]
    it_counts = "it counts" if n == 1 else "they count"
    whom = f"{n:,} of the {frame.height:,} songs"
    if n == frame.height:
        whom = "this song" if n == 1 else "these songs"
    return f"No release date and no year is known of {whom}, so {it_counts} as released on {day}."
