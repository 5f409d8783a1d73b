"""The steps of a night. Each is a plain function of a run: opens the warehouse, does its part, leaves it closed."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from songpop import console, ledger, resources, warehouse
from songpop.errors import ModelError
from songpop.ledger import Finding
from songpop.runs import Run

if TYPE_CHECKING:
    from songpop.enriching import EnrichResult
    from songpop.expectations import CheckResult
    from songpop.loading import LoadResult
    from songpop.sources.spotify import SpotifySource
    from songpop.training import TrainedModel

Retrain = Literal["always", "auto", "never"]
Phase = Literal["inputs", "scores", "all"]


@dataclass(frozen=True)
class Inputs:
    """The files that a run is pointed at; None where there is none."""

    tracks: Path | None = None
    artists: Path | None = None
    albums: Path | None = None
    releases: Path | None = None
    observed: Path | None = None
    kaggle: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to load."""
        return not self.kaggle and not any((self.tracks, self.artists, self.albums, self.releases, self.observed))


@dataclass(frozen=True)
class TrainResult:
    """What training gave: the challenger, the decision about it, and its scoreboard."""

    challenger: str
    champion: str
    decision: str
    reason: str
    metrics: list[dict[str, object]]


@dataclass(frozen=True)
class ScoreResult:
    """How many releases were scored, and by which model."""

    n_scored: int
    model_version: str


def load(run: Run, inputs: Inputs) -> "LoadResult":
    """Load the files into raw and build what is derived from them."""
    from songpop import loading

    with run.warehouse() as con:
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


def check(run: Run, phase: Phase = "all") -> "CheckResult":
    """Run the suites and SQL checks, and keep their findings.

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
    expectations.raise_if_critical(result.findings)
    return result


def enrich(run: Run, source: "SpotifySource | None" = None) -> "EnrichResult":
    """Ask the configured services for what the files did not tell, and build the marts anew."""
    from songpop import enriching

    with run.warehouse() as con:
        result = enriching.enrich(
            con,
            run.settings,
            as_of_date=run.as_of_date,
            run_id=run.run_id,
            now=run.clock(),
            source=source,
            progress=console.progress,
        )
        run.build(con)
    run.save_findings(result.findings)
    return result


def is_training_due(run: Run, retrain: Retrain) -> str | None:
    """Return why a network is to be trained now, or None if the champion stays as it is.

    Raises:
        ModelError: training is forbidden and there is no champion.
    """
    with run.warehouse() as con:
        champion = ledger.champion_version(con)
        if retrain == "always":
            return "it was asked for"
        if champion is None:
            if retrain == "never":
                raise ModelError(
                    "Scoring must have a champion, however none was trained yet and --retrain never forbids it."
                )
            return "there is no champion yet"
        if retrain == "never":
            return None
        if not _is_usable(run, champion):
            return f"{champion} is of other features than this version of songpop has, or its files are gone"
        snapshot_ids, trained_on = con.execute(
            "select data_snapshot_ids, as_of_date from ledger.model_versions where model_version = ?",
            [champion],
        ).fetchall()[0]
        if sorted(snapshot_ids) != _training_snapshots(con):
            return "there are data that the champion has not seen"
    if run.as_of_date - trained_on >= timedelta(days=run.settings.retrain_days):
        return f"the champion is {(run.as_of_date - trained_on).days} days old"
    return None


def _is_usable(run: Run, model_version: str) -> bool:
    from songpop import scoring

    try:
        scoring.load_champion(run.settings.models_dir / model_version)
    except ModelError:
        return False
    return True


def train(run: Run) -> TrainResult:
    """Fit network and benchmark on every track with a known popularity; register, and promote or keep.

    Raises:
        ModelError: there are too few tracks to learn from.
    """
    from songpop import promotion, training

    settings = run.settings
    with run.warehouse() as con:
        frame = _read_frame(con, "training")
        snapshot_ids = _training_snapshots(con)
        champion = ledger.champion_version(con)
    trained = training.train(
        frame,
        models_dir=settings.models_dir,
        seed=settings.seed,
        threads=settings.threads,
        as_of_date=run.as_of_date,
        snapshot_ids=snapshot_ids,
        progress=lambda line: console.say(f"  {line}"),
    )
    is_champion_usable = champion is not None and _is_usable(run, champion)
    decision = promotion.decide(
        settings.models_dir / champion if champion and is_champion_usable else None, trained.path
    )
    new_champion = champion if champion and is_champion_usable and not decision.promote else trained.model_version
    with run.warehouse() as con, warehouse.transaction(con):
        known = con.execute(
            "select count(*) from ledger.model_versions where model_version = ?", [trained.model_version]
        ).fetchall()[0][0]
        if not known:
            ledger.save_model(con, _version_row(run, trained, snapshot_ids), trained.scoreboard)
        ledger.save_promotion(
            con,
            {
                "promotion_id": f"{run.run_id}-promotion",
                "run_id": run.run_id,
                "decision": "promoted" if new_champion == trained.model_version else "kept",
                "challenger": trained.model_version,
                "previous_champion": champion,
                "champion": new_champion,
                "reason": decision.reason,
                "decided_at": run.clock(),
            },
        )
    run.save_findings(_benchmark_findings(trained.scoreboard, trained.model_version))
    return TrainResult(
        trained.model_version,
        new_champion,
        "promoted" if new_champion == trained.model_version else "kept",
        decision.reason,
        trained.scoreboard,
    )


def score(run: Run) -> ScoreResult:
    """Score every new release with the champion and append the scores to the ledger.

    Raises:
        ModelError: there is no champion, or no release to score.
    """
    from songpop import scoring

    settings = run.settings
    with run.warehouse() as con:
        champion = ledger.champion_version(con)
        if champion is None:
            raise ModelError("Scoring must have a champion, however none was trained yet. Run `songpop train`.")
        releases = _read_frame(con, "releases")
        if releases.is_empty():
            raise ModelError(
                f"There must be a new release to score, however marts.releases is empty on {run.as_of_date}. Pass "
                "a file with --releases, or set the Spotify keys and run `songpop enrich`."
            )
        model = scoring.load_champion(settings.models_dir / champion, threads=settings.threads)
        scores = scoring.score_releases(releases, model)
        stamped = scores.join(
            releases.select("track_id", "album_id", "release_date"),
            on="track_id",
            how="left",
            maintain_order="left",
        ).with_columns(
            run_id=pl.lit(run.run_id),
            model_version=pl.lit(champion),
            as_of_date=pl.lit(run.as_of_date),
            scored_at=pl.lit(run.clock()),
        )
        with warehouse.transaction(con):
            ledger.save_scores(con, stamped.select(SCORE_COLUMNS))
        run.build(con)
    return ScoreResult(scores.height, champion)


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
    """
    status = "degraded" if run.findings else "done"
    with run.warehouse() as con:
        run.build(con)
        warehouse.publish(con, run.settings.published, close_run=(run.run_id, status, run.clock()))
    return run.settings.published


def _read_frame(con: "warehouse.duckdb.DuckDBPyConnection", name: str) -> pl.DataFrame:
    return con.sql(resources.sql_path("frames", name).read_text()).pl()


def _training_snapshots(con: "warehouse.duckdb.DuckDBPyConnection") -> list[str]:
    """Return the snapshots whose rows the training frame is made of, sorted."""
    rows = con.execute(
        "select distinct snapshot_id from marts.tracks "
        "union select snapshot_id from ledger.snapshots where entity in ('albums', 'artists') order by snapshot_id"
    ).fetchall()
    return [snapshot_id for (snapshot_id,) in rows]


def _version_row(run: Run, trained: "TrainedModel", snapshot_ids: list[str]) -> dict[str, object]:
    return {
        "model_version": trained.model_version,
        "run_id": run.run_id,
        "family": "keras",
        "seed": run.settings.seed,
        "n_tracks": trained.metrics["n_rows"],
        "data_snapshot_ids": snapshot_ids,
        "data_sha256": trained.metrics["data_sha256"],
        "weights_sha256": trained.metrics["weights_sha256"],
        "as_of_date": run.as_of_date,
        "registered_at": run.clock(),
    }


def _benchmark_findings(scoreboard: list[dict[str, object]], model_version: str) -> list[Finding]:
    """Warn where LightGBM did better than the network on the split to judge by."""
    mae = {row["family"]: row["mae"] for row in scoreboard if row["split"] == "temporal"}
    if "lightgbm" not in mae or "keras" not in mae or mae["keras"] <= mae["lightgbm"]:  # type: ignore[operator]
        return []
    return [
        Finding(
            "network_beats_the_benchmark",
            "warning",
            f"The network should err no more than LightGBM on the temporal split, however {model_version} errs by "
            f"{mae['keras']:.2f} points and LightGBM by {mae['lightgbm']:.2f}.",
            "ledger.model_metrics",
            "mae",
        )
    ]
