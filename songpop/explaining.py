"""What pushed a score up and down: contributions of feature groups that add up to the score exactly."""

from typing import Any, Protocol

import numpy as np
import polars as pl

from songpop.estimators.distribution import score_of
from songpop.features import FEATURES, GROUPS, EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

# Orders in which the groups are switched on, each with its reverse; fixed, so that an explanation never changes.
N_ORDERS = 4
_ORDER_SEED = 20
_SHOWN = 3
_LEAST_SHOWN = 0.3


class Distributing(Protocol):
    """Anything that predicts probabilities of 0..100 for encoded rows."""

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""


def reference_row(rows: EncodedRows) -> dict[str, Any]:
    """Describe a typical track: the median of each number, no particular category."""
    known = ~np.isnan(rows.numeric)
    filled = np.where(known.mean(0) > 0.5, np.nanmedian(np.where(known.any(0), rows.numeric, 0.0), axis=0), np.nan)
    return {name: None if np.isnan(value) else float(value) for name, value in zip(NUMERIC, filled, strict=True)}


def contributions(model: Distributing, rows: EncodedRows, reference: dict[str, Any]) -> tuple[np.ndarray, float]:
    """Share each score's distance from the reference score out among the feature groups.

    Groups are switched from the reference's values to the track's in a few fixed orders and their reverses; a
    group's contribution is its mean step, so the contributions of a row add up to its score minus the reference's.

    Returns:
        Contributions, shape (n, len(GROUPS)), and the reference score.

    Source: sampled Shapley values, Štrumbelj and Kononenko 2014, with antithetic orders.
    """
    base = EncodedRows(
        np.asarray([[np.nan if reference[name] is None else reference[name] for name in NUMERIC]], np.float32),
        np.zeros((1, len(CATEGORIES)), np.int32),
    )
    reference_score = float(score_of(model.predict_distribution(base))[0])
    group_of = {feature.name: GROUPS.index(feature.group) for feature in FEATURES}
    numeric_group = np.array([group_of[name] for name in NUMERIC])
    category_group = np.array([group_of[name] for name in CATEGORIES])
    seen: dict[frozenset[int], np.ndarray] = {frozenset(): np.full(len(rows), reference_score)}

    def score_with(groups: frozenset[int]) -> np.ndarray:
        if groups not in seen:
            own = list(groups)
            mixed = EncodedRows(
                np.where(np.isin(numeric_group, own), rows.numeric, base.numeric),
                np.where(np.isin(category_group, own), rows.categories, base.categories),
            )
            seen[groups] = score_of(model.predict_distribution(mixed))
        return seen[groups]

    total = np.zeros((len(rows), len(GROUPS)))
    orders = [np.random.default_rng(_ORDER_SEED + i).permutation(len(GROUPS)) for i in range(N_ORDERS // 2)]
    orders += [order[::-1] for order in orders]
    for order in orders:
        for position, group in enumerate(order):
            before = frozenset(order[:position].tolist())
            total[:, group] += score_with(before | {int(group)}) - score_with(before)
    return total / len(orders), reference_score


def drivers(table: np.ndarray, rows: EncodedRows) -> pl.Series:
    """Write the largest contributions of each row as words, like "artist's record +8.1, title (remix) -2.4"."""
    flags = [j for j, name in enumerate(NUMERIC) if name.startswith(("is_", "has_"))]
    group_of = {feature.name: feature.group for feature in FEATURES}
    texts = []
    for row, values in enumerate(table):
        parts = []
        for group in np.argsort(-np.abs(values), kind="stable")[:_SHOWN]:
            if abs(values[group]) >= _LEAST_SHOWN:
                parts.append(
                    f"{GROUPS[group]}{_remark(GROUPS[group], rows.numeric[row], flags, group_of)} {values[group]:+.1f}"
                )
        texts.append(", ".join(parts) or "close to a typical track")
    return pl.Series("drivers", texts, dtype=pl.String)


def _remark(group: str, numeric: np.ndarray, flags: list[int], group_of: dict[str, str]) -> str:
    """Name what a title or album is, or what is unknown, where the group alone would not say."""
    if group not in ("title", "album"):
        missing = {"artist's record": "is_artist_new", "artist's popularity": "is_artist_popularity_missing"}
        flag = missing.get(group)
        unknown = flag is not None and numeric[NUMERIC.index(flag)] == 1
        return (" (new artist)" if group == "artist's record" else " (unknown)") if unknown else ""
    words = [
        NUMERIC[j].split("_", 1)[1].replace("_", " ")
        for j in flags
        if group_of[NUMERIC[j]] == group and numeric[j] == 1 and NUMERIC[j].startswith("is_")
    ]
    return f" ({', '.join(words[:2])})" if words else ""
