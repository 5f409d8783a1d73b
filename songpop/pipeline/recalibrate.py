"""The step that fits a recalibration of the champion's scores, shows it, and takes or undoes it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from songpop import adjustments, ledger, queries
from songpop.errors import ModelError
from songpop.run import Run

if TYPE_CHECKING:
    from songpop.scoring.recalibration import Proposal


@dataclass(frozen=True)
class RecalibrateResult:
    """What a recalibration would do, or has done.

    Attributes:
        proposal: the map, and how scores did without and with it; measured beside the scores as the model gives them.
        n_immature: tracks left out, as their popularity was seen too soon after the release.
        replaced_id: the recalibration in force before; it is replaced, and not built upon.
        is_taken: whether scores are adjusted by it from now on.
    """

    recalibration_id: str
    model_version: str
    proposal: "Proposal"
    n_immature: int
    replaced_id: str | None
    is_taken: bool

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "recalibration_id": self.recalibration_id,
            "model_version": self.model_version,
            "is_taken": self.is_taken,
            "replaced_id": self.replaced_id,
            "n_immature": self.n_immature,
            **self.proposal.to_document(),
        }


def recalibrate(run: Run, *, apply: bool) -> RecalibrateResult:
    """Fit a recalibration of the champion on scored tracks whose popularity was seen since, and take it where told to.

    Raises:
        ModelError: there is no champion, there are too few such tracks, or it is to be taken and does not surely help.
    """
    from songpop.scoring import recalibration

    with run.warehouse() as con:
        champion = ledger.champion_version(con)
        if champion is None:
            raise ModelError("Recalibrating must have a champion, however none was trained yet. Run `songpop train`.")
        run.build(con)
        every = queries.read_frame(con, "reports", "recalibration_pairs", model_version=champion)
        pairs = every.filter(recalibration.is_mature())
        present = adjustments.read_recalibration(con)
        named = {"recalibration_id": run.run_id, "model_version": champion, "taken_at": run.clock()}
        proposal = recalibration.propose(pairs, named, seed=run.settings.seed)
        if apply:
            if not proposal.helps:
                raise ModelError(f"A recalibration must surely help to be taken, however: {proposal.reason}")
            ledger.save_recalibration(con, _taken_row(run, proposal))
            run.build(con)
    replaced = present.recalibration_id if present else None
    return RecalibrateResult(run.run_id, champion, proposal, every.height - pairs.height, replaced, apply)


def undo(run: Run) -> adjustments.Recalibration:
    """Undo the recalibration in force, and return it.

    Raises:
        ModelError: there is none.
    """
    with run.warehouse() as con:
        present = adjustments.read_recalibration(con)
        if present is None:
            raise ModelError("A recalibration must be in force to be undone, however there is none.")
        undone: dict[str, Any] = {"recalibration_id": present.recalibration_id, "model_version": present.model_version}
        undone |= {"run_id": run.run_id, "decision": "undone", "decided_at": run.clock()}
        ledger.save_recalibration(con, undone)
        run.build(con)
    return present


def _taken_row(run: Run, proposal: "Proposal") -> dict[str, Any]:
    fitted = proposal.map
    row: dict[str, Any] = {name: getattr(fitted, name) for name in vars(fitted) if name != "taken_at"}
    for name, figures in (("before", proposal.before), ("after", proposal.after)):
        row |= {f"mae_{name}": figures.mae, f"bias_{name}": figures.bias, f"spearman_{name}": figures.spearman}
        row |= {f"coverage_{name}": figures.coverage_90, f"width_{name}": figures.width_90}
    return row | {
        "run_id": run.run_id,
        "decision": "taken",
        "reason": proposal.reason,
        "decided_at": fitted.taken_at,
    }
