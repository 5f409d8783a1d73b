"""The night: every step in order, as a plain function that needs no Prefect."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from songpop import console, ledger
from songpop.clock import Clock, utc_now
from songpop.errors import SongpopError
from songpop.findings import Finding
from songpop.pipeline import check, enrich, load, publish, score, train
from songpop.pipeline.load import Inputs
from songpop.pipeline.train import Retrain
from songpop.reporting import night_report, notifications
from songpop.run import Run, open_run
from songpop.settings import Settings

if TYPE_CHECKING:
    from songpop.sources.registry import Sources


@dataclass(frozen=True)
class Step:
    """One step of a night: its name, what it does, and whether another try may help it.

    `call` returns one line on what was done.
    """

    name: str
    call: Callable[[], str]
    is_worth_a_retry: bool = False


@dataclass
class Night:
    """A night that is going on.

    Attributes:
        run: the run of the whole night.
        inputs: the files that it was pointed at.
        retrain: when to train.
        sources: the services of an embedded sample; None takes those that the settings name.
        lines: name, seconds and outcome of every step done.
        has_news: whether a service told something, which is then to be checked.
        n_scored: how many releases were scored.
        doing: the step that is going on, or was when the night failed.
    """

    run: Run
    inputs: Inputs
    retrain: Retrain = "auto"
    sources: "Sources | None" = None
    lines: list[tuple[str, float, str]] = field(default_factory=list)
    has_news: bool = False
    n_scored: int = 0
    doing: str = ""

    def plan(self) -> Iterator[Step]:
        """Give the steps in order; the next one is asked for only when the one before has ended well."""
        yield Step("load", self._load, is_worth_a_retry=True)
        yield Step("check inputs", lambda: self._check("inputs"))
        yield Step("enrich", self._enrich, is_worth_a_retry=True)
        if self.has_news:
            yield Step("check news", lambda: self._check("inputs"))
        yield Step("train", self._train)
        yield Step("score", self._score)
        if self.n_scored:
            yield Step("check scores", lambda: self._check("scores"))
        yield Step("publish", self._publish)

    def do(self, step: Step) -> str:
        """Do one step; show and keep what came of it."""
        self.doing = step.name
        console.say(f"{step.name} …")
        started = time.monotonic()
        outcome = step.call()
        seconds = time.monotonic() - started
        self.lines.append((step.name, seconds, outcome))
        console.say(f"{step.name}: {outcome} ({seconds:.1f} s)")
        return outcome

    def _load(self) -> str:
        if self.inputs.is_empty:
            with self.run.warehouse() as con:
                self.run.build(con)
            return "no files given; going on with what the warehouse holds"
        return "; ".join(file.describe() for file in load.load(self.run, self.inputs).files)

    def _check(self, phase: check.Phase) -> str:
        return check.check(self.run, phase).summary

    def _enrich(self) -> str:
        result = enrich.enrich(self.run, self.sources)
        self.has_news = bool(result.n_calls)
        if result.n_calls:
            from songpop.enriching.print_summary import show_result

            show_result(result)
            for note in result.notes:
                console.say(f"  {note}")
        return result.summary

    def _train(self) -> str:
        reason = train.is_training_due(self.run, self.retrain)
        if reason is None:
            return "not due; the champion stays"
        result = train.train(self.run)
        return f"{result.challenger} {result.decision}, because {reason}. {result.reason}"

    def _score(self) -> str:
        result = score.score(self.run)
        self.n_scored = result.n_scored
        return " ".join([f"{result.n_scored:,} releases scored by {result.model_version}.", *result.remarks])

    def _publish(self) -> str:
        path = publish.publish(self.run)
        return f"readers' file swapped in: {path}"


@contextmanager
def open_night(
    settings: Settings,
    inputs: Inputs,
    *,
    as_of_date: date,
    retrain: Retrain = "auto",
    sample_rows: int | None = None,
    clock: Clock = utc_now,
) -> Iterator[Night]:
    """Open a night: its run, and with `sample_rows` the embedded sample and its Spotify-shaped service.

    When it closes, whether well or not, the report of the night is written to `reports/`.
    """
    with ExitStack() as stack:
        try:
            run = stack.enter_context(open_run(settings, "nightly", as_of_date=as_of_date, clock=clock))
        except SongpopError as error:
            _notify(settings, notifications.describe_night(as_of_date, run_id=None, failure=str(error)))
            raise
        sources = None
        if sample_rows:
            inputs, sources = stack.enter_context(_embedded_sample(settings, sample_rows, as_of_date))
        night = Night(run, inputs, retrain, sources)
        try:
            yield night
        except BaseException as error:
            _report(night, str(error) or type(error).__name__)
            raise
        _report(night, None)


def _report(night: Night, failure: str | None) -> None:
    """Write the report and tell of trouble; a night does not fail, nor hide why it did, because that can't be done."""
    path = None
    try:
        path = night_report.write_report(night.run, night.lines, failure=failure, failed_step=night.doing)
    except (OSError, SongpopError, duckdb.Error) as error:
        console.say(f"The night's report could not be written: {error}")
    event = notifications.describe_night(
        night.run.as_of_date,
        run_id=night.run.run_id,
        failure=failure,
        findings=find_unacknowledged(night.run),
        steps=night.lines,
        report=str(path) if path else None,
    )
    _notify(night.run.settings, event)


def find_unacknowledged(run: Run) -> list[Finding]:
    """Return what a night found and nobody said may be; all of it where the ledger can't be asked."""
    try:
        with run.warehouse() as con:
            rows = ledger.read_findings(con, run.run_id)
    except SongpopError:
        return run.findings
    known = {(row["check_name"], row["message"]) for row in rows if row["is_acknowledged"]}
    return [finding for finding in run.findings if (finding.check_name, finding.message) not in known]


def _notify(settings: Settings, event: dict[str, Any] | None) -> None:
    for problem in notifications.notify(settings, event) if event else ():
        console.say(problem)


def run_night(
    settings: Settings,
    inputs: Inputs,
    *,
    as_of_date: date,
    retrain: Retrain = "auto",
    sample_rows: int | None = None,
    clock: Clock = utc_now,
) -> Run:
    """Load, check, enrich, retrain when due, score, check and publish; return the run.

    Raises:
        SongpopError: a step failed; readers keep what was published before.
    """
    with open_night(
        settings, inputs, as_of_date=as_of_date, retrain=retrain, sample_rows=sample_rows, clock=clock
    ) as night:
        for step in night.plan():
            night.do(step)
    return night.run


@contextmanager
def _embedded_sample(settings: Settings, n_rows: int, as_of_date: date) -> Iterator[tuple[Inputs, "Sources"]]:
    """Write the synthetic sample; serve its artists and half of its releases in Spotify's shape, on loopback.

    The other half comes as a releases file, so that both ways of a release into the warehouse are gone.
    """
    from songpop.sources.registry import Sources
    from songpop.sources.sample import write_sample
    from songpop.sources.sample.service import serve_sample
    from songpop.sources.sample.service_catalogue import split_releases

    folder = settings.home / "sample"
    console.say(f"Writing a synthetic sample of {n_rows:,} tracks to {folder}")
    files = write_sample(folder, n_rows, settings.seed, as_of_date=as_of_date)
    releases, served = split_releases(files.releases, folder)
    with serve_sample(replace(files, releases=served)) as service:
        yield Inputs(tracks=files.tracks, albums=files.albums, releases=releases), Sources(service.source())
