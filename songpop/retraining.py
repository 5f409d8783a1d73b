"""When a network is to be trained, and what becomes of it: registered, promoted, kept or rolled back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import duckdb

from songpop import console, ledger, warehouse
from songpop.errors import ModelError
from songpop.ledger import Finding
from songpop.runs import Run

if TYPE_CHECKING:
    from songpop.training import TrainedModel

Retrain = Literal["always", "auto", "never"]


@dataclass(frozen=True)
class TrainResult:
    """What training gave: the challenger, the decision about it, and its scoreboard."""

    challenger: str
    champion: str
    decision: str
    reason: str
    metrics: list[dict[str, object]]


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
        frame = warehouse.read_frame(con, "training")
        snapshot_ids = _training_snapshots(con)
        champion = ledger.champion_version(con)
    with console.progress("train", training.count_fits(frame.height), unit="fits") as advance:

        def tell(line: str) -> None:
            console.say(f"  {line}")
            advance()

        trained = training.train(
            frame,
            models_dir=settings.models_dir,
            seed=settings.seed,
            threads=settings.threads,
            as_of_date=run.as_of_date,
            snapshot_ids=snapshot_ids,
            progress=tell,
        )
    is_usable = champion is not None and _is_usable(run, champion)
    decision = promotion.decide(settings.models_dir / champion if champion and is_usable else None, trained.path)
    with run.warehouse() as con, warehouse.transaction(con):
        known = con.execute(
            "select count(*) from ledger.model_versions where model_version = ?", [trained.model_version]
        ).fetchall()[0][0]
        if not known:
            ledger.save_model(
                con, _version_row(run, trained, snapshot_ids), trained.scoreboard, trained.metrics["measures"]
            )
        _save_promotion(
            con, run, decision.decision, trained.model_version, champion, decision.champion, decision.reason
        )
    run.save_findings(_benchmark_findings(trained.scoreboard, trained.model_version))
    return TrainResult(trained.model_version, decision.champion, decision.decision, decision.reason, trained.scoreboard)


def _save_promotion(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    decision: str,
    challenger: str,
    previous: str | None,
    champion: str,
    reason: str,
) -> None:
    number = con.execute("select count(*) from ledger.promotions where run_id = ?", [run.run_id]).fetchall()[0][0]
    ledger.save_promotion(
        con,
        {
            "promotion_id": f"{run.run_id}-{number + 1}",
            "run_id": run.run_id,
            "decision": decision,
            "challenger": challenger,
            "previous_champion": previous,
            "champion": champion,
            "reason": reason,
            "decided_at": run.clock(),
        },
    )


def roll_back(con: duckdb.DuckDBPyConnection, run: Run, reason: str) -> None:
    """Give a champion that this run promoted back to the one before it."""
    rows = con.execute(
        "select champion, previous_champion from ledger.promotions where run_id = ? and decision = 'promoted' "
        "and previous_champion is not null",
        [run.run_id],
    ).fetchall()
    for champion, previous in rows:
        _save_promotion(con, run, "rolled back", champion, champion, previous, f"Its scores were not kept: {reason}")


def _training_snapshots(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the snapshots whose rows the training frame is made of, sorted."""
    rows = con.execute(
        "select distinct snapshot_id from marts.tracks "
        "union select snapshot_id from marts.snapshots where entity in ('albums', 'artists') order by snapshot_id"
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
