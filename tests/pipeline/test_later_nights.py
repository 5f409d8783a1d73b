"""The nights after the first: what they keep, what they find, and that Prefect runs the same ones."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sample_night import DAY, copy_home, night_home, published

from songpop import warehouse
from songpop.clock import utc_now
from songpop.errors import ExpectationFailed, SettingsError
from songpop.pipeline import night
from songpop.pipeline.load import Inputs
from songpop.pipeline.score import score
from songpop.reporting import status
from songpop.run import open_run
from songpop.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return night_home(tmp_path_factory, worker_id)


@pytest.fixture
def copied(home: Path, tmp_path: Path) -> Settings:
    return copy_home(home, tmp_path)


def test_the_next_night_keeps_the_champion_and_remembers_the_ranks(copied: Settings) -> None:
    run = night.run_night(copied, Inputs(), as_of_date=DAY, clock=lambda: utc_now() + timedelta(days=1))

    assert published(copied, "select count(*) from ledger.model_versions") == [(1,)]
    assert published(
        copied, "select count(*) > 0, count(*) filter (where rank_change <> 0) from marts.ranked_releases "
        "where previous_rank is not null",
    ) == [(True, 0)]  # fmt: skip
    assert published(copied, f"select count(*) > 0 from ledger.scores where run_id = '{run.run_id}'") == [(True,)]


def test_a_night_that_finds_something_critical_leaves_readers_with_yesterday(copied: Settings) -> None:
    before = copied.published.read_bytes()
    with duckdb.connect(str(copied.warehouse)) as con:
        con.execute("insert into raw.files__tracks by name select * replace (line + 90000 as line, 777 as popularity, "
                    "track_id || 'x' as track_id) from raw.files__tracks limit 5")  # fmt: skip

    with pytest.raises(ExpectationFailed, match="Every critical check must hold"):
        night.run_night(copied, Inputs(), as_of_date=DAY)

    assert copied.published.read_bytes() == before
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute(
            "select status, message like '%popularity%' from ledger.runs order by started_at desc limit 1"
        ).fetchall() == [("failed", True)]
        assert con.execute("select count(*) > 0 from ledger.findings where severity = 'critical'").fetchall() == [
            (True,)
        ]
    assert "failed" in (copied.reports_dir / "latest.md").read_text()


def test_a_quiet_night_is_degraded_and_published(copied: Settings) -> None:
    with warehouse.connect(copied) as con:
        con.execute("delete from ledger.loads where entity = 'releases'")
    run = night.run_night(copied, Inputs(), as_of_date=DAY + timedelta(days=90), retrain="never")

    assert [finding.check_name for finding in run.findings] == ["there_is_a_new_release"]
    assert published(copied, "select count(*) from marts.ranked_releases") == [(0,)]
    assert published(copied, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("degraded",)]


def test_artists_popularity_that_has_grown_too_old_is_a_drift(copied: Settings) -> None:
    with open_run(copied, "score", as_of_date=DAY + timedelta(days=90)) as run:
        with run.warehouse() as con:
            run.build(con)
        score(run)

    assert [finding.check_name for finding in run.findings] == ["new_releases_look_like_what_was_learned"]
    assert "artist_popularity (missing: 100%" in run.findings[0].message


def test_a_report_that_cannot_be_written_does_not_hide_why_a_night_failed(copied: Settings) -> None:
    (copied.reports_dir / "latest.md").unlink()
    (copied.reports_dir / "latest.md").mkdir()
    with pytest.raises(SettingsError, match="must have a warehouse each"):
        night.run_night(copied, Inputs(kaggle=True), as_of_date=DAY)


def test_releases_unlike_what_was_learned_are_a_finding(copied: Settings) -> None:
    with open_run(copied, "score", as_of_date=DAY) as run:
        with run.warehouse() as con:
            for table in ("files__releases", "spotify__audio_features"):
                con.execute(f"update raw.{table} set energy = 0.01, tempo = 240")
            run.build(con)
        score(run)
        messages = {finding.check_name: finding.message for finding in run.findings}
    message = messages["new_releases_look_like_what_was_learned"]
    assert "energy (lower: median 0.01" in message
    assert "tempo (higher" in message
    assert status.read_status(copied, now=datetime(2026, 11, 24))["drift"]["n_drifted"] >= 2


def test_a_model_of_before_the_reference_scores_and_tells_no_drift(copied: Settings) -> None:
    for reference in copied.models_dir.glob("*/reference.json"):
        reference.unlink()
    with open_run(copied, "score", as_of_date=DAY) as run:
        assert score(run).n_scored > 0
    assert run.findings == []
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute("select count(*) from ledger.drift where run_id = ?", [run.run_id]).fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.drift").fetchall() == [(0,)]
    assert status.read_status(copied, now=datetime(2026, 11, 24))["drift"] is None


# in a process of its own, as a schedule runs it; a second night's steps do nothing but find something
_RUN_TWO_NIGHTS = """
import json, sys
from datetime import date
from pathlib import Path
from songpop import resources
from songpop.findings import Finding
from songpop.pipeline import night
from songpop.settings import set_prefect_defaults

home, other_home, day = sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3])
set_prefect_defaults(Path(home))
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint

nightly = load_flow_from_entrypoint(f"{resources.flow_path('nightly')}:nightly")
run_id = nightly(home=home, retrain="never", as_of=day)
with get_client(sync_client=True) as client:
    (first,) = client.read_flow_runs()
    tasks = {task_run.name: task_run.state_name for task_run in client.read_task_runs()}
report, ranked = Artifact.get("nightly-report").data, json.loads(Artifact.get("ranked-releases").data)

def plan(self):
    found = [Finding("a_rule", "warning", "It must hold.")]
    yield night.Step("check", lambda: self.run.save_findings(found) or "looked")

night.Night.plan = plan
degraded_id = nightly(home=other_home, as_of=day)
with get_client(sync_client=True) as client:
    (state,) = [flow_run.state for flow_run in client.read_flow_runs() if flow_run.id != first.id]
print(json.dumps({
    "run_id": run_id, "name": first.name, "tasks": tasks, "report": report, "ranked": ranked,
    "degraded": {"run_id": degraded_id, "name": state.name, "type": state.type.value, "message": state.message},
}))
"""


@dataclass(frozen=True)
class _FlowRuns:
    """What two nights left in Prefect, and in the home of the first."""

    settings: Settings
    found: dict[str, Any]
    shown: str


@pytest.fixture(scope="module")
def flow_runs(home: Path, tmp_path_factory: pytest.TempPathFactory) -> _FlowRuns:
    """Run two nights as Prefect does, under one server, whose start takes longer than they do."""
    settings = copy_home(home, tmp_path_factory.mktemp("whole"))
    arguments = (str(settings.home), str(tmp_path_factory.mktemp("degraded")), DAY.isoformat())
    child = subprocess.run(
        [sys.executable, "-c", _RUN_TWO_NIGHTS, *arguments], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    return _FlowRuns(settings, json.loads(child.stdout.splitlines()[-1]), child.stderr + child.stdout)


def test_a_degraded_night_has_a_state_of_its_own_name_in_prefect(flow_runs: _FlowRuns) -> None:
    state = flow_runs.found["degraded"]

    assert (state["name"], state["type"]) == ("Degraded", "COMPLETED")
    assert str(state["run_id"]).startswith("nightly-")
    assert state["message"] == f"Published, with 1 finding: {state['run_id']}"


def test_the_flow_does_the_same_night_and_leaves_two_artifacts(flow_runs: _FlowRuns) -> None:
    result = flow_runs.found
    query = f"select status in ('done', 'degraded') from ledger.runs where run_id = '{result['run_id']}'"

    assert published(flow_runs.settings, query) == [(True,)]
    assert result["name"] == "nightly 2026-11-23"
    assert result["tasks"] == dict.fromkeys(
        ("load", "check inputs", "enrich", "train", "score", "check scores", "publish"), "Completed"
    )
    assert "## Best 10 new releases" in result["report"]
    assert result["ranked"][0]["rank"] == 1
    assert "score: " in flow_runs.shown
