"""Scaling of encoded rows for the network, in numpy, so that scoring needs no TensorFlow."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from songpop.features import FEATURES, EncodedRows
from songpop.features.encoder import NUMERIC

N_PIECES = 8
# Only numbers are cut into pieces: a flag has nothing between its values.
CUT = tuple(j for j, name in enumerate(NUMERIC) if name in {f.name for f in FEATURES if f.kind == "numeric"})
# Scaled values beyond this are outliers; they are bent, not cut, so their order stays.
SOFT_LIMIT = 3.0
# The scale of a feature that has one value in training: whatever it is later says nothing, and becomes 0.
CONSTANT = 1e12


@dataclass(frozen=True)
class Scaler:
    """Robust scaling of each numeric feature.

    Args:
        center: median, shape (d,).
        scale: half the range from the 25th to the 75th percentile, or the standard deviation, shape (d,).
        knots: ends of the pieces of the piecewise-linear embedding on scaled values, shape (d, N_PIECES + 1).
    """

    center: np.ndarray
    scale: np.ndarray
    knots: np.ndarray

    @classmethod
    def fit(cls, numeric: np.ndarray) -> "Scaler":
        """Fit on encoded training rows, shape (n, d)."""
        d = numeric.shape[1]
        center, scale = np.zeros(d, np.float32), np.ones(d, np.float32)
        for j in range(d):
            known = numeric[~np.isnan(numeric[:, j]), j].astype(np.float64)
            if len(known) == 0:
                continue
            low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
            center[j] = middle if high > low else known.mean()
            spread = (high - low) / 1.349
            scale[j] = CONSTANT if known.min() == known.max() else max(spread if spread > 0 else known.std(), 1e-6)
        half = cls(center, scale, np.zeros((d, N_PIECES + 1), np.float32))
        levels = np.linspace(0, 1, N_PIECES + 1)
        knots = np.stack(
            [_knots(column[~np.isnan(numeric[:, j])], levels) for j, column in enumerate(half.apply(numeric).T)]
        )
        return cls(center, scale, knots.astype(np.float32))

    def apply(self, numeric: np.ndarray) -> np.ndarray:
        """Scale rows, shape (n, d) float32; the unknown becomes 0, the middle."""
        x = (numeric - self.center) / self.scale
        x = np.nan_to_num(x, nan=0.0, posinf=1e3, neginf=-1e3)
        scaled: np.ndarray = (x / np.sqrt(1 + (x / SOFT_LIMIT) ** 2)).astype(np.float32)
        return scaled

    def to_json(self) -> dict[str, Any]:
        """Turn into plain lists by feature name."""
        return {
            name: {"center": float(self.center[j]), "scale": float(self.scale[j]), "knots": self.knots[j].tolist()}
            for j, name in enumerate(NUMERIC)
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Scaler":
        """Read what `to_json` gave."""
        parts = [
            np.asarray([document[name][part] for name in NUMERIC], np.float32) for part in ("center", "scale", "knots")
        ]
        return cls(*parts)


def _knots(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Place knots at quantiles; pieces of no width are spread a little, so that each has a slope."""
    if len(values) == 0:
        return np.linspace(-1, 1, len(levels))
    knots = np.quantile(values, levels)
    distinct = np.unique(knots)
    if len(distinct) < 3:
        return np.linspace(distinct[0] - 0.5, distinct[-1] + 0.5, len(levels))
    spread: np.ndarray = np.interp(np.linspace(0, len(distinct) - 1, len(levels)), np.arange(len(distinct)), distinct)
    return spread


def network_inputs(rows: EncodedRows, scaler: Scaler) -> dict[str, np.ndarray]:
    """Prepare the network's named inputs: `numeric` (n, d) float32, `categories` (n, c) int32."""
    return {"numeric": scaler.apply(rows.numeric), "categories": rows.categories}
