"""What becomes of a fitted version: promoted or kept, by hand or rolled back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from songpop import ledger
from songpop.errors import ModelError
from songpop.run import Run

if TYPE_CHECKING:
    from songpop.training.promotion import Decision

_SHOWN_VERSIONS = 10


@dataclass(frozen=True)
class PromoteResult:
    """What a promotion by hand gave: who scores from now on, who did before, `promoted` or `rolled back`, and why."""

    champion: str
    previous_champion: str | None
    decision: str
    reason: str


def promotion_row(decision: "Decision") -> dict[str, object]:
    """Turn a decision into columns of ledger.promotions."""
    row: dict[str, object] = {
        "decision": decision.decision,
        "challenger": decision.challenger,
        "champion": decision.champion,
        "reason": decision.reason,
        "basis": decision.basis,
    }
    if difference := decision.difference:
        row |= {"n_rows": difference.n, "mae_difference": difference.value}
        row |= {"mae_low": difference.low, "mae_high": difference.high}
    return row


def save_promotion(con: duckdb.DuckDBPyConnection, run: Run, *, previous: str | None, **row: object) -> None:
    """Append a decision of this run: the champion before it, and the further columns of ledger.promotions."""
    number = con.execute("select count(*) from ledger.promotions where run_id = ?", [run.run_id]).fetchall()[0][0]
    ledger.save_promotion(
        con,
        row
        | {
            "promotion_id": f"{run.run_id}-{number + 1}",
            "run_id": run.run_id,
            "previous_champion": previous,
            "decided_at": run.clock(),
        },
    )


def roll_back(con: duckdb.DuckDBPyConnection, run: Run, reason: str) -> None:
    """Give each champion that this run promoted back to the one before it, the newest first."""
    rows = con.execute(
        "select champion, previous_champion from ledger.promotions where run_id = ? and decision = 'promoted' "
        "and previous_champion is not null order by decided_at desc, promotion_id desc",
        [run.run_id],
    ).fetchall()
    why = f"Its scores were not kept: {reason}"
    for bad, previous in rows:
        save_promotion(con, run, previous=bad, decision="rolled back", challenger=bad, champion=previous, reason=why)
    if rows:
        run.build(con)


def promote(run: Run, model_version: str, reason: str | None = None) -> PromoteResult:
    """Let a registered version score from now on, by hand.

    It is `rolled back` to where it was champion before, else `promoted`. A version that is rolled back from is not
    promoted again by training that gives the same weights.

    Args:
        run: of the command.
        model_version: the version, as in ledger.model_versions.
        reason: why, for the ledger.

    Raises:
        ModelError: it is not registered, is the champion already, or can't score.
    """
    from songpop.scoring import model

    with run.warehouse() as con:
        champion = ledger.champion_version(con)
        _refuse_unknown(con, model_version)
        if model_version == champion:
            raise ModelError(f"A version to promote must not be the champion, however {model_version} is it already.")
        model.load_model(run.settings.models_dir / model_version)
        is_return = con.execute(
            "select count(*) > 0 from ledger.promotions where champion = ?", [model_version]
        ).fetchall()[0][0]
        decision, challenger = ("rolled back", str(champion)) if is_return else ("promoted", model_version)
        why = f"{model_version} scores from now on, by hand, in place of {champion}: {reason or 'no reason given'}"
        save_promotion(
            con,
            run,
            previous=champion,
            decision=decision,
            challenger=challenger,
            champion=model_version,
            reason=why,
        )
        run.build(con)
    return PromoteResult(model_version, champion, decision, why)


def _refuse_unknown(con: duckdb.DuckDBPyConnection, model_version: str) -> None:
    known = con.execute("select model_version from ledger.model_versions order by registered_at desc").fetchall()
    names = [name for (name,) in known]
    if model_version not in names:
        raise ModelError(
            f"A version to promote must be registered, however '{model_version}' is not. There is: "
            f"{', '.join(names[:_SHOWN_VERSIONS]) or 'none yet'}."
        )


def rolled_back_weights(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the hashes of weights whose newest decision is that they were rolled back from."""
    rows = con.execute(
        "select weights_sha256 from ledger.promotions as promotions inner join ledger.model_versions as versions "
        "on promotions.challenger = versions.model_version "
        "qualify row_number() over (partition by weights_sha256 order by decided_at desc, promotion_id desc) = 1 "
        "and decision = 'rolled back'"
    ).fetchall()
    return [weights for (weights,) in rows]
