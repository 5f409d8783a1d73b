"""Who competes in every training, and which class opens the network of a version: another one takes another line here.

None of these modules imports TensorFlow or LightGBM before it fits or loads, so that scoring can read here as well.
"""

from songpop.estimators import Benchmark, Estimator, Network, blend
from songpop.estimators.baselines import GenreYearMean, MedianBaseline
from songpop.estimators.keras_net import KerasNet
from songpop.estimators.lightgbm_trees import LightGBMTrees

NETWORK: type[Network] = KerasNet
BENCHMARK: type[Benchmark] = LightGBMTrees
# What a version must beat to replace another.
FLOOR: type[Estimator] = MedianBaseline
BASELINES: tuple[type[Estimator], ...] = (GenreYearMean, FLOOR)


def labels() -> dict[str, str]:
    """Name each family for a person."""
    return {kind.family: kind.label for kind in (NETWORK, BENCHMARK, *BASELINES)} | {blend.FAMILY: blend.LABEL}
