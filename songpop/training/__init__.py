"""Training: fit a model version, judge it, and decide whether it is promoted."""
