"""The protocol: the splits, the metrics with their uncertainty, the slices, and the contest that joins them."""

from songpop.evaluation.metrics import measure, pair_accuracy, spearman
from songpop.evaluation.splits import (
    HEADLINE,
    MATURE_DAYS,
    SPLITS,
    Split,
    data_sha256,
    describe_protocol,
    rows_of_splits,
    split_rows,
)
from songpop.features import release_time

__all__ = [
    "HEADLINE",
    "MATURE_DAYS",
    "SPLITS",
    "Split",
    "data_sha256",
    "describe_protocol",
    "measure",
    "pair_accuracy",
    "release_time",
    "rows_of_splits",
    "spearman",
    "split_rows",
]
