"""Other worlds: lists so unlike what a model learned from that its scores of them can't be trusted."""

from typing import NamedTuple

import numpy as np
import polars as pl

from songpop.estimators import COVERAGE, N_VALUES
from songpop.features import FeatureEncoder, conform
from songpop.features.records import artist_key
from songpop.names import genre_key
from songpop.scoring.drift import LABEL, LEAST_EFFECTIVE, Reference, effective_size

# A list with so many releases of a genre that was never learned is of another world.
NEVER_LEARNED_SHARE = 1 / 3
# So is one of which so many inputs lie where the genres of its releases do not: real lists of one world, of one genre
# and of one artist have two at most, of another world five to eight.
LEAST_ELSEWHERE = 3
# What lies elsewhere is judged beside the genres, so that half of the releases must tell theirs.
LEAST_TOLD_SHARE = 0.5
# Popularity seen since of so many of its tracks tells too, where it lies so many points off on average.
LEAST_SEEN = 50
LEAST_BIAS = 10.0
_SHOWN = 4


class World(NamedTuple):
    """What told that a list is of another world: `genres`, `inputs` or `popularity`, and a clause that says it."""

    basis: str
    reason: str


def can_be_judged(releases: pl.DataFrame) -> bool:
    """Say whether a list, columns as in the model frame, tells enough to be of this world or of another."""
    frame = conform(releases)
    n_told = frame.height - frame["genre"].null_count()
    return effective_size(artist_key(frame)) >= LEAST_EFFECTIVE and n_told >= LEAST_TOLD_SHARE * frame.height


def find_other_world(
    releases: pl.DataFrame, moved: pl.DataFrame, encoder: FeatureEncoder, errors: np.ndarray
) -> World | None:
    """Find whether a list is of another world than what the model learned from; None where it is not.

    Args:
        releases: the list, columns as in the model frame.
        moved: its drift, of `drift.measure_drift`.
        encoder: of the model; it knows its genres.
        errors: scores less the popularity seen since, of the list's tracks where it was, shape (m,).
    """
    frame = conform(releases)
    if effective_size(artist_key(frame)) < LEAST_EFFECTIVE:
        return None
    learned = {genre_key(genre) for genre in encoder.genres}
    genre = frame["genre"].drop_nulls()
    unlearned = genre.filter(pl.Series([genre_key(value) not in learned for value in genre], dtype=pl.Boolean))
    if len(unlearned) >= NEVER_LEARNED_SHARE * frame.height:
        commonest = unlearned.value_counts().sort(["count", "genre"], descending=[True, False])["genre"].head(_SHOWN)
        share = len(unlearned) / frame.height
        return World("genres", f"{share:.0%} of its releases have a genre never learned ({', '.join(commonest)})")
    elsewhere = moved.filter("is_elsewhere").sort(["psi", "feature"], descending=[True, False])["feature"]
    if len(elsewhere) >= LEAST_ELSEWHERE and len(genre) >= LEAST_TOLD_SHARE * frame.height:
        named = ", ".join(elsewhere.head(_SHOWN))
        return World("inputs", f"{len(elsewhere)} of its inputs lie where tracks of its genres do not ({named})")
    if len(errors) >= LEAST_SEEN and abs(bias := float(errors.mean())) >= LEAST_BIAS:
        way = "above" if bias > 0 else "below"
        seen = f"the popularity seen since of {len(errors):,} of its tracks"
        return World("popularity", f"its scores lie {abs(bias):.0f} points {way} {seen}")
    return None


def spread_of(reference: Reference) -> tuple[float, float]:
    """Find what intervals of a list of another world must reach at least, in points.

    It is what 90 % of the training tracks reached, moved up and down by as much as these differ among themselves (one
    standard deviation): a list of such a spread whose mean lies that far off is covered. Without the training tracks'
    popularity, as in versions of before, it is everything.
    """
    if LABEL not in reference:
        return 0.0, 100.0
    shares = np.asarray(reference[LABEL].shares[:N_VALUES])
    values = np.arange(N_VALUES)
    tail = (1 - COVERAGE) / 2
    low, high = np.searchsorted(np.cumsum(shares), (tail, 1 - tail - 1e-9))
    shift = float(np.sqrt(shares @ (values - shares @ values) ** 2))
    return max(float(low) - shift, 0.0), min(float(high) + shift, 100.0)
