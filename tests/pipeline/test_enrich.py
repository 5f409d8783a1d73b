"""The step that asks the services: its answers are in the marts, its findings with the run."""

from contextlib import AbstractContextManager

import pytest
from enriched import AS_OF, NOW, know_everything, load_tracks, rows_of
from fake_spotify import of_tier

from songpop import warehouse
from songpop.pipeline.enrich import enrich
from songpop.run import Run, open_run
from songpop.settings import Settings
from songpop.sources.registry import Sources


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    """Return the settings of a warehouse with two artists' tracks, and a key whose rights are known."""
    with warehouse.connect(settings) as con:
        know_everything(con)
        load_tracks(con, (1, "One", 90), (2, "Two", 50))
    return settings


def _opened(settings: Settings) -> AbstractContextManager[Run]:
    return open_run(settings, "enrich", as_of_date=AS_OF, clock=lambda: NOW)


def test_what_a_service_answers_stands_in_the_marts(loaded: Settings) -> None:
    with of_tier("extended", "One", "Two") as (_, source), _opened(loaded) as run:
        enrich(run, Sources(source))

    with warehouse.open_file(loaded.warehouse, loaded, read_only=True) as con:
        assert rows_of(
            con, "select artist_name, artist_popularity, popularity_source from marts.artists order by 1"
        ) == [
            ("One", 99, "spotify"),
            ("Two", 98, "spotify"),
        ]
        assert rows_of(con, "select flow, status from ledger.runs") == [("enrich", "done")]


def test_a_service_that_refuses_is_a_finding_that_degrades_the_run(loaded: Settings) -> None:
    with (
        of_tier("extended", "One", "Two", quota=0) as (_, source),
        _opened(loaded) as run,
    ):
        enrich(run, Sources(source))

    with warehouse.open_file(loaded.warehouse, loaded, read_only=True) as con:
        findings = rows_of(con, "select run_id, check_name, severity from ledger.findings")
        assert set(findings) == {(run.run_id, "enrichment_is_complete", "warning")}
        assert rows_of(con, "select status from ledger.runs") == [("degraded",)]
        assert rows_of(con, "select count(artist_popularity) from marts.artists") == [(0,)]
