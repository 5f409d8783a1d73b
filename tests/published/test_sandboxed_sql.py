"""`songpop sql`: queries on the published file, and nothing else whatever the statement says."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from songpop import warehouse
from songpop.cli import songpop
from songpop.errors import ExportError
from songpop.published import sandboxed_sql
from songpop.settings import Settings


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish empty marts."""
    settings = Settings.from_env({}, home=tmp_path_factory.mktemp("home"), threads=1, memory_limit="1GB")
    with warehouse.connect(settings) as con:
        warehouse.build(con, as_of_date=date(2026, 11, 23), new_release_days=28)
        warehouse.publish(con, settings.published)
    return settings


def _run(settings: Settings, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(songpop, ["sql", *arguments, "--home", str(settings.home)], input=stdin)


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("select 1; select 2", r"there are 2 \(SELECT, SELECT\)"),
        ("select 1; drop table marts.scores", r"there are 2 \(SELECT, DROP\)"),
        ("create temp table mine as select 1; select 1", r"there are 2 \(CREATE, SELECT\)"),
        ("attach '{folder}/other.duckdb' as other", "it is an ATTACH"),
        ("detach published", "it is a DETACH"),
        ("copy marts.scores to '{folder}/stolen.csv'", "it is a COPY"),
        ("copy marts.scores from '{folder}/other.csv'", "it is a COPY"),
        ("export database '{folder}/stolen'", "it is an EXPORT"),
        ("pragma database_list", "it is a PRAGMA"),
        ("pragma memory_limit = '9GB'", "it is a PRAGMA"),
        ("install httpfs", "it is a LOAD"),
        ("load httpfs", "it is a LOAD"),
        ("set threads = 9", "it is a SET"),
        ("reset threads", "it is a SET"),
        ("set enable_external_access = true", "it is a SET"),
        ("use marts", "it is a SET"),
        ("call pragma_version()", "it is a CALL"),
        ("checkpoint", "it is a CALL"),
        ("vacuum", "it is a VACUUM"),
        ("begin", "it is a TRANSACTION"),
        ("prepare mine as select 1", "it is a PREPARE"),
        ("create table marts.mine as select 1", "it is a CREATE"),
        ("create temp table mine as select 1", "it is a CREATE"),
        ("insert into marts.scores select * from marts.scores", "it is an INSERT"),
        ("update marts.scores set score = 1", "it is an UPDATE"),
        ("delete from marts.scores", "it is a DELETE"),
        ("drop table marts.scores", "it is a DROP"),
        ("alter table marts.scores add column mine int", "it is an ALTER"),
        ("comment on table marts.scores is 'mine'", "it is an ALTER"),
        ("", "there is none in it"),
        ("-- nothing", "there is none in it"),
    ],
)
def test_what_is_no_query_is_refused_by_its_kind(
    published: Settings, tmp_path: Path, statement: str, seen: str
) -> None:
    before = published.published.read_bytes()

    with pytest.raises(
        ExportError, match=f"must be one query on the published file, which is read-only, however {seen}"
    ):
        sandboxed_sql.run_query(published, statement.format(folder=tmp_path))
    assert published.published.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "from read_csv('{file}')",
        "from read_text('{file}')",
        "from read_blob('{file}')",
        "from read_json('{file}')",
        "from read_parquet('{file}')",
        "from sniff_csv('{file}')",
        "from glob('{folder}/*')",
        "from read_csv('https://example.com/x.csv')",
        "from '{file}'",
        "from duckdb_secrets()",
        "explain analyze copy (select 1) to '{folder}/stolen.csv'",
    ],
)
def test_a_query_sees_no_other_file(published: Settings, tmp_path: Path, query: str) -> None:
    file = tmp_path / "private.csv"
    file.write_text("a\nof-nobody\n")

    with pytest.raises(ExportError, match=r"must (read nothing but|be a query on) the published file") as error:
        sandboxed_sql.run_query(published, query.format(file=file, folder=tmp_path))
    assert "of-nobody" not in str(error.value)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("select * from enable_logging(storage = 'file')", "enable_logging"),
        ('select * from "Enable_Logging" /* here */ (storage = 1)', "Enable_Logging"),
        ("from query('select ' || 1)", "query"),
        ("from checkpoint()", "checkpoint"),
        ("select write_log('mine')", "write_log"),
        ("select sleep_ms(10000)", "sleep_ms"),
        ("from arrow_scan(1, 2, 3)", "arrow_scan"),
    ],
)
def test_a_call_that_does_more_than_read_is_refused(published: Settings, query: str, name: str) -> None:
    with pytest.raises(ExportError, match=f"must do nothing but read, however it calls {name}"):
        sandboxed_sql.run_query(published, query)
    named = sandboxed_sql.run_query(published, "select 'query(1)' as query -- checkpoint(1)")
    assert named.rows() == [("query(1)",)]


def test_a_query_sees_no_variable_of_the_program(published: Settings) -> None:
    frame = sandboxed_sql.run_query(published, "select 1 as one")

    assert frame.height == 1
    with pytest.raises(ExportError, match="Table with name frame does not exist"):
        sandboxed_sql.run_query(published, "from frame")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) as n from marts.scores",
        "with one_row as (select 1 as one) select * from one_row",
        "from marts.scores",
        "values (1, 'x')",
        "describe marts.scores",
        "summarize marts.scores",
        "show tables",
        "pivot (select 'x' as name, 1 as n) on name using sum(n)",
        "explain select 1",
        "  -- a comment first\n select 1 -- and last\n ;  ",
    ],
)
def test_whatever_asks_is_answered(published: Settings, query: str) -> None:
    assert sandboxed_sql.run_query(published, query).width >= 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("interval 3 days", "3 days"),
        ("union_value(a := 1)", "1"),
        ("'ab'::blob", "ab"),
        ("'101'::bit", "101"),
        ("340282366920938463463374607431768211455::uhugeint", "340282366920938463463374607431768211455"),
        ("'infinity'::date", "infinity"),
        ("'-infinity'::timestamp", "-infinity"),
        ("date '20000-01-01'", "20000-01-01"),
        ("[date 'infinity']", "[infinity]"),
        ("{'a': date 'infinity'}", "{'a': infinity}"),
    ],
)
def test_what_no_frame_can_hold_comes_as_text(published: Settings, value: str, shown: str) -> None:
    query = f"select {value} as seen, 1 as one"

    assert json.loads(_run(published, query, "--format", "json").stdout) == [{"seen": shown, "one": 1}]
    assert _run(published, query).exit_code == 0
    assert _run(published, query, "--format", "csv").exit_code == 0


def test_sums_are_numbers_and_moments_are_as_in_the_api(published: Settings) -> None:
    query = (
        "select sum(2) as n, 1.5 as share, 123456789012345678901234567890::hugeint as large, "
        "timestamp '2026-11-25 07:20:24.018389' as seen_at, timestamp '2026-11-25 07:20:24' as told_at"
    )

    assert json.loads(_run(published, query, "--format", "json").stdout) == [
        {
            "n": 2,
            "share": 1.5,
            "large": pytest.approx(1.2345678901234568e29),
            "seen_at": "2026-11-25T07:20:24.018389Z",
            "told_at": "2026-11-25T07:20:24Z",
        }
    ]


def test_a_statement_may_come_from_a_file_or_from_standard_input(published: Settings, tmp_path: Path) -> None:
    query = tmp_path / "mine.sql"
    query.write_text("-- one row\nselect 1 as one;\n")

    assert json.loads(_run(published, str(query), "--format", "json").stdout) == [{"one": 1}]
    assert _run(published, "-", "--format", "csv", stdin="select 2 as two").stdout == "two\n2\n"
    assert _run(published, "select 3 as three").stdout.split() == ["three", "3"]
    assert _run(published, f"select 4 as four -- {'long ' * 1000}").stdout.split() == ["four", "4"]
    spaced = query.rename(tmp_path / "my query")
    assert _run(published, str(spaced)).stdout.split() == ["one", "1"]
    missing = _run(published, str(tmp_path / "none.sql"))
    assert "none.sql must be a file that can be read" in str(missing.exception)


def test_a_printed_number_has_as_many_decimals_as_its_column_needs_and_a_year_no_comma(published: Settings) -> None:
    result = _run(
        published,
        "select 2019 as first_year, 69.5::double as score, 0.25::double as share union all select 2020, 1234, 1",
    )

    assert [line.split() for line in sorted(result.stdout.splitlines())] == [
        ["2019", "69.5", "0.25"],
        ["2020", "1,234.0", "1.00"],
        ["first", "year", "score", "share"],
    ]


def test_a_query_may_begin_with_a_comment(published: Settings) -> None:
    assert _run(published, "-- a note\nselect 1 as one").stdout.split() == ["one", "1"]


def test_a_plan_is_drawn_in_its_lines(published: Settings) -> None:
    assert len(_run(published, "explain select count(*) from marts.scores").stdout.splitlines()) > 5


def test_a_text_with_escape_codes_stays_in_its_cell(published: Settings) -> None:
    shown = _run(published, "select chr(27) || '[2J' || chr(10) || 'x' as title").stdout

    assert shown.splitlines()[1:] == [" [2J x"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_that_takes_long_ends_when_it_is_told_to(published: Settings, number: signal.Signals) -> None:
    query = "select count(*) from range(10000000) as one, range(10000000) as two where one.range + two.range = 5"
    with _start(published, query) as child:
        try:
            _wait_until_it_reads(child, published)
            # by then it is deep in the query
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(1)
            child.send_signal(number)
            assert child.wait(20) == -number
        finally:
            child.kill()


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_reader_who_leaves_is_no_failure(published: Settings, form: str) -> None:
    with _start(published, "from range(100000)", "--format", form) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(1)
        child.stdout.close()

        assert (child.stderr.read(), child.wait(20)) == ("", 0)


def _start(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "songpop", "sql", *arguments, "--home", str(settings.home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_until_it_reads(child: subprocess.Popen[str], settings: Settings) -> None:
    """Wait until a child has the published file open, which a busy machine may take a while for."""
    if not Path("/proc").is_dir():
        time.sleep(5)
        return
    for _ in range(600):
        opened = {os.path.realpath(path) for path in Path(f"/proc/{child.pid}/fd").iterdir()}
        if str(settings.published) in opened:
            return
        time.sleep(0.1)
    raise AssertionError("The child did not open the published file within a minute.")
