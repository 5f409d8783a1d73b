"""A synthetic data set in songpop's input formats, drawn to match the published statistics of the real file.

Every file is called synthetic_*, and every artist Synthetic something, but for three names that the real file
holds too and that trip programs up: "None", "Null" and "!!!". Nothing in a sample is a fact about anybody.

The tests set a sample beside the published numbers; from about 200,000 rows on every one of 261 is met within its
tolerance. Known to differ, seen at a million rows: audio features alone explain 9 % of
popularity for a gradient-boosted model (real file: 18 %), though genre, year and artist popularity explain what
they should (61 and 66 %; real: 61 and 65 %); 69 % of titles are distinct (real: 76 %); mean popularity in 2000 is
12.9 (real: 11.9); the songs of artists with popularity 0 average 2.6 (real: 0.9); the least-squares
coefficients keep their signs but stray by up to a third, energy's by 2.7 and valence's by 2.4. Below 100,000 rows
catalogues are shorter than the real 18 tracks an artist, and a genre-year cell holds few artists, so that its
mean strays from the published one by more than chance would let it in the whole file.
"""

from songpop.sources.sample.make import MAX_ROWS, MIN_ROWS, SampleFiles, write_sample
from songpop.sources.sample.malformed import Planted

__all__ = ["MAX_ROWS", "MIN_ROWS", "Planted", "SampleFiles", "write_sample"]
