"""The peer made of trees: the benchmark with a larger budget for its settings."""

from typing import Any

import numpy as np
import polars as pl

from songpop.estimators.lightgbm_trees import TRIES, LightGBMTrees
from songpop.evaluation.contest import Fold, fit_and_predict


def tuned_lightgbm(fold: Fold, *, n_tries: int, most_trees: int) -> pl.DataFrame:
    """Give the benchmark a larger budget: settings drawn at random beside its own, and more trees each.

    They are judged as the benchmark judges its own, on parts of the training rows; the test part takes no part.
    """
    return fit_and_predict(LightGBMTrees(_tries(n_tries, fold.seed), most_trees), fold)


def _tries(n: int, seed: int) -> list[dict[str, Any]]:
    """Draw settings; the first are those that are shipped."""
    draw = np.random.default_rng(seed)
    found = list(TRIES[:n])
    for number in range(len(found), n):
        settings = {
            "objective": ("l1", "huber", "regression")[number % 3],
            "num_leaves": int(draw.choice([7, 11, 15, 23, 31, 47])),
            "learning_rate": float(draw.choice([0.03, 0.05, 0.08])),
            "min_data_in_leaf": int(draw.choice([10, 20, 40, 80])),
            "lambda_l2": float(10 ** draw.uniform(-1, 1.7)),
            "feature_fraction": float(draw.uniform(0.3, 0.9)),
            "bagging_fraction": float(draw.uniform(0.6, 1.0)),
            "path_smooth": float(draw.choice([0, 5, 20])),
            "cat_smooth": float(draw.choice([10, 30, 80])),
        }
        found.append(settings)
    return found
