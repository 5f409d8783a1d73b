"""The step that swaps in the readers' file: what readers see, and what they never do."""

from dataclasses import replace
from pathlib import Path

import pytest
from checked_warehouse import AS_OF, NOW, RUN, fill, opened

from songpop import ledger, warehouse
from songpop.errors import ExpectationFailed, WarehouseError
from songpop.findings import Finding
from songpop.pipeline.load import Inputs, load
from songpop.pipeline.publish import publish
from songpop.run import open_run
from songpop.settings import Settings


@pytest.fixture
def scored(settings: Settings) -> Settings:
    """Return the settings of a warehouse whose releases are all scored."""
    with opened(settings) as con:
        fill(con)
        ledger.close_run(con, RUN, "done", now=NOW)
    return settings


def _statuses(path: Path, settings: Settings, flow: str) -> list[tuple[object, ...]]:
    with warehouse.open_file(path, settings, read_only=True) as con:
        return con.execute("select status, finished_at is not null from ledger.runs where flow = ?", [flow]).fetchall()


def test_readers_see_the_run_that_publishes_as_finished(scored: Settings) -> None:
    with open_run(scored, "publish", as_of_date=AS_OF) as run:
        path = publish(run)
        assert _statuses(scored.warehouse, scored, "publish") == [("running", False)]

    assert path == scored.published
    assert _statuses(scored.published, scored, "publish") == [("done", True)]


def test_readers_see_that_a_run_with_findings_is_degraded(scored: Settings) -> None:
    with open_run(scored, "publish", as_of_date=AS_OF) as run:
        run.save_findings([Finding("a_rule", "warning", "It must hold, however it does not.")])
        publish(run)

    assert _statuses(scored.published, scored, "publish") == [("degraded", True)]


def test_a_list_with_a_release_that_has_no_score_is_not_published(scored: Settings, tmp_path: Path) -> None:
    with open_run(scored, "publish", as_of_date=AS_OF) as run:
        publish(run)
    before = scored.published.read_bytes()
    releases = tmp_path / "new.csv"
    releases.write_text("artist_name,track_name\nSomeone,A Song\n")

    with (
        pytest.raises(ExpectationFailed, match=r"must have a score before readers see the list, however 1 of 1 have"),
        open_run(scored, "publish", as_of_date=AS_OF) as run,
    ):
        load(run, Inputs(releases=releases))
        publish(run)

    assert scored.published.read_bytes() == before


def test_a_run_tells_that_somebody_wrote_into_the_readers_file(scored: Settings) -> None:
    wal = scored.published.with_name(f"{scored.published.name}.wal")
    wal.touch()

    with open_run(scored, "publish", as_of_date=AS_OF) as run:
        publish(run)

    assert not wal.exists()
    assert [(finding.check_name, finding.severity) for finding in run.findings] == [
        ("the_published_file_is_only_read", "note")
    ]
    assert _statuses(scored.published, scored, "publish") == [("done", True)]


def test_a_folder_that_takes_no_new_file_is_named_as_that_of_the_readers(scored: Settings) -> None:
    elsewhere = replace(scored, published=Path("/proc/self/list.duckdb"))

    with (
        pytest.raises(WarehouseError, match=r"A new list\.duckdb must be written beside the one of the readers, into "),
        open_run(elsewhere, "publish", as_of_date=AS_OF) as run,
    ):
        publish(run)
