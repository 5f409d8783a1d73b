"""What ships: the blend where it is surely better by the split of its period, the network elsewhere."""

from typing import Any

from songpop.training.shipping import decide_shipping, ships_blend


def _difference(split: str, metric: str, low: float, high: float) -> dict[str, Any]:
    """The network's metric less the blend's."""
    pair = {"family": "keras", "against": "blend", "difference": (low + high) / 2}
    return {"split": split, "metric": metric, **pair, "low": low, "high": high}


def test_a_surely_better_blend_ships_in_its_period_alone() -> None:
    found = decide_shipping(
        [
            _difference("artist", "mae", 0.02, 0.1),
            _difference("artist", "spearman", -0.01, -0.001),
            _difference("temporal", "mae", -0.3, -0.1),
        ]
    )

    assert [(one.period, one.family) for one in found] == [("known years", "blend"), ("to come", "keras")]
    assert ships_blend(found, "known years")
    assert not ships_blend(found, "to come")
    assert "-0.06 points (90 % of resamples -0.10 to -0.02): it is surely better" in found[0].reason
    assert "+0.20 points (90 % of resamples +0.10 to +0.30): it is not surely better" in found[1].reason


def test_a_blend_that_is_not_surely_better_or_surely_worse_in_something_is_refused() -> None:
    unsure = decide_shipping([_difference("artist", "mae", -0.01, 0.1)])
    worse_order = decide_shipping(
        [_difference("artist", "mae", 0.02, 0.1), _difference("artist", "spearman", 0.001, 0.01)]
    )
    worse_spread = decide_shipping([_difference("artist", "mae", 0.02, 0.1), _difference("artist", "crps", -0.2, -0.1)])

    assert [found[0].family for found in (unsure, worse_order, worse_spread)] == ["keras"] * 3
    assert "surely worse in spearman" in worse_order[0].reason
    assert "surely worse in crps" in worse_spread[0].reason


def test_without_a_contest_the_network_ships() -> None:
    found = decide_shipping([])
    assert [one.family for one in found] == ["keras", "keras"]
    assert "too few tracks" in found[0].reason
