"""What the models see: the declared features, and the encoder that turns model frames into arrays."""

from songpop.features.declared import (
    ANALYSIS,
    FEATURES,
    GROUPS,
    MODEL_COLUMNS,
    Feature,
    conform,
    has_analysis,
    release_time,
)
from songpop.features.encoder import EncodedRows, FeatureEncoder

__all__ = [
    "ANALYSIS",
    "FEATURES",
    "GROUPS",
    "MODEL_COLUMNS",
    "EncodedRows",
    "Feature",
    "FeatureEncoder",
    "conform",
    "has_analysis",
    "release_time",
]
