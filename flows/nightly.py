"""The night as a Prefect flow: the same steps as `songpop nightly`, with retries, run names, logs and artifacts."""

from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.tasks import Task, exponential_backoff

from songpop.clock import local_today
from songpop.errors import SourceUnavailable
from songpop.findings import is_degrading
from songpop.pipeline.load import Inputs
from songpop.pipeline.night import Night, Step, open_night
from songpop.pipeline.train import Retrain
from songpop.published import exports
from songpop.reporting import night_report
from songpop.settings import Settings

_SHOWN_RELEASES = 50


def _run_name() -> str:
    return f"nightly {flow_run.parameters.get('as_of') or local_today()}"


def _may_work_next_time(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), SourceUnavailable)


def _run_step(night: Night, step: Step) -> None:
    as_task = task(
        name=step.name,
        task_run_name=step.name,
        retries=2 if step.is_worth_a_retry else 0,
        retry_delay_seconds=exponential_backoff(10),
        retry_condition_fn=_may_work_next_time,
        cache_policy=NO_CACHE,
    )
    as_task(lambda: night.do(step))()


@flow(name="songpop-nightly", flow_run_name=_run_name, log_prints=True, validate_parameters=True)
def nightly(
    tracks: str | None = None,
    artists: str | None = None,
    albums: str | None = None,
    releases: str | None = None,
    watchlist: str | None = None,
    pins: str | None = None,
    kaggle: bool = False,
    columns: dict[str, str] | None = None,
    retrain: Retrain = "auto",
    sample_rows: int | None = None,
    as_of: date | None = None,
    home: str | None = None,
    settings: dict[str, Any] | None = None,
) -> str | State[str]:
    """Load, check, enrich, train when due, score and publish; return the run's id.

    A night with findings ends in a state named Degraded.

    Paths are of the machine that runs the flow; `settings` are by name, as in `{"threads": 2, "memory_limit":
    "2GB"}`, but the keys, which are of the environment; everything else is as in `songpop nightly --help`.
    """
    chosen = Settings.from_env(**{**(settings or {}), **({"home": home} if home else {})})
    files = {
        "tracks": tracks,
        "artists": artists,
        "albums": albums,
        "releases": releases,
        "watchlist": watchlist,
        "pins": pins,
    }
    paths = {name: Path(path) for name, path in files.items() if path}
    inputs = Inputs(kaggle=kaggle, columns=columns or {}, **paths)
    with open_night(
        chosen, inputs, as_of_date=as_of or local_today(), retrain=retrain, sample_rows=sample_rows
    ) as night:
        for step in night.plan():
            _run_step(night, step)
        _create_artifacts(chosen, night)
    if is_degrading(night.run.findings):
        # a state of its own name, of the kind that ended well: what waits for the night goes on
        n = sum(finding.severity != "note" for finding in night.run.findings)
        message = f"Published, with {n} finding{'' if n == 1 else 's'}: {night.run.run_id}"
        return Completed(name="Degraded", message=message, data=night.run.run_id)
    return night.run.run_id


def _create_artifacts(settings: Settings, night: Night) -> None:
    """Show the night on Prefect's pages; readers have it already, so a page that fails is no failed night."""
    try:
        _create_report_and_list(settings, night)
    except Exception as error:
        print(f"The night's artifacts could not be made: {error}")


def _create_report_and_list(settings: Settings, night: Night) -> None:
    create_markdown_artifact(
        night_report.render_report(night.run, night.lines, failure=None),
        key="nightly-report",
        description="What the night did, found and published",
    )
    ranked = exports.read_list(settings, "releases", exports.Filters(limit=_SHOWN_RELEASES))
    shown = ranked.select(
        "rank", "rank_change", "score", "score_low", "score_high", "track_name", "artist_name", "genre"
    )
    create_table_artifact(
        [{key: _plain(value) for key, value in row.items()} for row in shown.to_dicts()],
        key="ranked-releases",
        description=f"The best {_SHOWN_RELEASES} new releases",
    )


def _plain(value: object) -> object:
    return round(value, 1) if isinstance(value, float) else value
