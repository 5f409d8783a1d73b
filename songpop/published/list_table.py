"""A ranked list as a table for a person: what is read first, rounded, a change and an interval in one cell each."""

import math
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

Row = Mapping[str, Any]
# what a cell shows of a row, by the head of its column
Columns = Mapping[str, Callable[[Row], Any]]


def as_they_are(*names: str) -> dict[str, Callable[[Row], Any]]:
    """Return columns that show a row's values as they are."""
    return {name: itemgetter(name) for name in names}


def round_half_up(value: float, places: int = 0) -> float:
    """Round as people do, halves away from zero; Python's own `round` takes them to the even digit."""
    scale = 10.0**places
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


def rounded(*names: str, places: int = 1) -> dict[str, Callable[[Row], Any]]:
    """Return columns that show a row's numbers with so many decimals."""

    def column(name: str) -> Callable[[Row], Any]:
        return lambda row: None if row[name] is None else round_half_up(row[name], places)

    return {name: column(name) for name in names}


def cells(rows: Iterable[Row], columns: Columns) -> list[list[Any]]:
    """Return what a table shows of some rows, one list a row."""
    return [[show(row) for show in columns.values()] for row in rows]


def _interval(row: Row) -> str | None:
    if row["score_low"] is None:
        return None
    return "–".join(f"{round_half_up(row[name]):.0f}" for name in ("score_low", "score_high"))


def _rank_change(row: Row) -> str:
    change = row["rank_change"]
    return "new" if change is None else "=" if change == 0 else f"{change:+d}"


def _places_moved(row: Row) -> str | None:
    return None if row["rank_change"] is None else f"{row['rank_change']:+d}"


def _score_change(row: Row) -> str | None:
    return None if row["score_change"] is None else f"{row['score_change']:+.1f}"


def _n_versions(row: Row) -> int | None:
    return row["n_versions"] if row["n_versions"] > 1 else None


def _released(row: Row) -> Any:
    """Show the release date, and whether it is the as-of date for want of one."""
    return f"{row['release_date']} (assumed)" if row["is_date_assumed"] else row["release_date"]


def _chance(row: Row) -> str | None:
    return None if row["p_best"] is None else f"{round_half_up(100 * row['p_best']):.0f} %"


def _record(row: Row) -> str:
    """Say how often picks of such albums were right."""
    if row["record_n_albums"] is None:
        return "not known"
    right, chance = (round_half_up(100 * row[f"record_{name}_share"]) for name in ("right", "chance"))
    return f"{right:.0f} % of {row['record_n_albums']:,}, chance {chance:.0f} %"


_SCORE = rounded("score") | {"90 % interval": _interval}
_TRACK = as_they_are("track_name", "artist_name", "genre")
_RELEASED = {"released": _released}

# every column is in the formats of a file
TABLES: dict[str, Columns] = {
    "releases": as_they_are("place", "rank")
    | {"change": _rank_change}
    | _SCORE
    | _TRACK
    | _RELEASED
    | {"versions": _n_versions}
    | as_they_are("drivers"),
    "movers": {"change": _rank_change}
    | as_they_are("rank", "previous_rank")
    | rounded("score")
    | {"points": _score_change, "90 % interval": _interval}
    | _TRACK,
    "singles": {
        "score": rounded("single_score")["single_score"],
        "chance_of_best": _chance,
        "verdict": itemgetter("verdict"),
        "such_picks_right": _record,
        "single": itemgetter("single_track_name"),
        **as_they_are("artist_name", "album_name", "n_tracks"),
        "runner_up": itemgetter("runner_up_track_name"),
    },
    "artists": {
        "rank": itemgetter("rank"),
        **rounded("best_score"),
        "artist_name": itemgetter("artist_name"),
        "best_track": itemgetter("best_track_name"),
        **as_they_are("n_releases", "artist_popularity", "n_tracks"),
        **rounded("mean_popularity"),
    },
}
# of a list that is compared with an earlier run
CHANGES: Columns = (
    as_they_are("change", "rank", "earlier_rank")
    | {"moved": _places_moved}
    | rounded("score")
    | {"score_change": _score_change}
    | _TRACK
    | _RELEASED
)
