"""The steps of a night. Each is a plain function of a run: opens the warehouse, does its part, leaves it closed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb
import polars as pl

from songpop import console, ledger, retraining, warehouse
from songpop.errors import ExpectationFailed, ModelError, SettingsError
from songpop.ids import SYNTHETIC
from songpop.ledger import Finding
from songpop.runs import Run

if TYPE_CHECKING:
    from songpop.enriching import EnrichResult
    from songpop.expectations import CheckResult
    from songpop.loading import LoadResult
    from songpop.sources.configured import Sources

Phase = Literal["inputs", "scores", "all"]

# a critical finding about one of these speaks against a file, about any other against the scores
_MADE_OF_FILES = ("staging.files__", "marts.snapshots", "marts.tracks", "marts.artist", "marts.releases")


@dataclass(frozen=True)
class Inputs:
    """The files that a run is pointed at; None where there is none."""

    tracks: Path | None = None
    artists: Path | None = None
    albums: Path | None = None
    releases: Path | None = None
    observed: Path | None = None
    watchlist: Path | None = None
    pins: Path | None = None
    kaggle: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to load."""
        return not any(asdict(self).values())


@dataclass(frozen=True)
class ScoreResult:
    """How many releases were scored, and by which model."""

    n_scored: int
    model_version: str


def load(run: Run, inputs: Inputs) -> "LoadResult":
    """Load the files into raw and build what is derived from them."""
    from songpop import loading

    with run.warehouse() as con:
        _refuse_mixture(con, run, inputs)
        result = loading.load(
            con,
            run.settings,
            **asdict(inputs),
            run_id=run.run_id,
            as_of_date=run.as_of_date,
            now=run.clock(),
            progress=console.progress,
        )
        run.build(con)
    run.note_findings(result.findings)
    return result


def _refuse_mixture(con: duckdb.DuckDBPyConnection, run: Run, inputs: Inputs) -> None:
    """Keep tracks of two origins apart: a model would learn from both, and nobody would see it."""
    if inputs.kaggle and inputs.tracks:
        raise SettingsError("A run must load one tracks file, however --kaggle and --tracks name two.")
    if not (inputs.kaggle or inputs.tracks):
        return
    name = inputs.tracks.name if inputs.tracks else "the Kaggle file"
    is_synthetic = name.startswith(SYNTHETIC)
    others = con.execute(
        "select file_name from ledger.snapshots where entity = 'tracks' and starts_with(file_name, ?) <> ? limit 1",
        [SYNTHETIC, is_synthetic],
    ).fetchall()
    if others:
        raise SettingsError(
            f"Synthetic and real tracks must have a warehouse each, however {run.settings.warehouse} holds "
            f"{others[0][0]} and is to load {name}. Give one of them another folder, as in --home demo."
        )


def check(run: Run, phase: Phase = "all") -> "CheckResult":
    """Run the suites and SQL checks, and keep their findings.

    Where a critical one does not hold, files that no check has passed yet are withdrawn, and a model that this run
    promoted is rolled back, so that the next run does not meet the same trouble.

    Raises:
        ExpectationFailed: a critical one did not hold.
    """
    from songpop import expectations

    result = expectations.check(
        run.settings,
        run_id=run.run_id,
        now=run.clock(),
        as_of_date=run.as_of_date,
        phase=phase,
        progress=console.progress,
    )
    run.save_findings(result.findings)
    try:
        expectations.raise_if_critical(result.findings)
    except ExpectationFailed as failure:
        is_about_files = any(
            finding.severity == "critical" and (finding.table_name or "").startswith(_MADE_OF_FILES)
            for finding in result.findings
        )
        with run.warehouse() as con:
            if is_about_files:
                _withdraw(con, run, str(failure))
            else:
                retraining.roll_back(con, run, str(failure))
        raise
    return result


def _withdraw(con: duckdb.DuckDBPyConnection, run: Run, reason: str) -> None:
    """Withdraw the snapshots that no run has checked with success; loading such a file again counts it again."""
    unchecked = con.execute(
        "select snapshot_id from marts.snapshots where not exists (from ledger.runs where status in "
        "('done', 'degraded') and flow in ('nightly', 'check', 'publish') and finished_at > loaded_at) order by 1"
    ).fetchall()
    if not unchecked:
        return
    con.executemany(
        "insert into ledger.withdrawals values (?, ?, ?, ?)",
        [[snapshot_id, run.run_id, reason, run.clock()] for (snapshot_id,) in unchecked],
    )
    run.build(con)
    names = ", ".join(snapshot_id for (snapshot_id,) in unchecked)
    console.say(f"Withdrawn, so that the next run goes on without: {names}. Mend the file and load it again.")


def enrich(run: Run, sources: "Sources | None" = None) -> "EnrichResult":
    """Ask the configured services for what the files did not tell; the marts are built anew with it."""
    from songpop import enriching

    with run.warehouse() as con:
        result = enriching.enrich(
            con,
            run.settings,
            as_of_date=run.as_of_date,
            run_id=run.run_id,
            now=run.clock(),
            sources=sources,
            progress=console.progress,
        )
    run.save_findings(result.findings)
    return result


def purge(run: Run, source: str) -> dict[str, int]:
    """Forget what a service told, build the marts without it, and publish anew where something was published.

    Both files are written whole again, so that no deleted row is left in a free block of theirs.

    Returns:
        Rows deleted, by table.
    """
    from songpop.enriching import purging

    with run.warehouse() as con:
        counts = purging.forget(con, source)
        run.build(con)
        if run.settings.published.is_file():
            warehouse.publish(con, run.settings.published)
    warehouse.rewrite(run.settings)
    return counts


def score(run: Run) -> ScoreResult:
    """Score every new release with the champion and append the scores to the ledger.

    No new release is a finding and not a failure: a quiet week must not keep the rest from readers.

    Raises:
        ModelError: there is no champion.
    """
    with run.warehouse() as con:
        champion = ledger.champion_version(con)
        if champion is None:
            raise ModelError("Scoring must have a champion, however none was trained yet. Run `songpop train`.")
        releases = warehouse.read_frame(con, "releases")
        findings = [_nothing_new(run)] if releases.is_empty() else _score_frame(con, run, releases, champion)
        run.build(con)
    run.save_findings(findings)
    return ScoreResult(releases.height, champion)


def _nothing_new(run: Run) -> Finding:
    return Finding(
        "there_is_a_new_release",
        "warning",
        f"There should be a new release to score, however marts.releases is empty on {run.as_of_date}. Pass a file "
        "with --releases, or set the Spotify keys.",
        "marts.releases",
        n_rows=0,
    )


def _score_frame(con: duckdb.DuckDBPyConnection, run: Run, releases: pl.DataFrame, champion: str) -> list[Finding]:
    """Score releases, keep scores and their drift, and return what drifted."""
    from songpop import drift, scoring

    model = scoring.load_champion(run.settings.models_dir / champion, threads=run.settings.threads)
    scores = scoring.score_releases(releases, model)
    stamped = scores.join(
        releases.select("track_id", "album_id", "release_date"), on="track_id", how="left", maintain_order="left"
    ).with_columns(
        run_id=pl.lit(run.run_id),
        model_version=pl.lit(champion),
        as_of_date=pl.lit(run.as_of_date),
        scored_at=pl.lit(run.clock()),
    )
    with warehouse.transaction(con):
        ledger.save_scores(con, stamped.select(*SCORE_COLUMNS, *scoring.CONTRIBUTION_COLUMNS))
    reference = drift.load_reference(run.settings.models_dir / champion)
    if reference is None:
        return []
    moved = drift.measure_drift(releases, scores["score"], reference, model.encoder, seed=run.settings.seed)
    stamps = {"run_id": run.run_id, "model_version": champion, "as_of_date": run.as_of_date}
    ledger.save_drift(con, moved.with_columns(pl.lit(value).alias(name) for name, value in stamps.items()))
    return _drifted(moved, champion)


def _drifted(moved: pl.DataFrame, champion: str) -> list[Finding]:
    drifted = moved.filter("is_drifted").sort(["psi", "feature"], descending=[True, False])
    if drifted.is_empty():
        return []
    named = ", ".join(f"{row['feature']} ({row['moved']})" for row in drifted.head(5).iter_rows(named=True))
    return [
        Finding(
            "new_releases_look_like_what_was_learned",
            "warning",
            f"New releases and their scores should look like what {champion} was fitted and judged on, however "
            f"{drifted.height} of {moved.height} features do not (first: {named}). Trust these scores less, look at "
            "marts.drift, and train on newer tracks.",
            "marts.drift",
            n_rows=drifted.height,
            example_keys=tuple(drifted["feature"].head(5)),
        )
    ]


SCORE_COLUMNS = (
    "run_id",
    "track_id",
    "model_version",
    "album_id",
    "drivers",
    "score",
    "score_low",
    "score_high",
    "p_0_25",
    "p_26_50",
    "p_51_75",
    "p_76_100",
    "p_best",
    "benchmark_score",
    "reference_score",
    "as_of_date",
    "release_date",
    "scored_at",
)


def publish(run: Run) -> Path:
    """Swap in the readers' file.

    The run's own row is closed in the copy, so that readers see the night that they read as finished.

    Raises:
        ExpectationFailed: a new release has no score, so the ranked list would be a part of itself.
    """
    status = "degraded" if run.findings else "done"
    with run.warehouse() as con:
        run.build(con)
        n_releases, n_ranked = con.execute(
            "select (select count(*) from marts.releases), (select count(*) from marts.ranked_releases)"
        ).fetchall()[0]
        if n_ranked != n_releases:
            raise ExpectationFailed(
                f"Every new release must have a score before readers see the list, however {n_releases - n_ranked:,} "
                f"of {n_releases:,} have none. Run `songpop score` first."
            )
        warehouse.publish(con, run.settings.published, close_run=(run.run_id, status, run.clock()))
    return run.settings.published
