"""A synthetic data set in songpop's input formats, drawn to match the published statistics of the real file.

Every file is called synthetic_*, and every artist Synthetic something, but for three names that the real file
holds too and that trip programs up: "None", "Null" and "!!!". Nothing in a sample is a fact about anybody.
"""

from songpop.sources.sample.comparing import compare_with_targets
from songpop.sources.sample.make import MAX_ROWS, MIN_ROWS, SampleFiles, write_sample
from songpop.sources.sample.malformed import Planted

__all__ = ["MAX_ROWS", "MIN_ROWS", "Planted", "SampleFiles", "compare_with_targets", "write_sample"]
