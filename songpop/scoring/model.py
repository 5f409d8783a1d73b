"""A model version as scoring uses it, loaded from its folder without TensorFlow."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.adjustments import NONE, Adjustment
from songpop.estimators import DistributionPredictor, Predictor
from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.blend import Blend
from songpop.estimators.distribution import score_of
from songpop.evaluation import contestants
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.encoder import NUMERIC
from songpop.scoring.adjusting import adjust_predictions, map_scores

# The score and its interval as the scorer gave them, before any adjustment.
SHIPPED_COLUMNS = {"score": "shipped_score", "score_low": "shipped_low", "score_high": "shipped_high"}


@dataclass(frozen=True)
class ScoringModel:
    """A model version as scoring uses it.

    Args:
        model_version: its name.
        encoder: fitted; decides order and scaling.
        net: the network, which orders an album's songs.
        scorer: what scores: the network, or its blend with the benchmark where that is surely better.
        trees: the benchmark.
        order: of an album's songs; None where the training tracks taught none.
        reference: the typical track that explanations compare with.
        experience: where the training tracks lie, as `what_if_inputs.experience_of` has it; empty in older models.
        adjustment: of its predictions: a recalibration that was taken, and whether its list can be trusted.
    """

    model_version: str
    encoder: FeatureEncoder
    net: DistributionPredictor
    scorer: DistributionPredictor
    trees: Predictor
    reference: dict[str, Any]
    experience: dict[str, list[float]] = field(default_factory=dict)
    order: AlbumOrder | None = None
    adjustment: Adjustment = NONE

    def adjusted(self, adjustment: Adjustment) -> "ScoringModel":
        """Return the model with its predictions adjusted; of a recalibration of another version nothing is taken."""
        own = adjustment.recalibration
        if own is not None and own.model_version != self.model_version:
            adjustment = replace(adjustment, recalibration=None)
        return replace(self, adjustment=adjustment)

    def read_scores(self, pmf: np.ndarray) -> np.ndarray:
        """Read the adjusted scores of the scorer's distributions, shape (n, 101)."""
        return map_scores(score_of(pmf), self.adjustment.recalibration)

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict `PREDICTION_COLUMNS`, `family` and `benchmark_score`, adjusted."""
        predictions = self.predictions_of(rows, self.scorer.predict_distribution(rows))
        return predictions.drop(SHIPPED_COLUMNS.values())

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive what is told of each row from the scorer's distributions, shape (n, 101), adjusted.

        Returns:
            `PREDICTION_COLUMNS`, `family` (what kind of estimator made the score), `benchmark_score`, and
            SHIPPED_COLUMNS: score and bounds as the scorer gave them.
        """
        shipped = self.scorer.predictions_of(rows, pmf)
        family = shipped["family"] if "family" in shipped.columns else pl.lit(self.scorer.family)
        benchmark: pl.Series = self.trees.predict(rows)["score"] if len(rows) else pl.Series(dtype=pl.Float64)
        return adjust_predictions(shipped, pmf, self.adjustment).with_columns(
            family.alias("family"),
            benchmark.alias("benchmark_score"),
            *[shipped[name].alias(kept) for name, kept in SHIPPED_COLUMNS.items()],
        )


def load_model(model_dir: Path, threads: int = 1) -> ScoringModel:
    """Load a model version from its folder.

    Raises:
        ModelError: the folder is not there, incomplete, or of other features than this version of songpop has.
    """
    metadata = model_folder.read_json(model_dir, model_folder.FEATURES)
    with model_folder.reading(model_dir, model_folder.FEATURES):
        model_version, experience = metadata["model_version"], metadata.get("experience", {})
        reference = {name: metadata["reference"][name] for name in NUMERIC}
    encoder = FeatureEncoder.load(model_dir)
    net, trees = contestants.NETWORK.load_for_scoring(model_dir, threads), contestants.BENCHMARK.load(model_dir)
    blend = Blend.load(model_dir, net, trees)
    return ScoringModel(
        model_version,
        encoder,
        net,
        blend if blend.within or blend.to_come else net,
        trees,
        reference,
        experience,
        AlbumOrder.load(model_dir),
    )
