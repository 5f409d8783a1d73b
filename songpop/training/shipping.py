"""What a version ships: the network alone, or the blend where it is surely better, in each period by itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from songpop.estimators import blend
from songpop.evaluation import contestants

# Tracks of the known years are decided by artists that were left out, releases to come by the latest releases.
PERIODS = {"known years": "artist", "to come": "temporal"}
# Metrics of which less is better; of the others more is.
_ERRORS = ("mae", "crps")


@dataclass(frozen=True)
class Shipped:
    """What scores the tracks of one period, and why.

    Args:
        period: `known years` or `to come`.
        split: the split that decided.
        family: that of the network, or `blend`.
        reason: in a sentence.
    """

    period: str
    split: str
    family: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as metrics.json has it."""
        return asdict(self)


def decide_shipping(differences: Sequence[dict[str, Any]]) -> list[Shipped]:
    """Decide for each period: the blend ships where its error is surely lower and nothing else is surely worse.

    Args:
        differences: of a contest in which the network was compared with all others.
    """
    return [_decide(period, split, differences) for period, split in PERIODS.items()]


def ships_blend(shipped: Sequence[Shipped], period: str) -> bool:
    """Say whether the blend scores the tracks of a period."""
    return any(one.period == period and one.family == blend.FAMILY for one in shipped)


def _decide(period: str, split: str, differences: Sequence[dict[str, Any]]) -> Shipped:
    network = contestants.NETWORK.family
    found = {
        one["metric"]: one
        for one in differences
        if (one["split"], one["against"]) == (split, blend.FAMILY) and one["low"] is not None
    }
    if "mae" not in found:
        return Shipped(period, split, network, f"There were too few tracks to judge on the {split} split.")
    # the network less the blend
    gain = found["mae"]
    shown = f"{-gain['difference']:+.2f} points (90 % of resamples {-gain['high']:+.2f} to {-gain['low']:+.2f})"
    error = f"On the {split} split the blend's mean absolute error less the network's is {shown}"
    if gain["low"] <= 0:
        return Shipped(period, split, network, f"{error}: it is not surely better, so the network scores alone.")
    worse = [name for name, one in found.items() if (one["high"] < 0 if name in _ERRORS else one["low"] > 0)]
    if worse:
        return Shipped(period, split, network, f"{error}, but it is surely worse in {', '.join(worse)}.")
    return Shipped(period, split, blend.FAMILY, f"{error}: it is surely better and surely worse in nothing.")
