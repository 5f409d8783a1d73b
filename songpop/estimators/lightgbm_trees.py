"""The benchmark: LightGBM on the same encoded rows, fitted for absolute error, always shown beside the champion."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import BIN_COLUMNS, N_VALUES, PREDICTION_COLUMNS, bin_of
from songpop.estimators.dead_ids import DeadIds
from songpop.estimators.distribution import interval_of, mean_of, quantile
from songpop.estimators.margins import Margins, Unseen, unknown_parts
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

# What all settings share; tried on validation folds inside training parts of both real samples.
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "path_smooth": 10.0,
    "cat_smooth": 20.0,
    "max_cat_threshold": 16,
    "metric": "l1",
    "alpha": 10.0,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
}
# The tuning budget: each is fitted twice, judged by absolute error on rows left out by chance and on the newest ones.
TRIES: tuple[dict[str, Any], ...] = (
    {"objective": "l1"},
    {"objective": "huber"},
)
MAX_TREES = 1000
MAX_CLASS_TREES = 200
_PATIENCE = 40
# A fit on all rows, of which there are more, takes so many times the trees.
MORE_TREES = 1.1
VALIDATION_SHARE = 0.15
# The quantiles of its distribution besides the median; between them it is linear.
LEVELS = (0.05, 0.25, 0.75, 0.95)
# More rows than these are not fitted on to choose settings and numbers of trees.
_MOST_TRIED = 100_000
# From so many rows on, trees learn in larger steps.
_MANY_ROWS = 200_000
# Below so many rows threads wait for each other longer than they work, the more so beside another busy process.
ONE_THREAD_ROWS = 30_000
_FILE, _BETWEEN = "benchmark.json", "\n# next booster\n"
# Scores of known years, of releases to come, and of tracks of which something is not known.
_N_SCORES = 3
_TREES_FILE, _BINS_FILE = "benchmark.txt", "benchmark_bins.txt"


@dataclass(frozen=True)
class _Data:
    """Rows to fit on and what is held back of them.

    Args:
        x: shape (n, d).
        y: popularity, shape (n,).
        fit, judged: numbers of rows; no track is in both.
    """

    x: np.ndarray
    y: np.ndarray
    fit: np.ndarray
    judged: np.ndarray


class LightGBMTrees:
    """Boosted trees: a score, quantiles around it, and four classes for the bins.

    Objective and number of trees of the score are chosen by its absolute error on rows left out, once by chance and
    once the newest: the first choice scores tracks of the years it learned from, the second releases to come, for
    what is best within known years need not be best beyond them. A third scores tracks of which something is not
    known: only it learns from partly blank copies too, which cost the others a little. The distribution is that of the
    quantiles, moved so that its median is the score. All are then fitted again on all their rows.
    """

    family = "lightgbm"
    label = "LightGBM (benchmark)"
    packages: tuple[str, ...] = ("lightgbm",)

    def __init__(self, tries: Sequence[dict[str, Any]] = TRIES, most_trees: int = MAX_TREES) -> None:
        """Make an unfitted benchmark that may try so many settings, of so many trees each."""
        self.tries, self.most_trees = tries, most_trees
        # the scores of _N_SCORES, then LEVELS
        self.trees: list[Any] = []
        self.bin_trees: Any = None
        self.margins = Margins.usual(1)
        self.last_time = float("inf")
        self.dead: DeadIds | None = None
        self.tuning: dict[str, Any] = {}

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int,
        threads: int,
        source: np.ndarray | None = None,
        dead: DeadIds | None = None,
    ) -> "LightGBMTrees":
        """Fit on encoded training rows, shape (n,), as every network is; deterministic for a seed."""
        import lightgbm

        started = time.perf_counter()
        source = np.arange(len(rows)) if source is None else source
        own = rows.take(np.flatnonzero(source == np.arange(len(rows))))
        x, times = _matrix(rows), own.numeric[:, NUMERIC.index("release_time")]
        rate = PARAMETERS["learning_rate"] * (1 if len(x) < _MANY_ROWS else 2)
        base = PARAMETERS | {"seed": seed, "num_threads": _threads(len(x), threads), "learning_rate": rate}
        held = _held_back(times, seed)
        parts = {name: _Data(x, popularity, *_without(mask, source, seed)) for name, mask in held.items()}
        chosen = {}
        for name, part in parts.items():
            plain = _Data(x, popularity, part.fit[part.fit < len(own)], part.judged)
            tried = [_try(lightgbm, base | settings, plain, self.most_trees) for settings in self.tries]
            chosen[name] = min(tried, key=lambda one: one["mae"])
            self.tuning[name] = [{key: one[key] for key in ("settings", "mae", "n_trees")} for one in tried]
        is_dated = (own.numeric[:, NUMERIC.index("is_release_date_missing")] == 0).mean() >= 0.5
        judged = parts["newest" if is_dated else "chance"]
        level = [base | {"objective": "quantile", "alpha": level, "metric": "quantile"} for level in LEVELS]
        around = [_try(lightgbm, settings, judged, MAX_TREES) for settings in level]
        of_partial = _try(lightgbm, base | {"objective": "l1"}, judged, self.most_trees)
        classes = base | {"objective": "multiclass", "num_class": len(BIN_COLUMNS), "num_leaves": 7}
        classes |= {"metric": "multi_logloss"}
        bins = bin_of(popularity)
        of_bins = _try(lightgbm, classes, _Data(x, bins, judged.fit, judged.judged), MAX_CLASS_TREES)

        of_whole = chosen["newest" if is_dated else "chance"]

        def unseen(numbers: np.ndarray, whole: np.ndarray | None = None) -> Unseen:
            middle = of_whole if whole is None else of_partial
            pmf = _distribution(*(one["booster"].predict(x[numbers]) for one in (middle, *around)))
            return Unseen(pmf, popularity[numbers], rows.take(numbers), whole)

        copies = np.flatnonzero(np.isin(source, judged.judged) & (source != np.arange(len(rows))))
        n_genres = int(rows.categories[:, CATEGORIES.index("genre")].max(initial=0)) + 1
        partial = unseen(copies, unseen(source[copies]).pmf) if len(copies) else None
        self.margins = Margins.fit(unseen(judged.judged), n_genres, partial)
        tracks, everything = np.arange(len(own)), np.arange(len(x))
        self.trees = [
            lightgbm.train(base | one["settings"], _data(lightgbm, x[numbers], popularity[numbers]), one["n_trees"])
            for one, numbers in [
                *((chosen[name], tracks) for name in ("chance", "newest")),
                *((one, everything) for one in (of_partial, *around)),
            ]
        ]
        self.bin_trees = lightgbm.train(classes, _data(lightgbm, x, bins), of_bins["n_trees"])
        self.last_time, self.dead = float(np.nanmax(times, initial=-np.inf)), dead
        self.tuning["seconds"] = round(time.perf_counter() - started, 1)
        return self

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""
        if len(rows) == 0:
            return np.zeros((0, N_VALUES))
        x = _matrix(rows)
        within, to_come, partial = (booster.predict(x) for booster in self.trees[:_N_SCORES])
        is_to_come = rows.numeric[:, NUMERIC.index("release_time")] >= self.last_time
        score = np.where(unknown_parts(rows) > 0, partial, np.where(is_to_come, to_come, within))
        pmf = _distribution(score, *(booster.predict(x) for booster in self.trees[_N_SCORES:]))
        return pmf if self.dead is None else self.dead.mix(pmf, rows)

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive `PREDICTION_COLUMNS` from distributions, shape (n, 101); the bins have trees of their own."""
        if len(rows) == 0:
            return pl.DataFrame(schema=dict.fromkeys(PREDICTION_COLUMNS, pl.Float64))
        score = quantile(pmf, 0.5)
        low, high = interval_of(pmf, self.margins.of(rows))
        bins = np.asarray(self.bin_trees.predict(_matrix(rows))).reshape(len(rows), len(BIN_COLUMNS))
        if self.dead is not None:
            bins = self.dead.mix_bins(bins, rows)
        ends = {"score_low": np.minimum(low, score), "score_high": np.maximum(high, score)}
        columns = {"score": score, "score_mean": mean_of(pmf), **ends}
        return pl.DataFrame(columns | {name: bins[:, j] for j, name in enumerate(BIN_COLUMNS)})

    def importance(self) -> dict[str, float]:
        """Sum the gain of each feature in the score of releases to come, as shares of all."""
        gain = self.trees[1].feature_importance("gain").astype(float)
        return dict(zip((*NUMERIC, *CATEGORIES), (gain / max(gain.sum(), 1e-9)).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write benchmark.txt and benchmark_bins.txt (LightGBM's text format) and benchmark.json."""
        (folder / _TREES_FILE).write_text(_BETWEEN.join(booster.model_to_string() for booster in self.trees))
        self.bin_trees.save_model(str(folder / _BINS_FILE))
        document = {"margins": self.margins.to_json(), "last_time": self.last_time, "levels": LEVELS}
        document |= {"dead_ids": None if self.dead is None else self.dead.to_json(), "tuning": self.tuning}
        (folder / _FILE).write_text(json.dumps(document) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "LightGBMTrees":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or can't be read.
        """
        import lightgbm

        trees = cls()
        with model_folder.reading(folder, _FILE, _TREES_FILE, _BINS_FILE):
            document = model_folder.read_json(folder, _FILE)
            trees.margins, trees.last_time = Margins.from_json(document["margins"]), document["last_time"]
            trees.dead, trees.tuning = DeadIds.from_json(document["dead_ids"]), document["tuning"]
            trees.trees = _read_boosters(folder / _TREES_FILE, len(LEVELS) + _N_SCORES)
            trees.bin_trees = lightgbm.Booster(model_str=_whole((folder / _BINS_FILE).read_text(), _BINS_FILE))
        return trees


def _held_back(times: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Choose what is judged of the tracks, by chance and the newest: two masks of shape (n,)."""
    n = len(times)
    chance = np.random.default_rng(seed).random(n) < VALIDATION_SHARE
    if chance.sum() < 20:
        chance = np.arange(n) % 2 == 0
    known = ~np.isnan(times)
    newest = known & (times >= np.quantile(times[known], 1 - VALIDATION_SHARE)) if known.any() else chance
    return {"chance": chance, "newest": newest if 20 <= newest.sum() <= n / 2 else chance}


def _without(held: np.ndarray, source: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the rows to fit on and to judge: the copies of a track that is judged are neither."""
    fit, judged = np.flatnonzero(~held[source]), np.flatnonzero(held)
    if len(fit) > _MOST_TRIED:
        draw = np.random.default_rng(seed)
        fit = np.sort(draw.choice(fit, _MOST_TRIED, replace=False))
        judged = np.sort(draw.choice(judged, min(len(judged), _MOST_TRIED // 4), replace=False))
    return fit, judged


def _try(lightgbm: Any, parameters: dict[str, Any], data: _Data, most: int) -> dict[str, Any]:
    """Fit until the rows judged get no better; `n_trees` is for a fit on all rows."""
    fit, judged = (_data(lightgbm, data.x[rows], data.y[rows]) for rows in (data.fit, data.judged))
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    booster = lightgbm.train(parameters, fit, most, valid_sets=[judged], callbacks=[stop])
    settings = {name: value for name, value in parameters.items() if PARAMETERS.get(name) != value}
    settings = {name: value for name, value in settings.items() if name not in ("seed", "num_threads")}
    found = {"booster": booster, "n_trees": max(round(MORE_TREES * booster.best_iteration), 10), "settings": settings}
    if parameters["metric"] == "l1":
        found["mae"] = float(np.abs(booster.predict(data.x[data.judged]) - data.y[data.judged]).mean())
    return found


def _distribution(middle: np.ndarray, *quantiles: np.ndarray) -> np.ndarray:
    """Make distributions over 0..100, shape (n, 101), of medians, shape (n,), and the quantiles of LEVELS."""
    at = np.searchsorted(LEVELS, 0.5)
    knots = np.stack([*quantiles[:at], middle, *quantiles[at:]], axis=1)
    # quantiles that cross are put right from the median outwards
    knots[:, :at] = np.minimum.accumulate(knots[:, at::-1], axis=1)[:, :0:-1]
    knots[:, at:] = np.maximum.accumulate(knots[:, at:], axis=1)
    levels = np.array([0.0, *LEVELS[:at], 0.5, *LEVELS[at:], 1.0])
    ends = 2 * knots[:, [0, -1]] - knots[:, [1, -2]]
    knots = np.concatenate(
        [np.minimum(ends[:, :1], knots[:, :1] - 1), knots, np.maximum(ends[:, 1:], knots[:, -1:] + 1)], 1
    )
    knots += np.arange(knots.shape[1]) * 1e-6
    edges = np.arange(N_VALUES - 1) + 0.5
    cdf = np.zeros((len(knots), N_VALUES + 1))
    cdf[:, -1] = 1.0
    for left, right, low, high in zip(knots.T[:-1], knots.T[1:], levels[:-1], levels[1:], strict=True):
        inside = (edges - left[:, None]) / (right - left)[:, None]
        cdf[:, 1:-1] += (high - low) * np.clip(inside, 0.0, 1.0)
    return np.diff(cdf, axis=1)


def _read_boosters(path: Path, n: int) -> list[Any]:
    """Read boosters that stand one after the other in LightGBM's text format.

    Raises:
        ValueError: the file is cut or not of LightGBM, which ends the whole process on some such files.
    """
    import lightgbm

    texts = path.read_text().split(_BETWEEN)
    if len(texts) != n:
        raise ValueError(f"{path.name} is cut")
    return [lightgbm.Booster(model_str=_whole(text, path.name)) for text in texts]


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

    def shares(self, x: np.ndarray) -> np.ndarray:
        """Share the points out over the contrasts, shape (n, d); they add up to `predict` less what all rows have."""
        parts = [booster.predict(x, pred_contrib=True)[:, :-1] for booster in self.boosters]
        shares: np.ndarray = np.mean(parts, axis=0)
        return shares

    def save(self, path: Path) -> None:
        """Write LightGBM's text format, one booster after the other."""
        path.write_text(_BETWEEN.join(booster.model_to_string() for booster in self.boosters))

    @classmethod
    def load(cls, path: Path) -> "ContrastTrees":
        """Read what `save` wrote.

        Raises:
            ValueError: the file is cut or not of LightGBM.
        """
        return cls(_read_boosters(path, cls.N_SEEDS))
