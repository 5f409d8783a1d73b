"""What the models see: the declared features, and the encoder that turns model frames into arrays."""

from songpop.features.declared import FEATURES, GROUPS, MODEL_COLUMNS, Feature, conform
from songpop.features.encoder import EncodedRows, FeatureEncoder

__all__ = ["FEATURES", "GROUPS", "MODEL_COLUMNS", "EncodedRows", "Feature", "FeatureEncoder", "conform"]
