"""The step that scores new releases with the champion, and keeps their scores and drift in the ledger."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from songpop import adjustments, ledger, queries, warehouse
from songpop.adjustments import Adjustment, ListTrust, Recalibration
from songpop.errors import ModelError
from songpop.findings import Finding
from songpop.run import Run

if TYPE_CHECKING:
    import numpy as np

    from songpop.scoring.drift import Reference
    from songpop.scoring.model import ScoringModel


@dataclass(frozen=True)
class ScoreResult:
    """How many releases were scored, by which model, and what to know of their scores."""

    n_scored: int
    model_version: str
    remarks: list[str] = field(default_factory=list)


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
        adjustment = adjustments.read_adjustment(con)
    run.save_findings(findings)
    return ScoreResult(releases.height, champion, adjustment.remarks if releases.height else [])


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
    """Score releases, keep scores, their drift and whether they can be trusted, and return what speaks against that."""
    from songpop.scoring import drift
    from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
    from songpop.scoring.model import load_model
    from songpop.scoring.score import adjust_scores, encode_and_score

    model = load_model(run.settings.models_dir / champion, threads=run.settings.threads)
    recalibration = adjustments.read_recalibration(con)
    model = model.adjusted(Adjustment(recalibration))
    scored = encode_and_score(releases, model)
    scores = scored.scores
    reference = drift.load_reference(run.settings.models_dir / champion)
    findings, stamps = [], {"run_id": run.run_id, "model_version": champion, "as_of_date": run.as_of_date}
    moved, basis = None, None
    trust = ListTrust(run.run_id, False, None, True, None, None)
    if reference is not None:
        moved = drift.measure_drift(releases, scores["shipped_score"], reference, model.encoder, seed=run.settings.seed)
        trust, basis = _judge_list(con, run, releases, moved, model, reference)
        scores = adjust_scores(scored, model.adjusted(Adjustment(recalibration, trust)))
        findings = [] if trust.is_trusted else [_untrusted(trust, releases.height, champion)]
        findings += _drifted(moved, champion)
    # of a date that is assumed nothing is kept: it moves on with every run, and a release's age would be told from it
    known = releases.select("track_id", "album_id", pl.when(~pl.col("is_date_assumed")).then("release_date"))
    stamped = scores.join(known, on="track_id", how="left", maintain_order="left").with_columns(
        scored_at=pl.lit(run.clock()), **{name: pl.lit(value) for name, value in stamps.items()}
    )
    findings += _ended(con, recalibration, champion)
    with warehouse.transaction(con):
        ledger.save_scores(con, stamped.select(*SCORE_COLUMNS, *CONTRIBUTION_COLUMNS))
        if moved is not None:
            ledger.save_drift(con, moved.with_columns(pl.lit(value).alias(name) for name, value in stamps.items()))
            taken_id = recalibration.recalibration_id if recalibration else None
            own = {"recalibration_id": taken_id, "basis": basis, "n_releases": releases.height}
            ledger.save_scored_list(con, asdict(trust) | stamps | own | {"scored_at": run.clock()})
    return findings


def _judge_list(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    releases: pl.DataFrame,
    moved: pl.DataFrame,
    model: "ScoringModel",
    reference: "Reference",
) -> tuple[ListTrust, str | None]:
    """Judge whether a list's scores can be trusted, and what told it where it is of another world."""
    from songpop.scoring import worlds

    errors = _errors_seen(con, releases, model)
    world = worlds.find_other_world(releases, moved, model.encoder, errors)
    recalibration = model.adjustment.recalibration
    is_fitted_on_another = recalibration is not None and recalibration.is_of_other_world
    if world is None and not (is_fitted_on_another and worlds.can_be_judged(releases)):
        return ListTrust(run.run_id, False, None, True, None, None), None
    if world is None:
        reason = "they are recalibrated on lists of another world, and this list is as what was learned"
        return ListTrust(run.run_id, False, reason, False, *worlds.spread_of(reference)), None
    if is_fitted_on_another and world.basis != "popularity":
        return ListTrust(run.run_id, True, world.reason, True, None, None), world.basis
    return ListTrust(run.run_id, True, world.reason, False, *worlds.spread_of(reference)), world.basis


def _errors_seen(con: duckdb.DuckDBPyConnection, releases: pl.DataFrame, model: "ScoringModel") -> "np.ndarray":
    """Return scores less the popularity seen since, of the list's tracks where it was; as the model scores now."""
    import numpy as np

    from songpop.scoring.adjusting import map_scores
    from songpop.scoring.recalibration import is_mature

    rows = queries.read_if_built(con, "reports", "recalibration_pairs", model_version=model.model_version)
    if not rows:
        return np.zeros(0)
    pairs = (
        pl.DataFrame(rows, infer_schema_length=None)
        .filter(is_mature())
        .join(releases.select("track_id"), on="track_id", how="semi")
    )
    scores = map_scores(pairs["shipped_score"].to_numpy(), model.adjustment.recalibration)
    errors: np.ndarray = scores - pairs["popularity"].to_numpy()
    return errors


def _untrusted(trust: ListTrust, n_releases: int, champion: str) -> Finding:
    advice = "Run `songpop recalibrate --observed FILE` with the popularity of some hundred of such tracks, or train on"
    advice += " such tracks."
    if not trust.is_other_world:
        advice = "Undo that with `songpop recalibrate --undo`."
    return Finding(
        "releases_are_of_the_world_that_was_learned",
        "warning",
        f"New releases should be of the world that {champion} learned from, however: {trust.describe()} {advice} "
        "marts.drift has how they lie.",
        "marts.scored_lists",
        n_rows=n_releases,
    )


def _ended(con: duckdb.DuckDBPyConnection, recalibration: Recalibration | None, champion: str) -> list[Finding]:
    """Say once that a recalibration ended by itself: the run before was adjusted, and this one is not, nor undone."""
    ended = queries.read_one(con, "lookups", "ended_recalibration")
    if recalibration is not None or ended is None:
        return []
    return [
        Finding(
            "a_recalibration_stays_with_its_model",
            "warning",
            f"A recalibration holds for the version that it was fitted on, however {champion} scores in place of "
            f"{ended['model_version']}: {ended['recalibration_id']} has ended, and scores, intervals and chances are "
            "the model's own again. `songpop recalibrate` shows whether a new one would help.",
            "marts.recalibration",
        )
    ]


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
    "shipped_score",
    "shipped_low",
    "shipped_high",
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
