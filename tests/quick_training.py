"""Training in a fraction of its time, for tests of what becomes of a model and not of how good it is."""

import pytest

from songpop.estimators import lightgbm_trees
from songpop.estimators.recipe import Recipe
from songpop.training import train

_RECIPE = Recipe(n_members=4, n_folds=4, width=32, epochs=12, batch=32)


def train_quickly(patch: pytest.MonkeyPatch, *, headline_seeds: int = 1) -> None:
    """Let small networks and few trees compete, over so many seeds where three are shipped.

    They still know more than the median does.
    """
    patch.setattr(train, "HEADLINE_SEEDS", headline_seeds)
    patch.setattr(Recipe, "for_rows", lambda n_rows: _RECIPE)
    few = lightgbm_trees.TRIES[:1], 100
    patch.setattr(lightgbm_trees.LightGBMTrees.__init__, "__defaults__", few)
    patch.setattr(lightgbm_trees, "MAX_TREES", 100)
    patch.setattr(lightgbm_trees, "MAX_CLASS_TREES", 40)
