"""Scoring: releases in, scores, explanations and what-ifs out, without TensorFlow."""

from songpop.scoring.explain import Explanation, explain
from songpop.scoring.model import ScoringModel, load_model
from songpop.scoring.score import score_releases
from songpop.scoring.what_if import Sweep, WhatIf, sweep, what_if

__all__ = [
    "Explanation",
    "ScoringModel",
    "Sweep",
    "WhatIf",
    "explain",
    "load_model",
    "score_releases",
    "sweep",
    "what_if",
]
