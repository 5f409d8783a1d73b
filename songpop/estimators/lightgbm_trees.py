"""The benchmark: LightGBM on the same encoded rows, always fitted, always shown beside the champion."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import BIN_COLUMNS, COVERAGE, bin_of
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

# Tried on validation folds inside training parts of both real samples; deeper trees and slower rates gave no more.
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "max_cat_threshold": 16,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
}
MAX_TREES = 600
MAX_CLASS_TREES = 200
VALIDATION_SHARE = 0.15
N_LEVELS = 10
# Below so many rows threads wait for each other longer than they work, the more so beside another busy process.
ONE_THREAD_ROWS = 30_000
_SCORE_FILE, _BINS_FILE, _WIDTHS_FILE = "benchmark.txt", "benchmark_bins.txt", "benchmark.json"
_BETWEEN = "\n# next booster\n"


class LightGBMTrees:
    """Boosted trees: a regression for the score, a four-class model for the bins, a conformal interval.

    The number of trees and the widths come from a validation part inside the training rows; then both models are
    fitted again on all of them.
    """

    family = "lightgbm"
    label = "LightGBM (benchmark)"
    packages: tuple[str, ...] = ("lightgbm",)

    def __init__(self) -> None:
        """Make an unfitted benchmark."""
        self.score_trees: Any = None
        self.bin_trees: Any = None
        self.cuts = np.zeros(0)
        self.widths = np.zeros((1, 2))

    def fit(self, rows: EncodedRows, popularity: np.ndarray, *, seed: int, threads: int) -> "LightGBMTrees":
        """Fit on encoded training rows, shape (n,); deterministic for a seed."""
        import lightgbm

        x = _matrix(rows)
        bins = bin_of(popularity)
        held = np.random.default_rng(seed).random(len(x)) < VALIDATION_SHARE
        if held.sum() < 20:
            held = np.arange(len(x)) % 2 == 0
        rate = 0.05 if len(x) < 200_000 else 0.1
        base = PARAMETERS | {"seed": seed, "num_threads": _threads(len(x), threads), "learning_rate": rate}
        score_parameters = base | {"objective": "regression"}
        bin_parameters = base | {"objective": "multiclass", "num_class": len(BIN_COLUMNS), "num_leaves": 7}
        trial, n_score = _stopped(lightgbm, score_parameters, (x, popularity), held, MAX_TREES)
        _, n_bin = _stopped(lightgbm, bin_parameters, (x, bins), held, MAX_CLASS_TREES)
        self._fit_widths(trial.predict(x[held], num_threads=threads), popularity[held])
        self.score_trees = lightgbm.train(score_parameters, _data(lightgbm, x, popularity), n_score)
        self.bin_trees = lightgbm.train(bin_parameters, _data(lightgbm, x, bins), n_bin)
        return self

    def _fit_widths(self, score: np.ndarray, popularity: np.ndarray) -> None:
        """Set the interval around a score from validation errors of rows with a similar score."""
        n_levels = max(min(N_LEVELS, len(score) // 100), 1)
        self.cuts = np.quantile(score, np.linspace(0, 1, n_levels + 1)[1:-1])
        level = np.digitize(score, self.cuts)
        error = popularity - score
        tails = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
        self.widths = np.stack([np.quantile(error[level == i], tails) for i in range(n_levels)])

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        x = _matrix(rows)
        raw = np.asarray(self.score_trees.predict(x))
        width = self.widths[np.digitize(raw, self.cuts)]
        score = np.clip(raw, 0, 100)
        low, high = np.clip(raw[:, None] + width, 0, 100).T
        bins = np.asarray(self.bin_trees.predict(x)).reshape(len(x), len(BIN_COLUMNS))
        ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
        # trees that minimise squares say the mean
        return pl.DataFrame(
            {"score": score, "score_mean": score, **ends} | {name: bins[:, j] for j, name in enumerate(BIN_COLUMNS)}
        )

    def importance(self) -> dict[str, float]:
        """Sum the gain of each feature, as shares of all."""
        gain = self.score_trees.feature_importance("gain").astype(float)
        return dict(zip((*NUMERIC, *CATEGORIES), (gain / max(gain.sum(), 1e-9)).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write benchmark.txt and benchmark_bins.txt (LightGBM's text format) and benchmark.json."""
        self.score_trees.save_model(str(folder / _SCORE_FILE))
        self.bin_trees.save_model(str(folder / _BINS_FILE))
        widths = {"cuts": self.cuts.tolist(), "widths": self.widths.tolist()}
        (folder / _WIDTHS_FILE).write_text(json.dumps(widths) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "LightGBMTrees":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or can't be read.
        """
        import lightgbm

        trees = cls()
        with model_folder.reading(folder, _WIDTHS_FILE, _SCORE_FILE, _BINS_FILE):
            widths = model_folder.read_json(folder, _WIDTHS_FILE)
            trees.cuts, trees.widths = np.asarray(widths["cuts"]), np.asarray(widths["widths"])
            trees.score_trees, trees.bin_trees = (
                lightgbm.Booster(model_str=_whole_text(folder / name)) for name in (_SCORE_FILE, _BINS_FILE)
            )
        return trees


def _whole_text(path: Path) -> str:
    """Read LightGBM's text format; LightGBM ends the whole process on some cut files, so they don't get that far."""
    return _whole(path.read_text(), path.name)


def _whole(text: str, name: str) -> str:
    if not (text.startswith("tree\n") and text.rstrip().rpartition("\n")[2].startswith("pandas_categorical:")):
        raise ValueError(f"{name} is cut or not of LightGBM")
    return text


def _threads(n_rows: int, threads: int) -> int:
    return threads if n_rows >= ONE_THREAD_ROWS else 1


def _matrix(rows: EncodedRows) -> np.ndarray:
    return np.concatenate([rows.numeric, rows.categories.astype(np.float32)], axis=1)


def _data(lightgbm: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """Wrap arrays; LightGBM takes the categories by their column number."""
    categories = list(range(len(NUMERIC), x.shape[1]))
    names = [*NUMERIC, *CATEGORIES]
    return lightgbm.Dataset(x, y, categorical_feature=categories, feature_name=names)


def _stopped(
    lightgbm: Any, parameters: dict[str, Any], data: tuple[np.ndarray, ...], held: np.ndarray, most: int
) -> tuple[Any, int]:
    """Fit on the rows not held and stop when those held get no better.

    Returns:
        The booster and the number of trees to fit on all rows.
    """
    valid = _data(lightgbm, *(part[held] for part in data))
    fit = _data(lightgbm, *(part[~held] for part in data))
    stop = lightgbm.early_stopping(40, verbose=False)
    booster = lightgbm.train(parameters, fit, most, valid_sets=[valid], callbacks=[stop])
    return booster, max(booster.best_iteration, 10)


class ContrastTrees:
    """Small trees that tell how far a song stands above the mean of its album; three seeds, averaged."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "objective": "huber", "alpha": 10.0, "learning_rate": 0.03, "num_leaves": 7, "min_data_in_leaf": 40,
        "feature_fraction": 0.3, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 20.0, "verbosity": -1,
        "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    N_TREES = 250
    N_SEEDS = 3

    def __init__(self, boosters: list[Any]) -> None:
        """Hold fitted boosters."""
        self.boosters = boosters

    @classmethod
    def fit(cls, x: np.ndarray, above: np.ndarray, weight: np.ndarray, *, seed: int, threads: int) -> "ContrastTrees":
        """Fit on contrasts of shape (n, d), points above the album's mean and weights, both of shape (n,)."""
        import lightgbm

        boosters = []
        for number in range(cls.N_SEEDS):
            parameters = cls.PARAMETERS | {"seed": seed + number, "num_threads": _threads(len(x), threads)}
            data = lightgbm.Dataset(x, above, weight=weight, params={"verbosity": -1})
            boosters.append(lightgbm.train(parameters, data, cls.N_TREES))
        return cls(boosters)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predict points above the album's mean, shape (n,)."""
        points: np.ndarray = np.mean([booster.predict(x) for booster in self.boosters], axis=0)
        return points

    def save(self, path: Path) -> None:
        """Write LightGBM's text format, one booster after the other."""
        path.write_text(_BETWEEN.join(booster.model_to_string() for booster in self.boosters))

    @classmethod
    def load(cls, path: Path) -> "ContrastTrees":
        """Read what `save` wrote.

        Raises:
            ValueError: the file is cut or not of LightGBM.
        """
        import lightgbm

        texts = path.read_text().split(_BETWEEN)
        if len(texts) != cls.N_SEEDS:
            raise ValueError(f"{path.name} is cut")
        return cls([lightgbm.Booster(model_str=_whole(text, path.name)) for text in texts])
