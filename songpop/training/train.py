"""Training: judge the network and its peers on every split, then fit on all rows and write a model version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.errors import ModelError
from songpop.estimators import Benchmark, Estimator, Network, blend
from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.blend import Blend
from songpop.estimators.distribution import PMF
from songpop.estimators.picks import measure_records
from songpop.evaluation import HEADLINE, SPLITS, contestants, data_sha256, describe_protocol
from songpop.evaluation.contest import Contest, evaluate_models
from songpop.evaluation.encoding import Lesson, encode_with, make_lesson
from songpop.evaluation.leaks import refuse_leaks
from songpop.features import ANALYSIS, GROUPS, FeatureEncoder, conform, has_analysis
from songpop.features.partial import PARTIAL
from songpop.ids import make_model_version
from songpop.scoring.contributions import contributions, reference_row
from songpop.scoring.drift import build_reference, save_reference
from songpop.scoring.what_if_inputs import experience_of
from songpop.training.album_songs import judged_songs
from songpop.training.competing import fit_order, product_contestants
from songpop.training.model_card import write_card
from songpop.training.shipping import PERIODS, Shipped, decide_shipping, ships_blend
from songpop.training.training_tracks import save_learned

# Splits of more rows than this are judged on a sample of this size: their metrics would move in the third digit only.
EVALUATION_ROWS = 120_000
# The headline split is judged over so many seeds where it has no more rows than this: more rows make seeds differ
# less, and take longer.
HEADLINE_SEEDS = 3
SEEDS_ROWS = 50_000
MIN_ROWS = 50
REFERENCE_ROWS = 20_000
IMPORTANCE_ROWS = 500
Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainedModel:
    """A model version that lies complete on disk.

    Args:
        model_version: its name, `<family>-<as_of_date>-<6 hex of the weights>`.
        family: of its network.
        path: its folder.
        scoreboard: one dict a family and split, with the columns of `marts.model_scoreboard` but `is_champion`.
        metrics: what metrics.json holds.
    """

    model_version: str
    family: str
    path: Path
    scoreboard: list[dict[str, Any]]
    metrics: dict[str, Any]


def train(
    frame: pl.DataFrame,
    *,
    models_dir: Path,
    seed: int,
    threads: int,
    as_of_date: date,
    snapshot_ids: Sequence[str],
    progress: Progress | None = None,
) -> TrainedModel:
    """Evaluate the network, LightGBM and the baselines on three splits, then fit on all rows and write a version.

    Args:
        frame: a model frame with `popularity`, one row a track.
        models_dir: folder of the model versions; the new one appears in it complete or not at all.
        seed: of all randomness; the same seed, rows and machine give the same weights.
        threads: for TensorFlow and LightGBM.
        as_of_date: the day the model speaks for.
        snapshot_ids: which data it was fitted on, for its card.
        progress: is given a line a step.

    Raises:
        ModelError: there are too few rows to fit on.
    """
    progress = progress or (lambda line: None)
    frame = _usable(frame)
    found = _evaluate(frame, seed, threads, progress)
    shipped = decide_shipping(found.differences)
    judged, album_songs = _judged(found, shipped), _album_songs(found)
    progress(f"fitting on all {frame.height:,} rows")
    final = _fit_final(frame, seed, threads)
    net, order = final.net, final.order
    name = make_model_version(net.family, as_of_date, net.digest())
    scoreboard = [{"model_version": name, **row} for row in found.rows]
    metrics = {
        "model_version": name,
        "as_of_date": as_of_date.isoformat(),
        "seed": seed,
        "snapshot_ids": list(snapshot_ids),
        "n_rows": frame.height,
        "data_sha256": data_sha256(frame),
        "weights_sha256": net.digest(),
        "protocol": describe_protocol(),
        "seeds": seeds_of(frame.height, seed)[HEADLINE],
        "splits": found.manifests,
        "scoreboard": scoreboard,
        "measures": found.measures,
        "differences": found.differences,
        "shipping": [one.to_json() for one in shipped],
        "dead_ids": final.lesson.dead and final.lesson.dead.figures,
        "benchmark_tuning": final.benchmark.tuning,
        "seconds_a_fit": _seconds(found),
        "warnings": gap_warnings(frame),
        "single_records": [] if album_songs is None else measure_records(album_songs),
        "album_order": None if order is None else order.measured,
        "packages": _package_versions(),
    }
    with model_folder.writing(models_dir, name) as folder:
        found.places.write_parquet(folder / model_folder.SPLITS)
        if album_songs is not None:
            album_songs.write_parquet(folder / model_folder.ALBUM_PREDICTIONS)
        _write(folder, final, shipped, frame, metrics, judged)
    return TrainedModel(name, net.family, models_dir / name, scoreboard, metrics)


def _package_versions() -> dict[str, str]:
    network, benchmark = contestants.NETWORK, contestants.BENCHMARK
    names = (*network.packages, *benchmark.packages, "numpy", "polars", *network.scoring_packages)
    return {name: version(name) for name in names}


def _usable(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows with a label, in an order that does not depend on how they came."""
    has_label = "popularity" in frame.columns
    rows = frame.filter(pl.col("popularity").is_not_null()).sort("track_id") if has_label else frame.clear()
    if rows.height < MIN_ROWS:
        raise ModelError(
            f"Training must have {MIN_ROWS} tracks with a popularity at least, however there are {rows.height}. "
            "Load a tracks file first, with `songpop load --tracks FILE`."
        )
    return rows


def seeds_of(n_rows: int, seed: int) -> dict[str, list[int]]:
    """Choose the seeds of each split by the number of rows that there are to judge on."""
    n_seeds = HEADLINE_SEEDS if n_rows <= SEEDS_ROWS else 1
    return {name: list(range(seed, seed + n_seeds)) if name == HEADLINE else [seed] for name in SPLITS}


def count_fits(n_rows: int) -> int:
    """Count the fits of network and benchmark that training makes, the final one included."""
    return sum(map(len, seeds_of(n_rows, 0).values())) + 1


def _evaluate(frame: pl.DataFrame, seed: int, threads: int, progress: Progress) -> Contest:
    """Judge every family on every split."""
    sample = frame
    if frame.height > EVALUATION_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(frame.height, EVALUATION_ROWS, replace=False))
        sample = frame[chosen]
    encode = encode_with(FeatureEncoder)
    refuse_leaks(encode, sample, seed)
    found = evaluate_models(
        sample,
        product_contestants(),
        seeds=seeds_of(frame.height, seed),
        threads=threads,
        encode=encode,
        progress=progress,
        sliced=(contestants.NETWORK.family, contestants.BENCHMARK.family),
        compare=contestants.NETWORK.family,
    )
    found.manifests = [{**manifest, "n_sampled_from": frame.height} for manifest in found.manifests]
    return found


def _seconds(found: Contest) -> dict[str, float]:
    """Average the seconds of a fit on the headline split, by family."""
    rows = [row for row in found.by_seed if row["split"] == HEADLINE]
    families = {row["family"] for row in rows if row["seconds"]}
    return {
        family: round(float(np.mean([row["seconds"] for row in rows if row["family"] == family])), 1)
        for family in sorted(families)
    }


def _judged(found: Contest, shipped: Sequence[Shipped]) -> pl.DataFrame:
    """List the headline's test rows beside what is shipped for such and the benchmark predicted for them."""
    if found.headline is None:
        return pl.DataFrame({"track_id": []})
    test, predictions = found.headline
    names = ("track_id", "track_name", "artist_name", "album_id", "genre", "year", "release_date", "popularity")
    benchmark = predictions[contestants.BENCHMARK.family]["score"].alias("benchmark_score")
    family = blend.FAMILY if ships_blend(shipped, "to come") else contestants.NETWORK.family
    own = predictions[family].drop(PMF, PARTIAL, strict=False).get_columns()
    return conform(test).select(names).with_columns(*own, benchmark)


def _album_songs(found: Contest) -> pl.DataFrame | None:
    """List the songs of the headline's albums beside what the network of each seed said; None where none was judged."""
    if found.headline is None:
        return None
    return judged_songs(found.headline[0], found.headline_seeds[contestants.NETWORK.family])


def gap_warnings(frame: pl.DataFrame) -> list[str]:
    """Say which columns of the analysis are blank though others are there; see `features.fill_gaps`."""
    analysed = conform(frame).filter(has_analysis())
    shares = {name: analysed[name].null_count() / max(analysed.height, 1) for name in ANALYSIS}
    blank = ", ".join(f"`{name}` ({share:.1%} of tracks)" for name, share in shares.items() if share > 0)
    if not blank:
        return []
    return [
        f"Single audio columns are blank: {blank}. Spotify's analysis gives all or none, so a gap tells how the file "
        "was put together. Gaps were filled with usual values, and no feature tells where they were."
    ]


@dataclass(frozen=True)
class _Final:
    """What was fitted on all rows."""

    lesson: Lesson
    net: Network
    benchmark: Benchmark
    order: AlbumOrder | None


def _fit_final(frame: pl.DataFrame, seed: int, threads: int) -> _Final:
    lesson = make_lesson(frame, seed)
    benchmark, net = contestants.BENCHMARK(), contestants.NETWORK(lesson.encoder)
    for estimator in (benchmark, net):
        _fit(estimator, lesson, seed, threads)
    return _Final(lesson, net, benchmark, fit_order(net, lesson, seed, threads))


def _fit(estimator: Estimator, lesson: Lesson, seed: int, threads: int) -> None:
    estimator.fit(lesson.rows, lesson.popularity, seed=seed, threads=threads, source=lesson.source, dead=lesson.dead)


def predict_unseen(frame: pl.DataFrame, unseen: pl.DataFrame, *, seed: int, threads: int) -> np.ndarray:
    """Fit the network on all tracks but some, and score these, shape (n,).

    Args:
        frame: a model frame with `popularity`.
        unseen: n of its rows, which the fit is not to see.
        seed: of all randomness.
        threads: for the fit.
    """
    lesson = make_lesson(_usable(frame.join(unseen, on="track_id", how="anti")), seed)
    net = contestants.NETWORK(lesson.encoder)
    _fit(net, lesson, seed, threads)
    return net.predict(lesson.encoder.transform(unseen))["score"].to_numpy()


def _write(
    folder: Path,
    final: _Final,
    shipped: Sequence[Shipped],
    frame: pl.DataFrame,
    metrics: dict[str, Any],
    judged: pl.DataFrame,
) -> None:
    encoder, benchmark = final.lesson.encoder, final.benchmark
    rows = encoder.transform(frame.sample(min(frame.height, REFERENCE_ROWS), seed=metrics["seed"]))
    reference = reference_row(rows)
    encoder.save(
        folder,
        {"model_version": metrics["model_version"], "reference": reference, "experience": experience_of(frame)},
    )
    final.net.save(folder)
    benchmark.save(folder)
    if final.order is not None:
        final.order.save(folder)
    judged.write_parquet(folder / model_folder.PREDICTIONS)
    save_learned(folder, frame["track_id"])
    save_reference(folder, build_reference(frame, encoder.genres, judged, seed=metrics["seed"]))
    parts = contestants.NETWORK.load_for_scoring(folder), contestants.BENCHMARK.load(folder)
    within, to_come = (ships_blend(shipped, period) for period in PERIODS)
    scorer = Blend(*parts, within, to_come, encoder.last_time)
    scorer.save(folder)
    table, _ = contributions(scorer, rows.take(np.arange(min(len(rows), IMPORTANCE_ROWS))), reference)
    importance = dict(zip(GROUPS, np.abs(table).mean(axis=0).round(4).tolist(), strict=True))
    metrics |= {"importance": importance, "benchmark_importance": benchmark.importance()}
    model_folder.write_json(folder, model_folder.METRICS, metrics)
    write_card(folder, metrics, judged, importance)
