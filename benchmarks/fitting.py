"""Every fit of the benchmark, in as many processes as there are cores, each kept as soon as it is done."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.contestants import Budget, peers
from benchmarks.keeping import KeptPredictions, hash_families, hash_frame
from songpop.evaluation import Split, split_rows
from songpop.evaluation.contest import MIN_TRAIN, Contestant, Fold
from songpop.evaluation.contestants import BENCHMARK, NETWORK
from songpop.evaluation.encoding import encode_with
from songpop.features import FeatureEncoder
from songpop.training.competing import product_contestants

# Seconds that a fit takes on one core for each 1,000 training rows, to tell the time left before any is known.
_PACE = {NETWORK.family: 11.0, BENCHMARK.family: 2.0, "course_recipe": 4.5, "lightgbm_tuned": 8.0}


@dataclass(frozen=True)
class DataSet:
    """A training frame, sorted by track, and the name that tables give it."""

    name: str
    frame: pl.DataFrame

    def store(self, folder: Path, budget: Budget) -> KeptPredictions:
        """Return where the predictions for this data set are kept."""
        return KeptPredictions(folder / self.name.replace(" ", "_"), hash_frame(self.frame), hash_families(budget))


@dataclass(frozen=True)
class Fit:
    """One contestant on one split and seed."""

    data: DataSet
    store: KeptPredictions
    split: Split
    family: str
    budget: Budget
    threads: int

    @property
    def expected_seconds(self) -> float:
        """How long it is likely to take."""
        return _PACE.get(self.family, 0.01) * len(self.split.train) / 1000 + 0.1

    def run(self) -> float:
        """Fit, predict and keep; return the seconds it took."""
        contestant = next(one for one in all_contestants(self.budget) if one.family == self.family)
        fold = Fold(self.data.frame, self.split, self.threads, encode_with(FeatureEncoder))
        started = time.perf_counter()
        predictions = contestant.compete(fold)
        seconds = time.perf_counter() - started
        self.store.save(self.split, self.family, predictions, seconds)
        return seconds


def all_contestants(budget: Budget) -> list[Contestant]:
    """List the product's contestants and their peers."""
    return [*product_contestants(), *peers(budget)]


def missing_fits(
    data: DataSet, store: KeptPredictions, splits: Sequence[str], seeds: Sequence[int], budget: Budget, threads: int
) -> list[Fit]:
    """List the fits of one data set that are not kept yet; splits without rows have none."""
    dealt = [split_rows(data.frame, name, seed) for name in splits for seed in seeds]
    return [
        Fit(data, store, split, contestant.family, budget, threads)
        for split in dealt
        for contestant in all_contestants(budget)
        if not contestant.made_of
        and len(split.test)
        and len(split.train) >= MIN_TRAIN
        and not store.path_of(split, contestant.family).is_file()
    ]


def run_fits(fits: Sequence[Fit], jobs: int, progress: Callable[[str], None]) -> None:
    """Run fits, the longest first, and say after each how much time is left."""
    fits = sorted(fits, key=lambda fit: -fit.expected_seconds)
    left, done, taken = sum(fit.expected_seconds for fit in fits), 0.0, 0.0
    for number, (fit, seconds) in enumerate(_finished(fits, jobs), start=1):
        left, done, taken = left - fit.expected_seconds, done + fit.expected_seconds, taken + seconds
        minutes = max(left, 0.0) * taken / done / jobs / 60
        progress(
            f"{number:,} of {len(fits):,} fits: {fit.data.name}, {fit.split.name} {fit.split.seed}, {fit.family}: "
            f"{seconds:.1f} s; about {minutes:.1f} minutes left"
        )


def _finished(fits: Sequence[Fit], jobs: int) -> Iterator[tuple[Fit, float]]:
    if jobs == 1:
        yield from ((fit, fit.run()) for fit in fits)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(fit.run): fit for fit in fits}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)
