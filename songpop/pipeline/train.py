"""When a network is to be trained, and what becomes of it: registered, promoted, kept or rolled back."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from songpop import console, ledger, model_folder, warehouse
from songpop.errors import ModelError
from songpop.findings import Finding
from songpop.pipeline.promote import promotion_row, rolled_back_weights, save_promotion
from songpop.run import Run

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from songpop.training.train import TrainedModel

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
        learned, newest = _judged_versions(con, champion)
        if _training_snapshots(con) not in learned:
            return "there are data that no version has seen"
    if run.as_of_date - newest >= timedelta(days=run.settings.retrain_days):
        return f"the newest version is {(run.as_of_date - newest).days} days old"
    return None


def _judged_versions(con: duckdb.DuckDBPyConnection, champion: str) -> tuple[list[list[str]], date]:
    """Return what the champion and the versions judged after it learned from, and the newest one's day.

    A challenger that was kept back, or rolled back, is not trained again every night on the same data.
    """
    rows = con.execute(
        "select list_sort(data_snapshot_ids), as_of_date from ledger.model_versions where registered_at >= "
        "(select registered_at from ledger.model_versions where model_version = ?)",
        [champion],
    ).fetchall()
    return [list(snapshot_ids) for snapshot_ids, _ in rows], max((day for _, day in rows), default=date.min)


def _is_usable(run: Run, model_version: str) -> bool:
    from songpop.scoring import model

    try:
        model.load_model(run.settings.models_dir / model_version)
    except ModelError:
        return False
    return True


def train(run: Run) -> TrainResult:
    """Fit network and benchmark on every track with a known popularity; register, and promote or keep.

    Raises:
        ModelError: there are too few tracks to learn from.
    """
    from songpop.training import promotion
    from songpop.training.train import count_fits, predict_unseen, train

    settings = run.settings
    with run.warehouse() as con:
        frame = warehouse.read_frame(con, "training")
        snapshot_ids = _training_snapshots(con)
        champion = ledger.champion_version(con)
        rolled_back = rolled_back_weights(con)
    with console.progress("train", count_fits(frame.height), unit="fits") as advance:

        def report(line: str) -> None:
            console.say(f"  {line}")
            advance()

        trained = train(
            frame,
            models_dir=settings.models_dir,
            seed=settings.seed,
            threads=settings.threads,
            as_of_date=run.as_of_date,
            snapshot_ids=snapshot_ids,
            progress=report,
        )

    def refit(rows: "pl.DataFrame") -> "np.ndarray":
        console.say(f"  fitting on all but {rows.height:,} fresh tracks: the challenger looks worse on them")
        return predict_unseen(frame, rows, seed=settings.seed, threads=settings.threads)

    is_usable = champion is not None and _is_usable(run, champion)
    decision = promotion.decide(
        settings.models_dir / champion if champion and is_usable else None,
        trained.path,
        frame,
        refit=refit,
        rolled_back=rolled_back,
    )
    with run.warehouse() as con:
        with warehouse.transaction(con):
            known = con.execute(
                "select count(*) from ledger.model_versions where model_version = ?", [trained.model_version]
            ).fetchall()[0][0]
            if not known:
                ledger.save_model(
                    con,
                    _version_row(run, trained, snapshot_ids),
                    trained.scoreboard,
                    trained.metrics["measures"],
                    trained.metrics["single_records"],
                )
            save_promotion(con, run, previous=champion, **promotion_row(decision))
        run.build(con)
    run.save_findings(_benchmark_findings(trained.path, trained.scoreboard))
    return TrainResult(trained.model_version, decision.champion, decision.decision, decision.reason, trained.scoreboard)


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
        "family": trained.family,
        "seed": run.settings.seed,
        "n_tracks": trained.metrics["n_rows"],
        "data_snapshot_ids": snapshot_ids,
        "data_sha256": trained.metrics["data_sha256"],
        "weights_sha256": trained.metrics["weights_sha256"],
        "as_of_date": run.as_of_date,
        "registered_at": run.clock(),
        "genres": model_folder.read_json(trained.path, model_folder.FEATURES)["genres"],
    }


def _benchmark_findings(folder: Path, scoreboard: list[dict[str, object]]) -> list[Finding]:
    """Warn where the benchmark did surely better on the split to judge by; where the two are even, say so in a note."""
    from songpop.evaluation import HEADLINE
    from songpop.training import promotion

    mae = {row["role"]: float(str(row["mae"])) for row in scoreboard if row["split"] == HEADLINE}
    if "benchmark" not in mae or "network" not in mae or mae["network"] <= mae["benchmark"]:
        return []
    compared = promotion.compare_with_benchmark(folder)
    surety = orders = ""
    if compared:
        surety = f" ({promotion.describe_surety(compared[0])})"
    if compared and compared[1]:
        order = compared[1]
        orders = (
            f" Their Spearman correlations are {order.first:.3f} and {order.second:.3f} "
            f"({promotion.describe_surety(order, 3)})."
        )
    return [
        Finding(
            "network_beats_the_benchmark",
            "warning" if compared is None or compared[0].low > 0 else "note",
            f"The network should err no more than LightGBM on the temporal split, however {folder.name} errs by "
            f"{mae['network']:.2f} points and LightGBM by {mae['benchmark']:.2f}{surety}.{orders}",
            "ledger.model_metrics",
            "mae",
        )
    ]
