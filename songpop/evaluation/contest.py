"""The contest: every contestant on the same rows of every split and seed, judged by the same lines.

`songpop train` and `make bench-quality` both come here, so their figures mean the same.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl

from songpop.estimators import DistributionPredictor, Estimator, Role
from songpop.estimators.distribution import with_pmf
from songpop.evaluation.encoding import Encode, Encoded
from songpop.evaluation.metrics import METRICS, Examiner, measure_with, spearman
from songpop.evaluation.slices import SLICED, Slices, means_within, values_of_rows
from songpop.evaluation.splits import HEADLINE, Split, rows_of_splits, split_rows
from songpop.evaluation.uncertainty import Resamples, interval_of
from songpop.features import FeatureEncoder, conform
from songpop.features.partial import PARTIAL, STATES, in_state, with_partial

# A training part of fewer rows is not fitted on.
MIN_TRAIN = 25
# The metrics in which two contestants are compared.
COMPARED = ("mae", "crps", "spearman", "accuracy_4bin")


@dataclass(frozen=True)
class Fold:
    """One split and seed, encoded once for all contestants.

    Args:
        frame: all rows; the contestants may look at the labels of `train` alone.
        split: which rows are fitted on and which are judged.
        threads: how many a contestant may use.
        encode: how rows become arrays.
    """

    frame: pl.DataFrame
    split: Split
    threads: int
    encode: Encode

    @cached_property
    def train(self) -> pl.DataFrame:
        """The training part, labels included."""
        return self.frame[self.split.train]

    @cached_property
    def test(self) -> pl.DataFrame:
        """The test part without its labels."""
        return self.frame[self.split.test].drop("popularity")

    @cached_property
    def encoded(self) -> Encoded:
        """Both parts as arrays."""
        return self.encode(self.train, self.test, self.seed)

    @property
    def seed(self) -> int:
        """The seed of all randomness of this fold."""
        return self.split.seed

    @property
    def popularity(self) -> np.ndarray:
        """Labels of the training part, shape (n,)."""
        return self.train["popularity"].to_numpy().astype(np.float64)


@dataclass(frozen=True)
class Contestant:
    """One who fits on a fold's training part and predicts its test part.

    Args:
        family: its name in tables.
        role: what it competes as.
        compete: returns `PREDICTION_COLUMNS`, `p_best` if it picks singles, and its distributions if it has
            such (`distribution.with_pmf`), in the order of the test rows.
        made_of: families whose predictions it is made of, which are then passed to `compete` after the fold.
    """

    family: str
    role: Role
    compete: Callable[..., pl.DataFrame]
    made_of: tuple[str, ...] = ()

    @classmethod
    def of_estimator(cls, family: str, role: Role, make: Callable[[FeatureEncoder], Estimator]) -> "Contestant":
        """Let an estimator of encoded rows compete."""

        def compete(fold: Fold) -> pl.DataFrame:
            estimator = make(fold.encoded.encoder)
            return fit_and_predict(estimator, fold)

        return cls(family, role, compete)


def fit_and_predict(estimator: Estimator, fold: Fold) -> pl.DataFrame:
    """Fit on a fold's training part and predict its test part, with what it says of partly known rows."""
    lesson, unseen = fold.encoded.lesson, fold.encoded.unseen
    estimator.fit(
        lesson.rows,
        lesson.popularity,
        seed=fold.seed,
        threads=fold.threads,
        source=lesson.source,
        dead=lesson.dead,
    )
    predictions = estimator.predict(unseen)
    if isinstance(estimator, DistributionPredictor):
        test, encoder = conform(fold.test), fold.encoded.encoder
        partial = [estimator.predict(encoder.transform(state.apply(test))) for state in STATES]
        predictions = with_pmf(with_partial(predictions, partial), estimator.predict_distribution(unseen))
    return predictions


class Store(Protocol):
    """Keeps what contestants predicted, so that a cut contest goes on where it was."""

    def load(self, split: Split, family: str) -> tuple[pl.DataFrame, float] | None:
        """Return predictions and the seconds they took, or None."""

    def save(self, split: Split, family: str, predictions: pl.DataFrame, seconds: float) -> None:
        """Keep predictions and the seconds they took."""


@dataclass
class Contest:
    """What a contest found.

    Args:
        rows: one dict a family and split: its role, metrics averaged over the seeds, `n_seeds`, `mae_low` and so on.
        measures: one dict a family, split, slice and metric with role, value, interval and the seeds' standard
            deviation.
        manifests: of each split and seed.
        places: where each row stood, as `rows_of_splits` lists it.
        by_seed: one dict a family, split and seed with its metrics and `seconds`.
        differences: one dict a split, family and metric: how far the one compared with is from it.
        headline: test rows of the headline split and each family's predictions for them, by its first seed.
        headline_seeds: each family's predictions for those rows, by seed.
    """

    places: pl.DataFrame
    rows: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    manifests: list[dict[str, Any]] = field(default_factory=list)
    by_seed: list[dict[str, Any]] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    headline: tuple[pl.DataFrame, dict[str, pl.DataFrame]] | None = None
    headline_seeds: dict[str, dict[int, pl.DataFrame]] = field(default_factory=dict)


def evaluate_models(
    frame: pl.DataFrame,
    contestants: Sequence[Contestant],
    *,
    seeds: Mapping[str, Sequence[int]],
    threads: int,
    encode: Encode,
    progress: Callable[[str], None],
    store: Store | None = None,
    sliced: Collection[str] | None = None,
    compare: str | None = None,
) -> Contest:
    """Let all contestants fit and predict on every split and seed, and judge them.

    Args:
        frame: a training frame.
        contestants: who competes.
        seeds: of each split; they deal its rows (not those of the temporal split) and seed the contestants.
        threads: how many a contestant may use.
        encode: how rows become arrays.
        progress: is given a line a split and seed before it is fitted.
        store: keeps predictions; those it has already are not made again.
        sliced: families whose slices are measured; all by default.
        compare: the family whose difference from every other is measured.
    """
    splits = {name: [split_rows(frame, name, seed) for seed in seeds[name]] for name in seeds}
    found = Contest(rows_of_splits(frame, [split for group in splits.values() for split in group]))
    for name, group in splits.items():
        found.manifests += [split.manifest for split in group]
        if any(len(split.test) == 0 or len(split.train) < MIN_TRAIN for split in group):
            continue
        predictions: dict[str, list[pl.DataFrame]] = {contestant.family: [] for contestant in contestants}
        for split in group:
            progress(
                f"judging on the {name} split, seed {split.seed}: {len(split.train):,} rows to fit, "
                f"{len(split.test):,} to judge"
            )
            fold = Fold(frame, split, threads, encode)
            for contestant in contestants:
                parts = [predictions[family][-1] for family in contestant.made_of]
                predicted, seconds = _compete(contestant, fold, store, parts)
                predictions[contestant.family].append(predicted)
                found.by_seed.append(
                    {"family": contestant.family, "split": name, "seed": split.seed, "seconds": seconds}
                )
        roles = {contestant.family: contestant.role for contestant in contestants}
        _judge(found, frame, group, predictions, roles, sliced, compare)
        if name == HEADLINE:
            found.headline = frame[group[0].test], {family: parts[0] for family, parts in predictions.items()}
            seeds_of_group = [split.seed for split in group]
            found.headline_seeds = {
                family: dict(zip(seeds_of_group, parts, strict=True)) for family, parts in predictions.items()
            }
    return found


def _compete(
    contestant: Contestant, fold: Fold, store: Store | None, parts: Sequence[pl.DataFrame]
) -> tuple[pl.DataFrame, float]:
    if parts:
        return contestant.compete(fold, *parts), 0.0
    kept = store.load(fold.split, contestant.family) if store else None
    if kept is not None:
        return kept
    started = time.perf_counter()
    predictions = contestant.compete(fold)
    seconds = time.perf_counter() - started
    if store:
        store.save(fold.split, contestant.family, predictions, seconds)
    return predictions, seconds


def _judge(
    found: Contest,
    frame: pl.DataFrame,
    group: Sequence[Split],
    predictions: Mapping[str, list[pl.DataFrame]],
    roles: Mapping[str, Role],
    sliced: Collection[str] | None,
    compare: str | None,
) -> None:
    """Measure every family on one split, with the same resamples for all."""
    name = group[0].name
    examiners = [Examiner(frame[split.test]) for split in group]
    resamples = Resamples(examiners, group[0].seed)
    slices = [Slices.of(frame[split.train], frame[split.test]) for split in group]
    replicates: dict[str, dict[str, np.ndarray]] = {}
    for family, parts in predictions.items():
        by_seed = [measure_with(examiner, part) for examiner, part in zip(examiners, parts, strict=True)]
        for seed_row in found.by_seed:
            if (seed_row["family"], seed_row["split"]) == (family, name):
                seed_row |= by_seed[[split.seed for split in group].index(seed_row["seed"])]
        statistics = [examiner.statistics(part) for examiner, part in zip(examiners, parts, strict=True)]
        replicates[family] = {
            metric: resamples.replicates([one[metric] for one in statistics]) for metric in statistics[0]
        }
        whole = [
            _measure(metric, [row[metric] for row in by_seed], replicates[family][metric], _n_of(metric, by_seed))
            for metric in METRICS
        ]
        parts_of = _measure_slices(examiners, parts, slices, resamples) if not sliced or family in sliced else []
        if PARTIAL in parts[0].columns:
            parts_of += _measure_states(examiners, parts, resamples)
        label = {"family": family, "role": roles[family], "split": name}
        found.measures += [label | {"slice": "all", "slice_value": "all"} | one for one in whole]
        found.measures += [label | one for one in parts_of]
        found.rows.append(label | _scoreboard_row(whole, by_seed))
    if compare in replicates:
        found.differences += _compare(name, compare, found.rows, replicates)


def _measure(metric: str, values: Sequence[Any], replicates: np.ndarray, n: int) -> dict[str, Any]:
    """Average one metric over the seeds."""
    known = [value for value in values if value is not None and not np.isnan(value)]
    low, high = interval_of(replicates) if known else (None, None)
    return {
        "metric": metric,
        "n": n,
        "value": float(np.mean(known)) if known else None,
        "low": low,
        "high": high,
        "seed_sd": float(np.std(known, ddof=1)) if len(known) > 1 else None,
    }


def _n_of(metric: str, by_seed: Sequence[dict[str, Any]]) -> int:
    """Say how many tracks, pairs or albums a metric of the first seed rests on."""
    if metric.startswith("top1"):
        return int(by_seed[0]["n_albums"])
    return int(by_seed[0]["n"])


def _scoreboard_row(whole: Sequence[dict[str, Any]], by_seed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    measured = {one["metric"]: one for one in whole}
    values = {metric: one["value"] for metric, one in measured.items()}
    return {
        "n": by_seed[0]["n"],
        **values,
        "n_pairs": by_seed[0]["n_pairs"],
        "n_albums": by_seed[0]["n_albums"],
        "n_seeds": len(by_seed),
        "mae_low": measured["mae"]["low"],
        "mae_high": measured["mae"]["high"],
        "mae_seed_sd": measured["mae"]["seed_sd"],
        "spearman_low": measured["spearman"]["low"],
        "spearman_high": measured["spearman"]["high"],
    }


def _measure_slices(
    examiners: Sequence[Examiner], parts: Sequence[pl.DataFrame], slices: Sequence[Slices], resamples: Resamples
) -> list[dict[str, Any]]:
    """Measure the slices that every seed has."""
    names = [name for name in slices[0].names if all(name in other.names for other in slices)]
    if not names:
        return []
    values, replicates = [], []
    for number, (examiner, part, own) in enumerate(zip(examiners, parts, slices, strict=True)):
        of_rows, masks = values_of_rows(examiner.observed, part), own.take(names)
        values.append(means_within(of_rows, masks, np.ones((1, len(of_rows))))[0])
        replicates.append(means_within(of_rows, masks, resamples.of_unit["rows"][number]))
    mean = np.mean(replicates, axis=0)
    n = slices[0].take(names).sum(axis=0)
    return [
        {"slice": name, "slice_value": value}
        | _measure(metric, [one[k, s] for one in values], mean[:, k, s], int(n[s]))
        for s, (name, value) in enumerate(names)
        for k, metric in enumerate(SLICED)
    ]


def _measure_states(
    examiners: Sequence[Examiner], parts: Sequence[pl.DataFrame], resamples: Resamples
) -> list[dict[str, Any]]:
    """Measure what was predicted of test rows with some of their fields blanked."""
    found = []
    for number, state in enumerate(STATES):
        predicted = [in_state(part, number) for part in parts]
        values = [values_of_rows(one.observed, part) for one, part in zip(examiners, predicted, strict=True)]
        label = {"slice": "partly known", "slice_value": state.name}
        for k, metric in enumerate(SLICED):
            weights = resamples.of_unit["rows"]
            replicates = [(rows @ one[:, k]) / rows.sum(1) for rows, one in zip(weights, values, strict=True)]
            means = [one[:, k].mean() for one in values]
            found.append(label | _measure(metric, means, np.mean(replicates, axis=0), len(values[0])))
        orders = [
            spearman(part["score"].to_numpy(), one.observed) for one, part in zip(examiners, predicted, strict=True)
        ]
        nothing = np.full(2, np.nan)
        found.append(label | _measure("spearman", orders, nothing, len(values[0])))
    return found


def _compare(
    split: str, family: str, rows: Sequence[dict[str, Any]], replicates: Mapping[str, dict[str, np.ndarray]]
) -> list[dict[str, Any]]:
    """Measure how far one family is from each other in the same resamples."""
    value = {row["family"]: row for row in rows if row["split"] == split}
    found = []
    for other in replicates:
        for metric in COMPARED if other != family else ():
            low, high = interval_of(replicates[family][metric] - replicates[other][metric])
            pair = (value[family][metric], value[other][metric])
            gap = None if None in pair else pair[0] - pair[1]
            found.append(
                {"split": split, "family": family, "against": other, "metric": metric}
                | {"difference": gap, "low": low, "high": high}
            )
    return found
