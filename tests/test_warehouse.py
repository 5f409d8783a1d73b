import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest

from songpop import ledger, spellings, warehouse
from songpop.errors import WarehouseError
from songpop.settings import Settings

_DAY = date(2026, 11, 23)
_NOW = datetime(2026, 11, 23, 3, 15)


def _hold_open(
    path: str, opened: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event"
) -> None:
    with duckdb.connect(path):
        opened.set()
        done.wait(30)


@contextmanager
def _held_open(settings: Settings) -> Iterator[tuple[int | None, Callable[[], None]]]:
    """Let another process hold the warehouse; give its pid and what ends it."""
    warehouse.connect(settings).close()
    context = multiprocessing.get_context("spawn")
    opened, done = context.Event(), context.Event()
    holder = context.Process(target=_hold_open, args=(str(settings.warehouse), opened, done))
    holder.start()

    def end() -> None:
        done.set()
        holder.join()

    try:
        assert opened.wait(30)
        yield holder.pid, end
    finally:
        end()


def test_a_warehouse_that_another_process_has_open_is_refused_with_its_pid(settings: Settings) -> None:
    waits: list[float] = []
    with (
        _held_open(settings) as (pid, _),
        pytest.raises(WarehouseError, match=f"must be free to be opened, however process {pid}"),
    ):
        warehouse.connect(settings, wait=waits.append)

    assert sum(waits) == pytest.approx(10)


def test_a_warehouse_that_somebody_only_looked_into_is_opened_on_another_try(settings: Settings) -> None:
    with _held_open(settings) as (_, end), warehouse.connect(settings, wait=lambda _: end()) as con:
        assert con.execute("select count(*) from ledger.runs").fetchall() == [(0,)]


def test_a_file_that_is_not_of_duckdb_is_refused(settings: Settings) -> None:
    settings.warehouse.parent.mkdir(parents=True)
    settings.warehouse.write_text("not a database, however long it may be" * 200)

    with pytest.raises(WarehouseError, match="must be a DuckDB file"):
        warehouse.connect(settings)


def test_reading_before_anything_was_published_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match=r"must exist to be read.*songpop nightly"):
        warehouse.open_file(settings.published, settings, read_only=True)


def test_a_transaction_that_fails_leaves_nothing(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ZeroDivisionError), warehouse.transaction(con):
        ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)
        1 / 0  # noqa: B018

    assert con.execute("select count(*) from ledger.runs").fetchall() == [(0,)]


def test_what_duckdb_cannot_do_in_a_transaction_is_said_in_words(con: duckdb.DuckDBPyConnection) -> None:
    rule = r"must do what a step asks, however it said \(ConstraintException\): "
    with pytest.raises(WarehouseError, match=rule), warehouse.transaction(con):
        ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)
        ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)

    assert con.execute("select count(*) from ledger.runs").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            duckdb.TransactionException('Failed to commit: Could not write file "a": No space left on device'),
            "the disk",
        ),
        (duckdb.OutOfMemoryException("could not allocate block"), "Raise SONGPOP_MEMORY_LIMIT"),
    ],
)
def test_a_full_disk_and_a_low_limit_come_with_advice(error: duckdb.Error, advice: str) -> None:
    assert advice in str(warehouse.unwritten(error))


def test_a_warehouse_in_a_place_that_is_a_file_is_refused(settings: Settings) -> None:
    settings.warehouse.parent.write_text("not a folder")

    with pytest.raises(WarehouseError, match="must be a file that can be made"):
        warehouse.connect(settings)


def test_every_table_and_column_that_analysts_read_is_described_in_the_published_file(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.build(con, as_of_date=_DAY, new_release_days=28)
        warehouse.publish(con, settings.published)

    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name, comment from duckdb_tables() where schema_name in ('marts', 'ledger')"
        ).fetchall()
        bare = con.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name in ('marts', 'ledger') and comment is null"
        ).fetchall()
    assert sorted(name for schema, name, _ in tables if schema == "marts") == sorted(
        (*warehouse.BUILD_ORDER, spellings.ARTISTS, spellings.GENRES)
    )
    assert {schema for schema, _, _ in tables} == {"marts", "ledger"}
    assert all("Key:" in comment for _, _, comment in tables)
    assert bare == []


def test_a_reader_with_the_old_file_open_is_not_disturbed_by_a_publish(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
        reader = duckdb.connect(str(settings.published), read_only=True)
        ledger.open_run(con, "second", "nightly", as_of_date=_DAY, now=_NOW)
        warehouse.publish(con, settings.published, close_run=("second", "done", _NOW))

    assert reader.execute("select count(*) from ledger.runs").fetchall() == [(0,)]
    reader.close()
    with warehouse.open_file(settings.published, settings, read_only=True) as fresh:
        assert fresh.execute("select run_id, status, finished_at from ledger.runs").fetchall() == [
            ("second", "done", _NOW)
        ]
    with warehouse.connect(settings) as con:
        assert con.execute("select status from ledger.runs").fetchall() == [("running",)]


def test_publishing_carries_comments_and_views_and_leaves_no_other_file(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.build(con, as_of_date=_DAY, new_release_days=28)
        warehouse.publish(con, settings.published)

    names = {path.name for path in settings.published.parent.iterdir()}
    assert names == {settings.warehouse.name, settings.published.name}
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        comment = con.execute("select comment from duckdb_tables() where table_name = 'ranked_releases'").fetchall()
        assert "Key: track_id" in comment[0][0]
        assert con.execute("select count(*) from staging.files__tracks").fetchall() == [(0,)]


_WRITE_AND_DIE = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("create table mine as select 1")
os._exit(9)
"""


def test_a_log_that_a_killed_shell_left_beside_the_published_file_goes_with_the_old_one(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
    subprocess.run([sys.executable, "-c", _WRITE_AND_DIE, str(settings.published)], check=False)
    wal = settings.published.with_name(f"{settings.published.name}.wal")
    assert wal.exists()

    with warehouse.connect(settings) as con:
        ledger.open_run(con, "second", "nightly", as_of_date=_DAY, now=_NOW)
        warehouse.publish(con, settings.published)

    assert not wal.exists()
    assert not list(settings.published.parent.glob(".published*"))
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        assert con.execute("select count(*) from ledger.runs").fetchall() == [(1,)]
        assert con.execute("select count(*) from duckdb_tables() where table_name = 'mine'").fetchall() == [(0,)]


def test_a_new_file_that_readers_can_not_open_is_not_kept(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
        before = settings.published.read_bytes()
        con.execute("drop table ledger.runs")
        with pytest.raises(WarehouseError, match=r"must be one that readers can open.*Readers keep the one before"):
            warehouse.publish(con, settings.published)

    assert settings.published.read_bytes() == before
    assert not list(settings.published.parent.glob(".published*"))


def test_whoever_holds_the_published_file_is_told_from_a_run(settings: Settings) -> None:
    held = replace(settings, warehouse=settings.published, published=settings.warehouse)
    with (
        _held_open(held) as (pid, _),
        pytest.raises(WarehouseError, match=f"opened for reading alone, however process {pid} has it") as seen,
    ):
        warehouse.open_file(settings.published, settings, read_only=True)

    assert "run to end" not in str(seen.value)


def test_a_log_beside_a_published_file_that_can_not_be_read_is_named(settings: Settings) -> None:
    settings.published.parent.mkdir(parents=True)
    settings.published.write_text("not a database, however long it may be" * 200)
    (settings.published.parent / "published.duckdb.wal").touch()

    with pytest.raises(WarehouseError, match=r"however published.duckdb.wal lies beside it.*`songpop publish`"):
        warehouse.open_file(settings.published, settings, read_only=True)


def test_a_publish_that_fails_keeps_the_old_file(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
        before = settings.published.read_bytes()
        ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)
        with pytest.raises(duckdb.ConstraintException, match="NOT NULL"):
            warehouse.publish(con, settings.published, close_run=("run", None, _NOW))  # type: ignore[arg-type]

    assert settings.published.read_bytes() == before
    assert not list(settings.published.parent.glob(".published*"))


def test_a_warehouse_of_an_earlier_version_gains_the_columns_that_are_new(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        con.execute("alter table ledger.promotions drop column basis")
        con.execute("alter table ledger.scores drop column reference_score")
        con.execute("alter table ledger.scores drop column score_mean")
        con.execute("alter table ledger.scores drop column family")
        con.execute(
            "insert into ledger.promotions by name select 'p' as promotion_id, 'run' as run_id, 'kept' as decision, "
            "'m' as challenger, 'm' as champion, 'because' as reason, ?::timestamp as decided_at",
            [_NOW],
        )
    with warehouse.connect(settings) as con:
        assert con.execute("select champion, basis, decided_at from ledger.promotions").fetchall() == [
            ("m", None, _NOW)
        ]
        assert con.execute(
            "select count(reference_score), count(score_mean), count(family) from ledger.scores"
        ).fetchall() == [(0, 0, 0)]


def _catalog(settings: Settings) -> list[tuple[object, ...]]:
    with warehouse.open_file(settings.warehouse, settings, read_only=True) as con:
        return con.execute(
            "select schema_name, table_name, null, comment from duckdb_tables() union all "
            "select schema_name, table_name, column_name, data_type from duckdb_columns() order by all"
        ).fetchall()


def test_a_warehouse_that_lacks_nothing_is_not_written_to(settings: Settings) -> None:
    warehouse.connect(settings).close()
    log = settings.warehouse.with_name(f"{settings.warehouse.name}.wal")
    before = (settings.warehouse.read_bytes(), settings.warehouse.stat().st_mtime_ns)

    with warehouse.connect(settings):
        assert not log.exists()

    assert (settings.warehouse.read_bytes(), settings.warehouse.stat().st_mtime_ns) == before


def test_a_warehouse_gets_what_it_lacks_and_keeps_the_rest(settings: Settings) -> None:
    warehouse.connect(settings).close()
    whole = _catalog(settings)
    with duckdb.connect(str(settings.warehouse)) as con:
        ledger.open_run(con, "run", "nightly", as_of_date=_DAY, now=_NOW)
        con.execute("drop table raw.files__pins")
        con.execute("drop schema staging")
        con.execute("alter table ledger.runs drop column finished_at")
        con.execute("comment on table ledger.runs is 'of an earlier version'")
        con.execute("comment on table raw.files__tracks is null")
    assert _catalog(settings) != whole

    with warehouse.connect(settings) as con:
        con.execute("create view staging.there as select 1 as one")
        con.execute("drop view staging.there")
        assert con.execute("select run_id, finished_at from ledger.runs").fetchall() == [("run", None)]

    assert _catalog(settings) == whole


def test_what_a_warehouse_lacks_comes_as_one_or_not_at_all(settings: Settings) -> None:
    warehouse.connect(settings).close()
    with warehouse.open_file(settings.warehouse, settings, read_only=False) as other:
        other.execute("drop table ledger.api_calls")
        other.execute("alter table ledger.runs drop column finished_at")
        # a connection that is not done yet, so that the column can't be added by another
        other.execute("begin transaction")
        other.execute("alter table ledger.runs add column note varchar")
        with pytest.raises(WarehouseError, match="must do what a step asks"):
            warehouse.connect(settings)
        other.execute("rollback")

        assert not warehouse.has_tables(other, "ledger", "api_calls")


def test_the_columns_that_are_read_from_the_ddl_are_those_that_duckdb_makes(con: duckdb.DuckDBPyConnection) -> None:
    made = con.execute("select schema_name, table_name, column_name from duckdb_columns() where schema_name in "
                       "('raw', 'ledger')").fetchall()  # fmt: skip
    read = [
        (schema, table, column)
        for schema, table, ddl, _ in warehouse._declared_tables()
        for column, _ in warehouse._DECLARED_COLUMN.findall(ddl)
    ]

    assert sorted(read) == sorted(made)
