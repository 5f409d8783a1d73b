"""The pipeline: one file a step, and the night that takes them in order; the only glue."""
