"""What the operator asks first: did the last nights run, how fresh is what readers see, who is the champion."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import duckdb

from songpop import run, synthetic, warehouse
from songpop.errors import WarehouseError
from songpop.settings import Settings

_PUBLISHED = "published file"
_SHOWN_RUNS = 5
_SHOWN_FINDINGS = 10
_SHOWN_MOVERS = 3


def read_status(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Read the state of the nights.

    The writer's file tells it; while a run is going on, that file is left alone and the readers' file does.

    Returns:
        `read_from`, `is_run_going_on`, `is_synthetic` (its tracks are made up), `published_at`,
        `published_age_hours`, `champion`, `runs`, `findings`, `scoreboard`, `coverage`, `drift`, `matches` (how
        artists' names were matched), `budgets` (calls of the last 24 hours), `loaded` (the newest file of each kind),
        `movers` (in the list that readers see) and `backtest` (past scores against the popularity seen since); the
        lists are of mappings, runs and findings newest first.

    Raises:
        WarehouseError: there is no warehouse yet, or a run is going on and nothing was published yet.
    """
    with run.looking(settings) as is_free:
        con, source = _open(settings, is_free)
        with con:
            published = _published_at(settings, con, source)
            return {
                "read_from": source,
                "is_run_going_on": not is_free,
                "is_synthetic": synthetic.is_synthetic(con),
                "published_at": published,
                "published_age_hours": None if published is None else (now - published).total_seconds() / 3600,
                "champion": next(iter(_rows(con, _CHAMPION)), None),
                "runs": _rows(con, _RUNS),
                "findings": _rows(con, _FINDINGS),
                "scoreboard": _rows(con, _SCOREBOARD) if _has_marts(con) else [],
                "drift": next(iter(_rows(con, _DRIFT)), None) if _has_marts(con, "drift") else None,
                "coverage": next(iter(_rows(con, _COVERAGE)), None) if _has_marts(con) else None,
                "loaded": _rows(con, _LOADED),
                "movers": _rows(con, _MOVERS) if _has_marts(con, "ranked_releases") else [],
                "backtest": next(iter(_rows(con, _BACKTEST)), None) if _has_marts(con, "score_backtest") else None,
                "matches": _rows(con, _MATCHES) if _has_column(con, "artist_sources", "match_state") else [],
                "budgets": _rows(con, _BUDGETS, now=now) if warehouse.has_tables(con, "ledger", "api_calls") else [],
            }


_CHAMPION = """
    select promotions.champion as model_version, versions.as_of_date, versions.n_tracks, promotions.reason
    from ledger.promotions as promotions
    inner join ledger.model_versions as versions on promotions.champion = versions.model_version
    order by promotions.decided_at desc, promotions.promotion_id desc limit 1
"""
_RUNS = f"""
    select run_id, flow, status, as_of_date, started_at,
        round(date_diff('millisecond', started_at, finished_at) / 1000, 1) as seconds, message
    from ledger.runs order by started_at desc, run_id desc limit {_SHOWN_RUNS}
"""
_FINDINGS = f"""
    select severity, check_name, message, n_rows, found_at
    from ledger.findings
    where run_id = (select max_by(run_id, started_at) from ledger.runs)
    order by severity, finding_id limit {_SHOWN_FINDINGS}
"""
_SCOREBOARD = """
    select split, family, n, mae, r2, spearman, accuracy_4bin, accuracy_majority, coverage_90
    from marts.model_scoreboard
    where model_version = (select max_by(champion, decided_at) from ledger.promotions)
    order by split, mae
"""
_LOADED = """
    select loads.entity, snapshots.file_name, snapshots.n_rows, snapshots.n_rejected, loads.loaded_at
    from ledger.loads as loads
    inner join ledger.snapshots as snapshots on loads.snapshot_id = snapshots.snapshot_id
    qualify row_number() over (partition by loads.entity order by loads.loaded_at desc, loads.snapshot_id) = 1
    order by loads.loaded_at desc, loads.entity
"""
_MOVERS = f"""
    with moved as (
        select rank_change, "rank", track_id, track_name, artist_name,
            row_number() over (order by rank_change desc, track_id) as place_up,
            row_number() over (order by rank_change, track_id) as place_down
        from marts.ranked_releases where rank_change <> 0
    )
    select rank_change, "rank", track_id, track_name, artist_name
    from moved
    where (place_up <= {_SHOWN_MOVERS} and rank_change > 0) or (place_down <= {_SHOWN_MOVERS} and rank_change < 0)
    order by rank_change desc, track_id
"""
_BACKTEST = """
    select count(*) as n_scores, avg(abs(error)) as mae, avg(covered::integer) as covered_share
    from marts.score_backtest having count(*) > 0
"""
_DRIFT = """
    select count(*) as n_features, count(*) filter (where is_drifted) as n_drifted,
        max_by(feature, psi) filter (where is_drifted) as most_drifted,
        max_by(moved, psi) filter (where is_drifted) as moved
    from marts.drift having count(*) > 0
"""
_COVERAGE = """
    select count(*) as n_releases, count(artists.artist_popularity) as n_with_artist_popularity,
        count(releases.danceability) as n_with_audio_features, count(scores.track_id) as n_scored
    from marts.releases as releases
    left join marts.artists as artists on releases.artist_name = artists.artist_name
    left join marts.scores as scores on releases.track_id = scores.track_id
"""


_MATCHES = """
    select coalesce(match_state, 'not asked') as match_state, count(*) as n_artists,
        count(artist_popularity) as n_with_popularity
    from marts.artist_sources group by all order by n_artists desc
"""
_BUDGETS = """
    with calls as (
        select service, bucket, count(*) as n_calls_24h from ledger.api_calls
        where called_at > $now - interval 24 hours group by all
    ),
    circuits as (
        select service, bucket, max(open_until) as closed_until from ledger.api_circuits
        where open_until > $now group by all
    )
    select service, bucket, coalesce(n_calls_24h, 0) as n_calls_24h, closed_until
    from calls full join circuits using (service, bucket) order by all
"""


def _open(settings: Settings, is_free: bool) -> tuple[duckdb.DuckDBPyConnection, str]:
    has_published = settings.published.is_file()
    if not is_free and not has_published:
        raise WarehouseError(
            "There must be a published file to read the status from while a run is going on, however there is none "
            "yet. Wait for that run to end."
        )
    if is_free and (settings.warehouse.is_file() or not has_published):
        try:
            return warehouse.open_file(settings.warehouse, settings, read_only=True), "warehouse"
        except WarehouseError:
            if not has_published:
                raise
    return warehouse.open_file(settings.published, settings, read_only=True), _PUBLISHED


def _published_at(settings: Settings, con: duckdb.DuckDBPyConnection, source: str) -> datetime | None:
    if not settings.published.is_file():
        return None
    found = None
    with suppress(WarehouseError, duckdb.Error):
        if source == _PUBLISHED:
            found = published_at(con)
        else:
            with warehouse.open_file(settings.published, settings, read_only=True) as published:
                found = published_at(published)
    return found or datetime.fromtimestamp(settings.published.stat().st_mtime, UTC).replace(tzinfo=None)


def published_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return when the run ended that published this file, UTC; a copy of the file tells the same.

    None where no run is known.
    """
    # one that was still going on when it published has begun, and not ended
    found: datetime | None = con.execute("select max(coalesce(finished_at, started_at)) from ledger.runs").fetchall()[
        0
    ][0]
    return found


def _has_marts(con: duckdb.DuckDBPyConnection, table: str = "model_scoreboard") -> bool:
    return warehouse.has_tables(con, "marts", table)


def _has_column(con: duckdb.DuckDBPyConnection, mart: str, column: str) -> bool:
    query = "select count(*) from duckdb_columns() where schema_name = 'marts' and table_name = ? and column_name = ?"
    return bool(con.execute(query, [mart, column]).fetchall()[0][0])


def _rows(con: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters or None)
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
