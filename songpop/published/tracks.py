"""Look up one track in the readers' file: its row of the model frame, its stored score, who scores now."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl

from songpop import adjustments, queries, resources, warehouse
from songpop.adjustments import Adjustment
from songpop.errors import ModelError, SettingsError, WarehouseError
from songpop.settings import Settings

_SHOWN_NEAR = 5
_FACTS = ("track_id", "track_name", "artist_name", "album_id", "album_name", "genre", "release_date", "is_date_assumed")
# a score that is this far from the published one is another
_LEAST_APART = 0.05


@dataclass(frozen=True)
class PublishedTrack:
    """A track as the readers' file has it.

    Args:
        frame: its row of the model frame.
        is_release: whether it is a new release; otherwise a track whose popularity is known.
        popularity, popularity_date: as last reported, None for a new release.
        stored: its newest published score (`sql/lookups/stored_score.sql`), None where it has none.
        champion: the model version that scores now.
        as_of_date: the day that the file speaks for, on which a new release without a date counts as released; None
            for a track whose popularity is known, which is none.
        adjustment: how its scores of this track are adjusted.
    """

    frame: pl.DataFrame
    is_release: bool
    popularity: int | None
    popularity_date: date | None
    stored: dict[str, Any] | None
    champion: str
    as_of_date: date | None = None
    adjustment: Adjustment = adjustments.NONE

    @property
    def facts(self) -> dict[str, Any]:
        """Return what a reader should know of the track, without its features."""
        row = self.frame.row(0, named=True)
        return {
            **{name: row.get(name, False) for name in _FACTS},
            "is_release": self.is_release,
            "popularity": self.popularity,
            "popularity_date": self.popularity_date,
            "published_score": self.stored["score"] if self.stored else None,
        }

    def remarks_on(self, score: float) -> list[str]:
        """Say how far a score of the track is a forecast, and where the published one is another."""
        remarks = []
        if not self.is_release:
            remarks.append(
                f"This track is among those that models learn from (popularity {self.popularity} on "
                f"{self.popularity_date}), so its score is no forecast."
            )
        if self.stored and abs(self.stored["score"] - score) >= _LEAST_APART:
            remarks.append(
                f"The published list has {self.stored['score']:.1f}, of {self.stored['as_of_date']} by "
                f"{self.stored['model_version']}; this is what the champion says to what is known now."
            )
        return remarks


def read_track(settings: Settings, track_id: str) -> PublishedTrack:
    """Read one track from the readers' file: a new release, or else a track of known popularity.

    Raises:
        SettingsError: there is no such track; the message names near ones.
        ModelError: there is no champion.
        WarehouseError: nothing was published yet, or by a version that had no such tables.
    """
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        try:
            for name in ("releases", "training"):
                frame = _row(con, name, track_id)
                if frame.height:
                    return _found(con, frame, is_release=name == "releases")
            near = queries.read_rows(con, "lookups", "similar_tracks", wanted=track_id, limit=_SHOWN_NEAR)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseError(
                f"{settings.published} must hold the marts of this version, however it does not. Run `songpop nightly`."
            ) from error
    names = "".join(f"\n  {row['track_id']}  {row['track_name']} – {row['artist_name']}" for row in near)
    raise SettingsError(
        f"TRACK_ID must be that of a track in {settings.published}, however there is no '{track_id}'."
        + (f" Near it are:{names}" if near else " `songpop export releases` lists the new releases with their ids.")
    )


def _row(con: duckdb.DuckDBPyConnection, name: str, track_id: str) -> pl.DataFrame:
    frame = con.sql(resources.sql_path("frames", name).read_text())
    return frame.filter(duckdb.ColumnExpression("track_id") == duckdb.ConstantExpression(track_id)).pl()


def _found(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, *, is_release: bool) -> PublishedTrack:
    champion = queries.read_rows(con, "reports", "champion")
    if not champion:
        raise ModelError("Explaining must have a champion, however none was trained yet. Run `songpop train`.")
    row = frame.row(0, named=True)
    stored = queries.read_rows(con, "lookups", "stored_score", track_id=row["track_id"])
    known = (row.get("popularity"), row.get("popularity_date"))
    score = stored[0] if stored else None
    adjustment = adjustments.read_adjustment(con)
    newest_run = adjustment.trust.run_id if adjustment.trust else None
    adjustment = adjustment.of_song(is_listed=is_release and score is not None and score["run_id"] == newest_run)
    published = queries.read_rows(con, "reports", "published_at")
    return PublishedTrack(
        frame,
        is_release,
        *known,
        score,
        champion[0]["model_version"],
        published[0]["as_of_date"] if is_release and published else None,
        adjustment,
    )
