"""The step that scores new releases with the champion, and keeps their scores and drift in the ledger."""

from dataclasses import dataclass

import duckdb
import polars as pl

from songpop import ledger, warehouse
from songpop.errors import ModelError
from songpop.findings import Finding
from songpop.run import Run


@dataclass(frozen=True)
class ScoreResult:
    """How many releases were scored, and by which model."""

    n_scored: int
    model_version: str


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
    from songpop.scoring import drift
    from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
    from songpop.scoring.model import load_model
    from songpop.scoring.score import score_releases

    model = load_model(run.settings.models_dir / champion, threads=run.settings.threads)
    scores = score_releases(releases, model)
    # of a date that is assumed nothing is kept: it moves on with every run, and a release's age would be told from it
    known = releases.select("track_id", "album_id", pl.when(~pl.col("is_date_assumed")).then("release_date"))
    stamped = scores.join(known, on="track_id", how="left", maintain_order="left").with_columns(
        run_id=pl.lit(run.run_id),
        model_version=pl.lit(champion),
        as_of_date=pl.lit(run.as_of_date),
        scored_at=pl.lit(run.clock()),
    )
    with warehouse.transaction(con):
        ledger.save_scores(con, stamped.select(*SCORE_COLUMNS, *CONTRIBUTION_COLUMNS))
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
    "family",
    "album_id",
    "drivers",
    "score",
    "score_mean",
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
