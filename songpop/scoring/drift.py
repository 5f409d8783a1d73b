"""Drift: whether new releases, and what the model says of them, still look like what it was fitted and judged on."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.audio_features import CLASSES, MEASURES
from songpop.estimators import N_VALUES
from songpop.evaluation import release_time
from songpop.features import FeatureEncoder, conform
from songpop.features.records import artist_key
from songpop.scoring.what_if_inputs import number

# The reference is the newest share of the training tracks where most of them are dated, so many at least and at most.
NEWEST_SHARE = 0.15
LEAST_TRACKS = 500
MOST_TRACKS = 20_000
N_BINS = 10
MAX_CATEGORIES = 20
# A population stability index above this is a shift to act on (Siddiqi 2006, Credit Risk Scorecards, chapter 9).
SHIFT = 0.2
# Shares below this count as this much: a bin that was empty by chance would weigh without bounds.
LEAST_SHARE = 0.01
# A list of releases that are drawn from the reference raises an alarm, in any of its features, this often at most.
FALSE_ALARMS = 0.01
DRAWS = 5_000
# Fewer releases that stand for themselves tell of those artists, and not of drift.
LEAST_EFFECTIVE = 10
# A rank that moves by less, on a scale of 0 to 1, is a change of spread.
LEAST_MOVE = 0.05
# A genre of fewer tracks is not told apart from all.
LEAST_OF_GENRE = 30

NUMBERS = (*MEASURES, "artist_popularity", "year")
# Services tell no genre of their releases, so that a gap is no news; known genres are compared.
NEVER_TOLD = ("genre",)
# What the training tracks reached: no feature, so it is not compared.
LABEL = "popularity"
# Fewer new artists is no loss: records of known ones are what the models learn most from.
KNOWN_ARTISTS = "is_artist_new"
NEVER_LEARNED = "a genre never learned"
_OTHER = "another value"


@dataclass(frozen=True)
class Profile:
    """How one feature lies in the reference.

    Args:
        n_effective: how many tracks stand for themselves; see `effective_size`.
        edges: upper bounds of a number's bins but the last; empty for a category.
        values: a category's own bins, and one for other values comes after them; empty for a number.
        shares: of the bins, and of missing values at the end.
        median: of a number.
        since: the earliest release time, in years, that is compared; None compares all.
        by_genre: how many tracks of each learned genre are in each of the bins, for numbers; empty in versions of
            before.
    """

    n_effective: float
    edges: list[float]
    values: list[str]
    shares: list[float]
    median: float | None = None
    since: float | None = None
    by_genre: dict[str, list[int]] = field(default_factory=dict)


Reference = dict[str, Profile]


def build_reference(frame: pl.DataFrame, genres: Collection[str], judged: pl.DataFrame, *, seed: int) -> Reference:
    """Describe the training tracks that are most like releases to come, and the held-out scores.

    Where most tracks are dated these are the newest ones, for releases to come are newer still; else all.

    Args:
        frame: the training frame.
        genres: those that the model learned.
        judged: the headline's test tracks with their `score`; scores of training tracks would be too sure. None of
            them, or no column, leaves scores without a reference.
        seed: draws the tracks where there are more than MOST_TRACKS.

    Returns:
        A profile by feature; that of the scores is called `score`, and that of what all training tracks reached, by
        whole numbers, LABEL.
    """
    frame = conform(frame)
    time = release_time(frame)
    is_dated = frame["release_date"].null_count() * 2 < frame.height
    values = _values(frame, genres).with_columns(_is_new_to_training(frame, time if is_dated else None))
    chosen = np.arange(frame.height)
    if is_dated:
        share = max(NEWEST_SHARE, min(LEAST_TRACKS / frame.height, 1.0))
        chosen = np.flatnonzero(time >= np.nanquantile(time, 1 - share))
    if len(chosen) > MOST_TRACKS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST_TRACKS, replace=False))
    size = effective_size(artist_key(frame[chosen]))
    rows = values[chosen]
    reference = {name: _profile(name, rows[name], size) for name in rows.columns}
    for name in NUMBERS:
        reference[name] = _with_genres(reference[name], rows[name], frame["genre"][chosen])
    every = [*range(N_VALUES - 1)]
    reference[LABEL] = Profile(size, every, [], _shares(frame[LABEL].cast(pl.Float64), every, []).tolist())
    if judged.height and "score" in judged.columns:
        since = np.nanmin(release_time(conform(judged)), initial=np.inf)
        known_since = float(since) if np.isfinite(since) else None
        of_scores = _profile("score", judged["score"], effective_size(artist_key(judged)), known_since)
        reference["score"] = _with_genres(of_scores, judged["score"], conform(judged)["genre"])
    return reference


def _with_genres(profile: Profile, values: pl.Series, genre: pl.Series) -> Profile:
    """Count the tracks of each genre in the bins of a number."""
    rows = pl.DataFrame({"genre": genre, "value": values}).drop_nulls("genre")
    counts = {
        str(name): np.rint(_shares(part["value"], profile.edges, []) * part.height).astype(int).tolist()
        for (name,), part in rows.group_by("genre")
        if part.height >= LEAST_OF_GENRE
    }
    return replace(profile, by_genre=dict(sorted(counts.items())))


def save_reference(folder: Path, reference: Reference) -> None:
    """Write the reference into a version's folder."""
    profiles = {name: asdict(profile) for name, profile in reference.items()}
    model_folder.write_json(folder, model_folder.REFERENCE, profiles)


def load_reference(folder: Path) -> Reference | None:
    """Read what `save_reference` wrote; versions of before have none.

    Raises:
        ModelError: the file is broken.
    """
    profiles = model_folder.read_optional_json(folder, model_folder.REFERENCE)
    if profiles is None:
        return None
    with model_folder.reading(folder, model_folder.REFERENCE):
        return {name: Profile(**profile) for name, profile in profiles.items()}


def measure_drift(
    releases: pl.DataFrame, scores: pl.Series, reference: Reference, encoder: FeatureEncoder, *, seed: int
) -> pl.DataFrame:
    """Compare new releases and their scores with the reference.

    Releases of one artist are alike, so a list counts as the number of tracks that stand for themselves. A feature
    drifts where its index is above SHIFT and above what a list of that size, drawn from the reference, would reach.
    A later `year` is no drift, for releases are newer than what was learned from, nor are fewer new artists. Scores
    are compared for releases no older than the tracks that the model was judged on.

    Args:
        releases: n rows, columns as in the model frame.
        scores: theirs, 0-100, shape (n,).
        reference: as `load_reference` gives it.
        encoder: of the model; it knows genres and artists.
        seed: of the draws.

    Returns:
        One row a feature: `feature, kind, moved, n_releases, psi, psi_threshold, missing_share,
        reference_missing_share, is_drifted, is_elsewhere`; kind is input or score, moved is in words, psi_threshold is
        None for too few releases, and a number is elsewhere that drifted further than the genres of the releases tell.

    Source: the index is Siddiqi 2006; that its size under no drift depends on the sample, Yurdakul 2018.
    """
    frame = conform(releases)
    key = artist_key(frame)
    is_new = (~key.is_in(encoder.artists.table["artist_key"].to_list())).cast(pl.String).alias("is_artist_new")
    values = _values(frame, encoder.genres).with_columns(is_new, scores.alias("score"))
    time = release_time(frame)
    compared = {name: profile for name, profile in reference.items() if name != LABEL}
    level = FALSE_ALARMS / max(len(compared), 1)
    rows = []
    for name, profile in compared.items():
        missing: dict[str, float] = {}
        is_compared = np.ones(len(time), bool) if profile.since is None else ~(time < profile.since)
        if name in NEVER_TOLD:
            is_compared &= values[name].is_not_null().to_numpy()
            missing = {"missing_share": values[name].null_count() / max(len(values), 1)}
            missing["reference_missing_share"] = profile.shares[-1]
            profile = replace(profile, shares=_known_shares(profile.shares))
        columns = values.select(value=name).with_columns(key.alias("key"), frame["genre"]).filter(is_compared)
        row = _compare(name, profile, *columns.get_columns(), level=level, seed=seed)
        rows.append(row | missing)
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA = {
    "feature": pl.String,
    "kind": pl.String,
    "moved": pl.String,
    "n_releases": pl.Int64,
    "psi": pl.Float64,
    "psi_threshold": pl.Float64,
    "missing_share": pl.Float64,
    "reference_missing_share": pl.Float64,
    "is_drifted": pl.Boolean,
    "is_elsewhere": pl.Boolean,
}


def stability_index(shares: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Compute the population stability index of shares of bins, over the last axis of two arrays."""
    index: np.ndarray = _bin_parts(shares, reference).sum(axis=-1)
    return index


def _bin_parts(shares: np.ndarray, reference: np.ndarray) -> np.ndarray:
    shares, reference = np.maximum(shares, LEAST_SHARE), np.maximum(reference, LEAST_SHARE)
    parts: np.ndarray = (shares - reference) * np.log(shares / reference)
    return parts


def effective_size(key: pl.Series) -> float:
    """Count the tracks that stand for themselves: n where all are of different artists, 1 where all are of one.

    It is Kish's effective sample size with tracks of one artist taken to be the same.
    """
    sizes = key.value_counts()["count"].to_numpy().astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(sizes) else 0.0


def _values(frame: pl.DataFrame, genres: Collection[str]) -> pl.DataFrame:
    """Take the raw inputs of a model frame: numbers, and categories as text."""
    is_learned = pl.col("genre").is_in(list(genres)) | pl.col("genre").is_null()
    return frame.select(
        *[pl.col(name).cast(pl.Float64) for name in NUMBERS if name != "year"],
        pl.coalesce("year", pl.col("release_date").dt.year()).cast(pl.Float64).alias("year"),
        *[pl.col(name).cast(pl.String) for name in CLASSES],
        pl.when(is_learned).then("genre").otherwise(pl.lit(NEVER_LEARNED)).alias("genre"),
    )


def _is_new_to_training(frame: pl.DataFrame, time: np.ndarray | None) -> pl.Series:
    """Say of each training track what would have been said of it as a release: is its artist new?

    Args:
        frame: the training frame.
        time: release times, shape (n,), so that only earlier tracks count; None counts all others.
    """
    key = artist_key(frame)
    if time is None:
        is_new = pl.len().over("key") == 1
    else:
        is_new = pl.col("time").is_null() | (pl.col("time") <= pl.col("time").min().over("key"))
    rows = pl.DataFrame({"key": key, "time": np.zeros(len(key)) if time is None else time}).fill_nan(None)
    return rows.select(is_new.cast(pl.String).alias("is_artist_new")).to_series()


def _profile(name: str, values: pl.Series, n_effective: float, since: float | None = None) -> Profile:
    known = values.drop_nulls()
    edges: list[float] = []
    own: list[str] = []
    median = None
    if values.dtype.is_numeric():
        if len(known):
            inner = np.linspace(0, 1, N_BINS + 1)[1:-1]
            edges = np.unique(np.quantile(known.to_numpy(), inner)).tolist()
            median = float(np.median(known.to_numpy()))
    else:
        counts = known.value_counts().sort(["count", known.name], descending=[True, False])
        own = sorted({*counts[known.name].head(MAX_CATEGORIES), *([NEVER_LEARNED] if name == "genre" else [])})
    return Profile(n_effective, edges, own, _shares(values, edges, own).tolist(), median, since)


def _shares(values: pl.Series, edges: Sequence[float], own: Sequence[str]) -> np.ndarray:
    """Count values into bins, as shares; of shape (n_bins + 1,), the missing ones last."""
    known = values.drop_nulls()
    if values.dtype.is_numeric():
        n_bins, places = len(edges) + 1, np.searchsorted(edges, known.to_numpy(), side="left")
    else:
        codes = {value: code for code, value in enumerate(own)}
        n_bins, places = len(own) + 1, np.array([codes.get(value, len(own)) for value in known], np.int64)
    counts = np.append(np.bincount(places, minlength=n_bins), values.null_count())
    shares: np.ndarray = counts / max(len(values), 1)
    return shares


def _known_shares(shares: Sequence[float]) -> list[float]:
    """Take the missing values out of the shares; they end in 0 then."""
    known = 1 - shares[-1]
    return [share / known if known > 0 else 0.0 for share in shares[:-1]] + [0.0]


def _compare(
    name: str, profile: Profile, values: pl.Series, key: pl.Series, genre: pl.Series, *, level: float, seed: int
) -> dict[str, Any]:
    reference = np.asarray(profile.shares)
    row: dict[str, Any] = {
        "feature": name,
        "kind": "score" if name == "score" else "input",
        "n_releases": len(values),
        "reference_missing_share": float(reference[-1]),
        "is_drifted": False,
        "is_elsewhere": False,
    }
    if values.is_empty():
        return row
    shares = _shares(values, profile.edges, profile.values)
    psi = float(stability_index(shares, reference))
    size = effective_size(key)
    threshold = None
    if size >= LEAST_EFFECTIVE:
        threshold = max(SHIFT, _chance(tuple(profile.shares), round(profile.n_effective), round(size), level, seed))
    known = values.drop_nulls()
    move, moved = _moved(name, profile, values, shares)
    is_natural = (name == "year" and move > 0) or (name == KNOWN_ARTISTS and _fell("true", profile, shares))
    is_drifted = threshold is not None and psi > threshold and not is_natural
    is_elsewhere = False
    if is_drifted and profile.by_genre and not known.is_empty():
        # what is missing lies nowhere
        of_known = (column.filter(values.is_not_null()) for column in (values, key, genre))
        like = _of_these_genres(profile, genre.filter(values.is_not_null()))
        is_elsewhere = _compare(name, like, *of_known, level=level, seed=seed)["is_drifted"]
    return row | {
        "moved": moved,
        "psi": psi,
        "psi_threshold": threshold,
        "missing_share": float(shares[-1]),
        "is_drifted": is_drifted,
        "is_elsewhere": is_elsewhere,
    }


def _of_these_genres(profile: Profile, genre: pl.Series) -> Profile:
    """Return the profile of known values of reference tracks whose genres are as a list's; an unknown one is as all."""
    whole = np.asarray(_known_shares(profile.shares)) * profile.n_effective
    counted = {name: np.asarray([*counts[:-1], 0]) for name, counts in profile.by_genre.items() if any(counts[:-1])}
    weights = genre.replace_strict({name: name for name in counted}, default=None).value_counts()
    shares, uncertainty = np.zeros(len(whole)), 0.0
    for name, n in weights.iter_rows():
        counts = counted[name] if name is not None else whole
        weight = n / len(genre)
        shares += weight * counts / counts.sum()
        uncertainty += weight**2 / max(counts.sum(), 1.0)
    return replace(profile, shares=shares.tolist(), n_effective=1 / uncertainty, by_genre={})


@lru_cache(maxsize=1024)
def _chance(reference: tuple[float, ...], n_reference: int, n_releases: int, level: float, seed: int) -> float:
    """Find the index that two samples of one distribution exceed with the chance `level`, by simulation."""
    draw = np.random.default_rng(seed)
    n_first, n_second = max(n_reference, 1), max(n_releases, 1)
    shares = (np.asarray(reference) * n_first + 0.5) / (n_first + 0.5 * len(reference))
    first = draw.multinomial(n_first, shares, DRAWS) / n_first
    second = draw.multinomial(n_second, shares, DRAWS) / n_second
    return float(np.quantile(stability_index(second, first), 1 - level))


def _fell(value: str, profile: Profile, shares: np.ndarray) -> bool:
    """Say whether a category's value is rarer than in the reference."""
    return value in profile.values and shares[at := profile.values.index(value)] < profile.shares[at]


def _moved(name: str, profile: Profile, values: pl.Series, shares: np.ndarray) -> tuple[int, str]:
    """Say which way a feature moved, as a sign and in words; 0 where it has no direction."""
    reference = np.asarray(profile.shares)
    most = int(_bin_parts(shares, reference).argmax())
    known = values.drop_nulls()
    is_number = values.dtype.is_numeric()
    if most == len(shares) - 1 or (is_number and (profile.median is None or known.is_empty())):
        return 0, f"missing: {shares[-1]:.0%}, was {reference[-1]:.0%}"
    if not is_number:
        return 0, f"{[*profile.values, _OTHER][most]}: {shares[most]:.0%}, was {reference[most]:.0%}"
    move = _mean_place(shares) - _mean_place(reference)
    sign = 0 if abs(move) < LEAST_MOVE else int(np.sign(move))
    direction = {0: "otherwise spread", 1: "higher", -1: "lower"}[sign]
    median = number(name, float(np.median(known.to_numpy())))
    return sign, f"{direction}: median {median}, was {number(name, profile.median or 0.0)}"


def _mean_place(shares: np.ndarray) -> float:
    """Return where the known values lie on average, from 0 (all in the lowest bin) to 1 (all in the highest)."""
    known = shares[:-1]
    places = np.arange(len(known)) / max(len(known) - 1, 1)
    return float(known @ places / max(known.sum(), 1e-9))
