"""A small warehouse on disk in which every suite and check holds; tests break one thing in it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb
from filled_once import fill_once

from songpop import resources, warehouse
from songpop.settings import Settings

RUN = "nightly-20261122T031500000000Z"
NOW = datetime(2026, 11, 22, 3, 15)
AS_OF = date(2026, 11, 22)
N_TRACKS = 120

# features that depend on the row without following its number
_FEATURES = """
    0.3 + (i * 7 % 10) / 20 as danceability, 0.2 + (i * 3 % 10) / 20 as energy, (i * 5 % 12)::integer as key,
    -5.0 - i % 9 as loudness, (i % 2)::integer as mode, 0.05 as speechiness, (i * 11 % 10) / 10 as acousticness,
    0.0 as instrumentalness, 0.1 as liveness, (i * 13 % 10) / 10 as valence, 90.0 + i * 17 % 60 as tempo,
    180000 + i * 7919 % 60000 as duration_ms, 4 as time_signature
"""


def make_settings(home: Path) -> Settings:
    """Return settings with one thread, whose home is a folder of the test."""
    return Settings.from_env({}, home=home, threads=1, memory_limit="1GB")


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse and close it again, so that a check can open it."""
    with warehouse.connect(settings) as con:
        yield con


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Put raw rows, a scored run and everything built from them into an empty warehouse."""
    fill_once(con, _fill)


def _fill(con: duckdb.DuckDBPyConnection) -> None:
    save_snapshot(con, "tracks")
    save_snapshot(con, "artists")
    save_snapshot(con, "albums")
    save_snapshot(con, "releases")
    con.execute(
        f"insert into raw.files__tracks by name select 'tracks-1' as snapshot_id, i + 1 as line, "
        f"'oldTrack00000000000' || lpad(i::varchar, 3, '0') as track_id, 'Artist ' || i % 9 as artist_name, "
        f"'Title ' || i as track_name, (i * 29 % 70)::integer as popularity, (2000 + i % 20)::integer as year, "
        f"'rock' as genre, {_FEATURES} from range({N_TRACKS}) as rows(i)"
    )
    con.execute(
        "insert into raw.files__artists by name select 'artists-1' as snapshot_id, i + 1 as line, "
        "'Artist ' || i as artist_name, (20 + i)::integer as popularity from range(9) as rows(i)"
    )
    con.execute(
        "insert into raw.files__albums by name select 'albums-1' as snapshot_id, line, track_id, "
        "'album' || line % 9 as album_id, 'Album ' || line % 9 as album_name, '2015-06-01' as release_date "
        "from raw.files__tracks"
    )
    con.execute(
        f"insert into raw.files__releases by name select 'releases-1' as snapshot_id, i + 1 as line, "
        f"'newTrack00000000000' || lpad(i::varchar, 3, '0') as track_id, 'Artist ' || i % 4 as artist_name, "
        f"'New title ' || i as track_name, 'newAlbum' || i % 4 as album_id, 'New album' as album_name, "
        f"'2026-11-20' as release_date, 'rock' as genre, {_FEATURES} from range(12) as rows(i)"
    )
    build(con)
    con.execute(
        "insert into ledger.runs values (?, 'nightly', 'running', null, '0.1.0', ?, ?, null)", [RUN, AS_OF, NOW]
    )
    con.execute(
        "insert into ledger.model_versions by name select 'keras-1' as model_version, ? as run_id, "
        "'keras' as family, 0 as seed, 120 as n_tracks, ['tracks-1'] as data_snapshot_ids, 'aa' as data_sha256, "
        "'bb' as weights_sha256, ?::date as as_of_date, ?::timestamp as registered_at",
        [RUN, AS_OF, NOW],
    )
    con.execute(
        "insert into ledger.model_metrics by name select 'keras-1' as model_version, 'keras' as family, "
        "'temporal' as split, 20 as n, 8.0 as mae, 10.0 as rmse, 0.8 as accuracy_4bin"
    )
    con.execute(
        "insert into ledger.model_measures by name select 'keras-1' as model_version, 'keras' as family, "
        "'temporal' as split, 'genre' as slice, 'pop' as slice_value, 'mae' as metric, 20 as n, 8.0 as value"
    )
    con.execute(
        "insert into ledger.single_records by name select 'keras-1' as model_version, size_class, evidence, "
        "200 as n_albums, 0.5 as right_share, 0.4 as chance_share, 1.25 as lift, 50 as n_clear, "
        "0.8 as clear_right_share, is_known, is_known as can_tell, is_known as has_clear "
        "from (select unnest(['2', '3', '4+', 'any']) as size_class) cross join "
        "(select unnest(['full', 'some', 'little', 'any']) as evidence, unnest([true, true, false, true]) as is_known)"
    )
    con.execute(
        "insert into ledger.scores by name select ? as run_id, track_id, 'keras-1' as model_version, album_id, "
        "'energy +2' as drivers, 'keras' as family, 40.0 + line as score, 41.0 + line as score_mean, "
        "20.0 as score_low, 70.0 as score_high, 0.1 as p_0_25, "
        "0.6 as p_26_50, 0.2 as p_51_75, 0.1 as p_76_100, 0.4 as p_best, 41.0 as benchmark_score, "
        "30.0 as reference_score, line + 0.5 as contribution_sound, 4.0 as contribution_artist_popularity, "
        "-3.0 as contribution_artist_record, 8.5 as contribution_genre_and_year, 0.0 as contribution_release_date, "
        "0.25 as contribution_album, -0.25 as contribution_title, "
        "?::date as as_of_date, ?::timestamp as scored_at from raw.files__releases",
        [RUN, AS_OF, NOW],
    )
    con.execute(
        "insert into ledger.drift by name select ? as run_id, 'energy' as feature, 'keras-1' as model_version, "
        "'input' as kind, 'higher: median 0.6, was 0.4' as moved, 12 as n_releases, 0.4 as psi, 1.1 as psi_threshold, "
        "0.0 as missing_share, 0.1 as reference_missing_share, false as is_drifted, ?::date as as_of_date",
        [RUN, AS_OF],
    )
    build(con)


def promote(con: duckdb.DuckDBPyConnection) -> None:
    """Let the version of the filled warehouse be the champion."""
    con.execute(
        "insert into ledger.promotions by name select 'p' as promotion_id, ? as run_id, 'promoted' as decision, "
        "'keras-1' as challenger, 'keras-1' as champion, 'first' as reason, ?::timestamp as decided_at",
        [RUN, NOW],
    )
    build(con)


def save_snapshot(con: duckdb.DuckDBPyConnection, entity: str, number: int = 1) -> None:
    """Record that a file was loaded, the higher number the later."""
    con.execute(
        "insert into ledger.snapshots by name select ? as snapshot_id, ? as entity, 'file.csv' as file_name, "
        "'aa' as sha256, ? as run_id, 1 as n_rows, 0 as n_rejected, []::varchar[] as unknown_columns, "
        "date '2026-11-01' + ?::integer as snapshot_date, timestamp '2026-11-01' + to_days(?::integer) as loaded_at",
        [f"{entity}-{number}", entity, RUN, number, number],
    )
    con.execute(
        "insert into ledger.loads values (?, ?, ?, true, timestamp '2026-11-01' + to_days(?::integer))",
        [RUN, f"{entity}-{number}", entity, number],
    )


def build_snapshots(con: duckdb.DuckDBPyConnection) -> None:
    """Build only the mart of which snapshots count, inside whatever transaction is going on."""
    query = resources.sql_path("marts", "snapshots").read_text()
    con.execute(f"create or replace table marts.snapshots as {query}", {"as_of_date": AS_OF})


def build_unchecked_files(con: duckdb.DuckDBPyConnection) -> None:
    """Build only the mart of files that no check has passed, inside whatever transaction is going on."""
    query = resources.sql_path("marts", "unchecked_files").read_text()
    con.execute(f"create or replace table marts.unchecked_files as {query}")


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Build staging and marts from raw and ledger."""
    warehouse.build(con, as_of_date=AS_OF, new_release_days=28)


def empty(con: duckdb.DuckDBPyConnection) -> None:
    """Take every row out of raw and of the scores, but not the record that files were loaded."""
    tables = ("raw.files__tracks", "raw.files__artists", "raw.files__albums", "raw.files__releases")
    for table in (*tables, "ledger.scores", "ledger.model_metrics"):
        con.execute(f"delete from {table}")
    build(con)
