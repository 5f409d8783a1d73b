"""The quality page: what was compared, how, on which machine, and every figure."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

import polars as pl

from benchmarks.contestants import Budget
from benchmarks.keeping import PACKAGES
from benchmarks.quality_tables import (
    BINS,
    ERRORS,
    Judged,
    differences_table,
    headline_tables,
    interval,
    metrics_table,
    partial_table,
    records_table,
    seeds_table,
    singles_table,
    slices_table,
)
from songpop import __version__
from songpop.evaluation import data_sha256, describe_protocol
from songpop.features import conform, has_analysis
from songpop.features.declared import usual_values

_SLICES = ("genre", "release year", "artist")
_SPLIT_NOTES = {
    "temporal": "By release time: fitted on earlier releases, judged on the latest. This is the headline.",
    "artist": "Grouped by artist: no artist is on both sides.",
    "random": "Random rows. Only to compare with the course project: it flatters every model.",
}


def render_page(judged: Sequence[Judged], budget: Budget, *, jobs: int, threads: int) -> str:
    """Write the page in Markdown."""
    parts = [
        "# How good the scores are",
        "Every contestant fits the same rows and is judged on the same rows, by the lines that `songpop train` judges "
        "its models with. `make bench-quality` makes this page anew. Errors are in points of popularity (0 to 100); "
        "brackets hold 90 % intervals.",
        headline_tables(judged).rstrip(),
        "![Mean absolute error of every contestant, with its interval](quality.png)",
        "Bars that overlap may still differ surely: differences are paired, on the same tracks, and stand in the "
        "tables below.",
        "## Who competes",
        _contestants(budget),
        "## How they are judged",
        _protocol(judged),
    ]
    for one in judged:
        parts += [f"## {one.data.name.capitalize()}", _describe_data(one), *_gaps(one)]
        parts += [part for split in one.splits() for part in _split(one, split)]
    parts += ["## Made with", _machine(judged, jobs, threads)]
    return "\n\n".join(parts) + "\n"


def _contestants(budget: Budget) -> str:
    lines = (
        "**the network**: songpop's Keras network as it is shipped; it picks singles by the chance to be the album's "
        "best, all others by their score",
        "**LightGBM**: the benchmark of every training, on the rows and features of the network; of absolute "
        "and Huber's error that which errs least in points on a part of the training rows, left out by chance for "
        "tracks of known years and the newest for releases to come, each with early stopping; trees of their own for "
        "tracks of which something is not known; quantiles for its distribution and interval, four classes for the "
        "bins",
        "**half network, half LightGBM**: the mean of both distributions; a version ships it in the periods in which "
        "it is surely better",
        *_tuned(budget),
        "**course recipe**: the course project's network, 80-80-80 relu and a softmax over the four bins, Adam, "
        f"{budget.course_epochs} epochs of batches of 32, the last weights; 13 audio features, one-hot genres and "
        "artist popularity, standard-scaled (96 inputs and 21,044 parameters where there are 82 genres). It is fitted "
        "on tracks with a known artist popularity, as its inner join left them, but without the repeated rows of that "
        "join. Its score and interval are those of its bins' training labels, mixed by its probabilities",
        "**genre-year mean**: the smoothed mean of other tracks of the genre in nearby years",
        "**median, majority**: the training median, interval and shares of the bins, for every track. Its training "
        "rows, as those of all but the course recipe, are without dead ids where the file has them",
    )
    return "\n".join(f"- {line}." for line in lines)


def _tuned(budget: Budget) -> list[str]:
    if not budget.tries:
        return []
    return [
        f"**LightGBM, tuned further**: the same with {budget.tries} settings (those two first, the others drawn at "
        f"random) of up to {budget.most_trees:,} trees. The test part takes no part in the search"
    ]


def _protocol(judged: Sequence[Judged]) -> str:
    lines = [f"- {name}: {text}." for name, text in describe_protocol().items()]
    lines += [
        f"- seeds: {', '.join(map(str, judged[0].seeds))}; they deal the rows (those of the temporal split stay the "
        "same) and seed the contestants. A value is the mean over the seeds.",
        "- differences: of the means, in the same resamples for both. *Surely* means that 90 % of the resamples lie on "
        "one side of 0.",
        "- labels: a contestant gets the test rows without them. Intervals of the trees come from errors on a part of "
        "the training rows.",
        "- gaps: a column of Spotify's sound analysis that is blank where others are there tells how a file was put "
        "together. Nobody sees such gaps: they are filled with the usual value of the training part for every "
        "contestant, the course recipe included.",
    ]
    return "\n".join(lines)


def _describe_data(judged: Judged) -> str:
    frame = judged.data.frame
    years = frame["year"].drop_nulls().to_list()
    known = 1 - frame["artist_popularity"].null_count() / frame.height
    span = f", {min(years)} to {max(years)}" if years else ""
    albums = frame["album_id"].drop_nulls().n_unique()
    known_albums = f"{albums:,} albums" if albums else "no albums known"
    return (
        f"{frame.height:,} tracks of {frame['artist_name'].n_unique():,} artists{span}, {frame['genre'].n_unique()} "
        f"genres, {known_albums}; {known:.0%} have an artist popularity. Mean popularity "
        f"{_mean(frame['popularity']):.1f}. Hash of ids and labels `{data_sha256(frame)[:12]}`."
    )


def _gaps(judged: Judged) -> list[str]:
    """Say which single columns of the analysis are blank, and what their presence would tell."""
    frame = conform(judged.data.frame).filter(has_analysis())
    lines = []
    for name, usual in usual_values(frame).items():
        blank = frame[name].is_null()
        if blank.any():
            with_it, without = (_mean(frame.filter(rows)["popularity"]) for rows in (~blank, blank))
            lines.append(
                f"`{name}` is blank for {_mean(blank):.0%} of the tracks; those that have it are of popularity "
                f"{with_it:.1f} on average, the others of {without:.1f}. Blanks are filled with {usual:g} for every "
                f"contestant; the {(frame[name] != usual).sum():,} known values other than {usual:g} stay to be seen."
            )
    return lines


def _mean(values: pl.Series) -> float:
    return float(values.to_numpy().mean())


def _split(judged: Judged, split: str) -> list[str]:
    rows = judged.rows(split)
    manifests = [manifest for manifest in judged.contest.manifests if manifest["split"] == split]
    first = manifests[0]
    apart = f", {first['n_immature']:,} set apart as immature" if first.get("n_immature") else ""
    hashes = ", ".join(f"`{manifest['test_rows_sha256'][:12]}`" for manifest in manifests)
    majority = interval(judged.measures[split, rows[0]["family"], "all", "all", "accuracy_majority"], 3)
    return [
        f"### {judged.data.name.capitalize()}, {split} split",
        f"{_SPLIT_NOTES[split]} With the first seed {first['n_train']:,} tracks to fit and {first['n_test']:,} to "
        f"judge{apart}. Hashes of the test rows, a seed each: {hashes}.",
        metrics_table(judged, split, ERRORS),
        f"Always saying the commonest bin gives an accuracy of {majority}. Coverage and width are those of the "
        "90 % interval.",
        metrics_table(judged, split, BINS),
        "How far the network is from each other; below 0 is better for MAE and CRPS, above 0 for the others.",
        differences_table(judged, split),
        *_singles(judged, split),
        *_titled("By size of the album, of the network", records_table(judged, split)),
        *_titled("With some fields of the test tracks blank", partial_table(judged, split)),
        *_folded("Standard deviation over the seeds, and time", seeds_table(judged, split)),
        *[part for name in _SLICES for part in _folded(f"By {name}", slices_table(judged, split, name))],
    ]


def _singles(judged: Judged, split: str) -> list[str]:
    row = judged.rows(split)[0]
    if row["pair_accuracy_artist"] is None and row["pair_accuracy"] is None:
        return []
    text = "Which song should be the single: the share of pairs of unequal popularity put in order; 0.5 is chance."
    if row["n_albums"]:
        text += (
            f" On {row['n_albums']:,} albums of two or more judged songs, the share of picks as popular as the best "
            f"song (a random pick: {row['top1_chance']:.3f}), and by how many points a pick falls short of it."
        )
    return [text, singles_table(judged, split)]


def _titled(title: str, table: str) -> list[str]:
    return [f"{title}:", table] if table else []


def _folded(title: str, table: str) -> list[str]:
    return [f"<details><summary>{title}</summary>", table, "</details>"] if table else []


def _machine(judged: Sequence[Judged], jobs: int, threads: int) -> str:
    minutes = sum(row["seconds"] for one in judged for row in one.contest.by_seed) / 60
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    n_fits = sum(len(one.contest.by_seed) for one in judged)
    return (
        f"songpop {__version__}, Python {platform.python_version()}, {packages}; {os.cpu_count()} cores "
        f"({platform.machine()}). {n_fits:,} fits took {minutes:.0f} minutes in all, {jobs} at a time with "
        f"{threads} thread{'s' * (threads != 1)} each. Predictions are kept in `reports/quality/`; a fit is made again "
        "when its rows, its code or a package changes."
    )
