"""The pick of each album: whether it is clear, and how often it was the best song."""

from typing import Any, TypeVar

import numpy as np

# A single is clear when its chance of being the album's best is at least this, and this many times the next one's.
CLEAR_CHANCE = 0.5
CLEAR_LEAD = 1.5
# A number, an array or a Polars expression.
Chance = TypeVar("Chance", bound=Any)


def is_clear(first: Chance, second: Chance) -> Chance:
    """Say whether a pick is clear, from its chance to be the album's best and that of the next song."""
    clear: Chance = (first >= CLEAR_CHANCE) & (first >= CLEAR_LEAD * second)
    return clear


def judge_picks(observed: np.ndarray, order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Judge the pick of each group, its row highest in `order`: hit, chance and regret, shape (g, 3).

    A hit is a pick as popular as the best one; chance is the hit rate of a random pick; regret is the best one's
    popularity less the pick's. Rows that tie for the pick share it.

    Args:
        observed: popularity, shape (n,).
        order: shape (n,).
        group: number of each row's group, shape (n,), ascending from 0 without a gap.
    """
    if len(group) == 0:
        return np.zeros((0, 3))
    first = _first_rows(group)
    best = np.maximum.reduceat(observed, first)
    is_pick = order == np.maximum.reduceat(order, first)[group]
    is_best = observed == best[group]

    def mean(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values * rows, first) / np.add.reduceat(rows.astype(float), first)

    everyone = np.ones(len(observed))
    return np.stack([mean(is_best, is_pick), mean(is_best, everyone), best - mean(observed, is_pick)], axis=1)


def measure_hits(chance: np.ndarray, observed: np.ndarray, group: np.ndarray) -> dict[str, float | int | None]:
    """Measure how often the song of the highest chance was as popular as its album's best, and where that was clear.

    Args:
        chance: to be the album's best, shape (n,); of equal ones the earlier row is the pick.
        observed: popularity, shape (n,).
        group: number of each row's album, shape (n,), from 0 without a gap; each has two rows or more.

    Returns:
        `n_albums, right_share, chance_share, n_clear, clear_right_share`; shares are None where there is nothing.
    """
    rows = np.lexsort((-chance, group))
    chance, observed, group = chance[rows], observed[rows], group[rows]
    hit, by_chance, _ = judge_picks(observed, -np.arange(len(rows)), group).T
    first = _first_rows(group)
    clear = hit[is_clear(chance[first], chance[first + 1])]
    return {
        "n_albums": len(hit),
        "right_share": _mean(hit),
        "chance_share": _mean(by_chance),
        "n_clear": len(clear),
        "clear_right_share": _mean(clear),
    }


def _first_rows(group: np.ndarray) -> np.ndarray:
    return np.searchsorted(group, np.arange(group.max(initial=-1) + 1))


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
