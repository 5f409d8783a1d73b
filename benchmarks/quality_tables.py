"""The tables of the quality page: one split of one data set each, every value with its bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.fitting import DataSet
from songpop.estimators import blend
from songpop.estimators.picks import ANY, measure_records
from songpop.evaluation import HEADLINE
from songpop.evaluation.contest import Contest
from songpop.evaluation.contestants import BENCHMARK, NETWORK
from songpop.reporting.night_report import markdown_table
from songpop.training.album_songs import judged_songs

FAMILIES = {
    NETWORK.family: "the network",
    BENCHMARK.family: "LightGBM",
    blend.FAMILY: "half network, half LightGBM",
    "lightgbm_tuned": "LightGBM, tuned further",
    "course_recipe": "course recipe",
    "genre_year_mean": "genre-year mean",
    "median": "median, majority",
}
# Heading and decimals.
HEADINGS = {
    "mae": ("MAE", 2),
    "rmse": ("RMSE", 2),
    "r2": ("R²", 3),
    "spearman": ("Spearman", 3),
    "bias": ("bias", 2),
    "accuracy_4bin": ("4-bin accuracy", 3),
    "macro_f1": ("macro-F1", 3),
    "crps": ("CRPS", 2),
    "pinball": ("pinball", 2),
    "calibration_error": ("calibration error", 3),
    "coverage_90": ("coverage", 3),
    "width_90": ("width", 1),
    "pair_accuracy": ("pairs within an album", 3),
    "pair_accuracy_artist": ("pairs within an artist", 3),
    "top1_hit_rate": ("top-1 hit rate", 3),
    "top1_regret": ("regret", 2),
}
ERRORS = ("mae", "rmse", "r2", "spearman", "bias", "crps", "pinball")
BINS = ("accuracy_4bin", "macro_f1", "calibration_error", "coverage_90", "width_90")
SINGLES = ("pair_accuracy", "pair_accuracy_artist", "top1_hit_rate", "top1_regret")
_HEADLINE = ("mae", "crps", "rmse", "r2", "spearman", "accuracy_4bin", "macro_f1", "coverage_90", "width_90")
SLICE_METRICS = ("mae", "bias", "coverage_90", "width_90")
_SLICE_FAMILIES = (NETWORK.family, BENCHMARK.family)
_MOST_GENRES = 15
_MOST_YEARS = 25


@dataclass(frozen=True)
class Judged:
    """One data set and what the contest on it found, over some seeds."""

    data: DataSet
    contest: Contest
    seeds: list[int]

    @cached_property
    def measures(self) -> dict[tuple[str, ...], dict[str, Any]]:
        """Every measure by split, family, slice, its value, and metric."""
        keys = ("split", "family", "slice", "slice_value", "metric")
        return {tuple(one[key] for key in keys): one for one in self.contest.measures}

    def splits(self) -> list[str]:
        """List the splits that were judged, in their order."""
        return list(dict.fromkeys(row["split"] for row in self.contest.rows))

    def rows(self, split: str) -> list[dict[str, Any]]:
        """List the scoreboard's rows of a split, the smallest error first."""
        return sorted((row for row in self.contest.rows if row["split"] == split), key=lambda row: row["mae"])

    def cell(self, split: str, family: str, metric: str, part: tuple[str, str] = ("all", "all")) -> str:
        """Write a value with its interval, as in `7.70 [7.45, 7.96]`."""
        return interval(self.measures[split, family, *part, metric], HEADINGS[metric][1])

    def seconds(self, split: str, family: str) -> float:
        """Average the time that a fit took."""
        known: list[float] = [
            row["seconds"] for row in self.contest.by_seed if (row["split"], row["family"]) == (split, family)
        ]
        return sum(known) / len(known)


def interval(measured: dict[str, Any], decimals: int) -> str:
    """Write a value with its interval; a dash where there is none."""
    if measured["value"] is None:
        return "–"
    value = f"{measured['value']:.{decimals}f}"
    if measured["low"] is None:
        return value
    return f"{value} [{measured['low']:.{decimals}f}, {measured['high']:.{decimals}f}]"


def named(family: str) -> str:
    """Name a contestant; the network stands out."""
    return f"**{FAMILIES[family]}**" if family == NETWORK.family else FAMILIES[family]


def headline_tables(judged: Sequence[Judged]) -> str:
    """Write the short table of each data set: its headline split, and how far each is from the network."""
    parts = []
    for one in judged:
        split = HEADLINE if HEADLINE in one.splits() else one.splits()[0]
        rows = one.rows(split)
        columns = ["", *(HEADINGS[metric][0] for metric in _HEADLINE), "MAE above the network's"]
        cells = [
            [named(row["family"]), one.cell(split, row["family"], "mae")]
            + [_plain(row[metric], metric) for metric in _HEADLINE[1:]]
            + [_gap_in_mae(one, split, row["family"])]
            for row in rows
        ]
        parts.append(
            f"**{one.data.name}**, {split} split: {rows[0]['n']:,} tracks judged, {describe_seeds(one.seeds)}, 90 % "
            f"intervals; the commonest bin alone gives an accuracy of {rows[0]['accuracy_majority']:.3f}.\n\n"
            + markdown_table(columns, cells)
        )
    return "\n\n".join(parts) + "\n"


def describe_seeds(seeds: Sequence[int]) -> str:
    """Say over how many seeds a mean is."""
    return "one seed" if len(seeds) == 1 else f"mean of {len(seeds)} seeds"


def metrics_table(judged: Judged, split: str, metrics: Sequence[str]) -> str:
    """Write some metrics of every contestant."""
    rows = [
        [named(row["family"]), *(judged.cell(split, row["family"], metric) for metric in metrics)]
        for row in judged.rows(split)
    ]
    return markdown_table(["", *(HEADINGS[metric][0] for metric in metrics)], rows)


def seeds_table(judged: Judged, split: str) -> str:
    """Write the standard deviation of every metric over the seeds, and the seconds of a fit."""
    metrics = [metric for metric in (*ERRORS, *BINS) if metric != "pinball"]
    rows = []
    for row in judged.rows(split):
        spreads = [judged.measures[split, row["family"], "all", "all", metric]["seed_sd"] for metric in metrics]
        cells = ["–" if sd is None else f"{sd:.{HEADINGS[m][1]}f}" for m, sd in zip(metrics, spreads, strict=True)]
        rows.append([named(row["family"]), *cells, f"{judged.seconds(split, row['family']):.1f}"])
    return markdown_table(["", *(HEADINGS[metric][0] for metric in metrics), "seconds a fit"], rows)


def singles_table(judged: Judged, split: str) -> str:
    """Write how well songs of one album, or one artist, are told apart."""
    has_albums = judged.rows(split)[0]["n_albums"] > 0
    return metrics_table(judged, split, SINGLES if has_albums else ("pair_accuracy_artist",))


def differences_table(judged: Judged, split: str) -> str:
    """Write how far the network is from each other contestant, and whether that is sure."""
    found = [one for one in judged.contest.differences if one["split"] == split]
    metrics = list(dict.fromkeys(one["metric"] for one in found))
    rows = []
    for against in dict.fromkeys(one["against"] for one in found):
        gaps = {one["metric"]: one for one in found if one["against"] == against}
        rows.append([FAMILIES[against], *(_describe_gap(gaps[metric], metric) for metric in metrics)])
    return markdown_table(["the network less", *(HEADINGS[metric][0] for metric in metrics)], rows)


def slices_table(judged: Judged, split: str, name: str) -> str:
    """Write error, bias, coverage and width of the network and LightGBM within one kind of slice; empty if none."""
    values = _values_of(judged, split, name)
    rows = []
    for value, n in values:
        for family in _SLICE_FAMILIES:
            cells = [judged.cell(split, family, metric, (name, value)) for metric in SLICE_METRICS]
            is_first = family == _SLICE_FAMILIES[0]
            rows.append([value if is_first else "", f"{n:,}" if is_first else "", named(family), *cells])
    columns = [name, "tracks", "", *(HEADINGS[metric][0] for metric in SLICE_METRICS)]
    return markdown_table(columns, rows) if rows else ""


def partial_table(judged: Judged, split: str) -> str:
    """Write what network and benchmark make of the test tracks with some fields blank; empty if none was tried."""
    families = (NETWORK.family, BENCHMARK.family)
    states = [
        value
        for where, family, kind, value, metric in judged.measures
        if (where, family, kind, metric) == (split, NETWORK.family, "partly known", "mae")
    ]
    metrics = ("mae", "spearman", "coverage_90", "width_90")
    rows = [
        [
            state,
            *(
                _plain(judged.measures[split, family, "partly known", state, metric]["value"], metric)
                for metric in metrics
                for family in families
            ),
        ]
        for state in states
    ]
    columns = ["", *(f"{HEADINGS[metric][0]}, {FAMILIES[family]}" for metric in metrics for family in families)]
    return markdown_table(columns, rows) if rows else ""


def records_table(judged: Judged, split: str) -> str:
    """Write how often the network's leading song was the best, by size of the album; empty where none is judged."""
    predicted = judged.contest.headline_seeds.get(NETWORK.family)
    if split != HEADLINE or judged.contest.headline is None or not predicted:
        return ""
    if any("p_best" not in one.columns for one in predicted.values()):
        return ""
    songs = judged_songs(judged.contest.headline[0], predicted)
    if songs.is_empty():
        return ""
    rows = [
        [
            f"{record['size_class']} songs",
            f"{record['n_albums']:,}",
            *(_share(record[name]) for name in ("right_share", "chance_share")),
            _ratio(record["lift"]),
            f"{record['n_clear']:,}",
            _share(record["clear_right_share"]),
            "known" if record["is_known"] else "too few to know",
        ]
        for record in measure_records(songs)
        if record["evidence"] == ANY
    ]
    columns = [
        "album of",
        "albums",
        "leading song was the best",
        "by chance",
        "lift",
        "clear leads",
        "of them right",
        "",
    ]
    return markdown_table(columns, rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _values_of(judged: Judged, split: str, name: str) -> list[tuple[str, int]]:
    """List a slice's values with their tracks: the largest genres, the newest years."""
    values = [
        (value, one["n"])
        for (where, family, kind, value, metric), one in judged.measures.items()
        if (where, family, kind, metric) == (split, NETWORK.family, name, "mae")
    ]
    if name == "genre":
        return sorted(values, key=lambda pair: (-pair[1], pair[0]))[:_MOST_GENRES]
    return sorted(values, reverse=name == "release year")[:_MOST_YEARS]


def _plain(value: float | None, metric: str) -> str:
    return "–" if value is None else f"{value:.{HEADINGS[metric][1]}f}"


def _gap_in_mae(judged: Judged, split: str, family: str) -> str:
    for one in judged.contest.differences:
        if (one["split"], one["against"], one["metric"]) == (split, family, "mae"):
            return f"{-one['difference']:+.2f}, {'surely' if _is_sure(one) else 'not surely'}"
    return ""


def _describe_gap(gap: dict[str, Any], metric: str) -> str:
    if gap["difference"] is None:
        return "–"
    decimals = HEADINGS[metric][1]
    is_better = (gap["difference"] < 0) == (metric in ("mae", "crps"))
    surety = f"surely {'better' if is_better else 'worse'}" if _is_sure(gap) else "not surely"
    bounds = "" if gap["low"] is None else f" [{gap['low']:+.{decimals}f}, {gap['high']:+.{decimals}f}]"
    return f"{gap['difference']:+.{decimals}f}{bounds}, {surety}"


def _is_sure(gap: dict[str, Any]) -> bool:
    """Say whether the interval of a difference is all on one side."""
    return gap["low"] is not None and gap["low"] * gap["high"] > 0
