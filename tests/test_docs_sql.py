"""The page for analysts: its sample queries run and find what they are for, and the page shows them as they are."""

import re
import shlex
from datetime import date, datetime, timedelta
from pathlib import Path

import checked_warehouse
import duckdb
import pytest
from click.testing import CliRunner

from songpop import warehouse
from songpop.cli import songpop
from songpop.published import sandboxed_sql
from songpop.settings import Settings

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_PAGE = (_DOCS / "sql.md").read_text()
_QUERIES = sorted((_DOCS / "queries").glob("*.sql"))
_EARLIER = "nightly-20261114T031500000000Z"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish two nights, a week apart, of which the later one saw what became of the earlier one's scores."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        _add_night_before(con)
        con.execute("update raw.files__releases set artist_name = 'Somebody New' where line = 1")
        con.execute(
            "insert into raw.files__artists by name select 'artists-1' as snapshot_id, 99 as line, "
            "'Somebody New' as artist_name, 30 as popularity"
        )
        con.execute("update ledger.scores set p_best = 0.8 where track_id = 'newTrack00000000000003'")
        checked_warehouse.promote(con)
        warehouse.publish(con, settings.published)
    return settings


def _add_night_before(con: duckdb.DuckDBPyConnection) -> None:
    day, moment = date(2026, 11, 14), datetime(2026, 11, 14, 3, 15)
    con.execute("insert into ledger.runs values (?, 'nightly', 'done', null, '0.1.0', ?, ?, ?)",
                [_EARLIER, day, moment, moment + timedelta(minutes=5)])  # fmt: skip
    con.execute(
        "insert into ledger.scores by name select * replace (? as run_id, 70 - score / 2 as score, "
        "?::date as as_of_date, ?::date as release_date, ?::timestamp as scored_at) from ledger.scores",
        [_EARLIER, day, day, moment],
    )
    con.execute("update ledger.model_versions set as_of_date = ?", [day])
    con.execute("update ledger.model_metrics set mae_low = 7.5, mae_high = 8.5, spearman = 0.5, coverage_90 = 0.9")
    con.execute(
        "insert into ledger.model_measures by name select measures.* replace (unnest(['coverage_90', 'bias']) as "
        "metric, 0.9 as value) from ledger.model_measures as measures"
    )
    con.execute(
        "insert into ledger.popularity_observations by name select 'seen' as snapshot_id, track_id, 45 as popularity, "
        "timestamp '2026-11-21 00:00' as observed_at from ledger.scores where run_id = ?",
        [_EARLIER],
    )


def test_there_are_a_dozen_queries_or_more() -> None:
    assert len(_QUERIES) >= 12


@pytest.mark.parametrize("path", _QUERIES, ids=lambda path: path.stem)
def test_a_sample_query_says_what_it_answers_and_finds_rows(published: Settings, path: Path) -> None:
    heading, text = path.read_text().split("\n", 1)

    frame = sandboxed_sql.run_query(published, sandboxed_sql.read_statement(path))

    assert re.fullmatch(r"-- [A-Z].{20,}\.", heading)
    assert text.startswith(("select\n", "with\n"))
    assert frame.height > 0
    assert len(frame.columns) >= 5
    assert not any(column.is_null().all() for column in frame.drop("one_of_them", strict=False).get_columns())


@pytest.mark.parametrize("path", _QUERIES, ids=lambda path: path.stem)
def test_the_page_shows_a_query_as_its_file_has_it(path: Path) -> None:
    heading, text = path.read_text().split("\n", 1)

    shown = f"{heading.removeprefix('-- ')}\n\n```sql\n{text.rstrip()}\n```\n"
    assert shown in _PAGE, f"docs/sql.md must show docs/queries/{path.name}, however it has another text or none"


def test_the_page_shows_no_query_that_is_not_a_file() -> None:
    assert len(re.findall(r"^```sql$", _PAGE, re.MULTILINE)) == len(_QUERIES)


def test_the_queries_on_the_page_are_what_they_say(published: Settings) -> None:
    def read(name: str, columns: str) -> list[tuple[object, ...]]:
        frame = sandboxed_sql.run_query(published, sandboxed_sql.read_statement(_DOCS / "queries" / f"{name}.sql"))
        return frame.select(columns.split()).rows()

    assert read("newcomers", "artist_name rank") == [("Somebody New", 12)]
    assert ("New title 3", 80.0) in read("clear_singles", "single_track_name percent_best")
    assert read("came_true", "age n_tracks") == [("under 4 weeks", 12)]
    # the earlier night had the list the other way round
    assert sorted(read("changed_since_last_week", "rank_last_week rank")) == [(i, 13 - i) for i in range(1, 13)]
    assert read("nights", "run_id status seconds")[-1] == (_EARLIER, "done", 300.0)


def test_the_recipe_for_a_notebook_runs(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    monkeypatch.chdir(published.home)

    found: dict[str, object] = {}
    exec(code[0], found)

    assert len(code) == 1
    assert found["best"].columns == ["rank", "track_name", "artist_name", "genre", "score"]  # type: ignore[attr-defined]


def test_the_commands_on_the_page_run(published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = re.findall(r"^    songpop (.*)$", _PAGE, re.MULTILINE) + re.findall(r"`songpop (.*?)`", _PAGE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(_DOCS)

    assert len(lines) >= 8
    for line in lines:
        arguments = shlex.split(re.sub(r" [<>] .*", "", line))
        if arguments != ["sql"]:
            done = CliRunner().invoke(songpop, [*arguments, "--home", str(published.home)], input="select 1 as one")
            assert done.exit_code == 0, f"{line}: {done.exception}"
    assert {path.name for path in (tmp_path / "bi").iterdir()} == {"releases.parquet", "changes.csv"}


def test_the_entity_picture_names_marts_that_there_are() -> None:
    picture = _PAGE.split("```mermaid\n")[1].split("```")[0]
    named = set(re.findall(r"^    (\w+) [|}o{]|[|}o{] (\w+) :|^    (\w+) \{$", picture, re.MULTILINE))

    assert {name for names in named for name in names if name} <= set(warehouse.BUILD_ORDER)
