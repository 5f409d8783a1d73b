"""A model version as scoring uses it, loaded from its folder without TensorFlow."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from songpop import model_folder
from songpop.estimators import DistributionPredictor, Predictor
from songpop.estimators.album_order import AlbumOrder
from songpop.evaluation import contestants
from songpop.features import FeatureEncoder
from songpop.features.encoder import NUMERIC


@dataclass(frozen=True)
class ScoringModel:
    """A model version as scoring uses it.

    Args:
        model_version: its name.
        encoder: fitted; decides order and scaling.
        net: the network, as it is shipped.
        trees: the benchmark.
        order: of an album's songs; None where the training tracks taught none.
        reference: the typical track that explanations compare with.
        experience: where the training tracks lie, as `what_if_inputs.experience_of` has it; empty in older models.
    """

    model_version: str
    encoder: FeatureEncoder
    net: DistributionPredictor
    trees: Predictor
    reference: dict[str, Any]
    experience: dict[str, list[float]] = field(default_factory=dict)
    order: AlbumOrder | None = None


def load_model(model_dir: Path, threads: int = 1) -> ScoringModel:
    """Load a model version from its folder.

    Raises:
        ModelError: the folder is not there, incomplete, or of other features than this version of songpop has.
    """
    metadata = model_folder.read_json(model_dir, model_folder.FEATURES)
    with model_folder.reading(model_dir, model_folder.FEATURES):
        model_version, experience = metadata["model_version"], metadata.get("experience", {})
        reference = {name: metadata["reference"][name] for name in NUMERIC}
    return ScoringModel(
        model_version,
        FeatureEncoder.load(model_dir),
        contestants.NETWORK.load_for_scoring(model_dir, threads),
        contestants.BENCHMARK.load(model_dir),
        reference,
        experience,
        AlbumOrder.load(model_dir),
    )
