"""Model cards: card.md and its plots, what a person reads about a model version."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from songpop import model_folder
from songpop.estimators import Role
from songpop.estimators.picks import ANY, LEAST_ALBUMS, LEAST_LIFT, MOST_WRONG
from songpop.evaluation import HEADLINE, contestants
from songpop.training.model_card_plots import draw_plots

# Column of the scoreboard, heading, decimals.
_COLUMNS = (
    ("rmse", "RMSE", 2),
    ("r2", "R²", 3),
    ("spearman", "Spearman", 3),
    ("accuracy_4bin", "4-bin accuracy", 3),
    ("macro_f1", "macro-F1", 3),
    ("crps", "CRPS", 2),
    ("pinball", "pinball", 2),
    ("calibration_error", "calibration error", 3),
    ("coverage_90", "coverage of 90 %", 3),
    ("width_90", "width", 1),
    ("bias", "bias", 2),
)
_PICKS = (
    ("pair_accuracy", "pairs in order", 3),
    ("pair_accuracy_artist", "pairs of one artist", 3),
    ("top1_hit_rate", "best song picked", 3),
    ("top1_chance", "by chance", 3),
    ("top1_regret", "points missed by the pick", 2),
)
_OF_SIZE = {"2": "two songs", "3": "three songs", "4+": "four songs or more"}
_OF_EVIDENCE = {"full": "sound, artist and genre known", "some": "only some known", "little": "little known"}
_SPLIT_NOTES = {
    "random": "Random rows. Only to compare with the course project: it flatters every model.",
    "artist": "Grouped by artist: no artist is on both sides.",
    "temporal": "By release time: fitted on earlier releases, judged on the latest. This is the headline.",
}
_SLICES = {"genre": "genre", "release year": "release year", "artist": "known or new artist"}
_MOST_SLICES = 15
_JUDGED_ROLES: tuple[Role, ...] = ("network", "benchmark")
_LIMITS = """\
- A score is what tracks like this one reached when the labels were seen. It is an association, not a cause: a
  changed feature in a what-if need not change what listeners do.
- Artist popularity may have been collected after the labels; where the model was fitted on such data, a release
  whose artist has just become known is scored on the newer fame.
- Labels of the newest tracks are immature: plays gather for weeks. The temporal split sets them apart.
- A year after the last training year is treated as the last one; an unknown genre or artist has codes of its own.
- The intervals were calibrated on rows that the members they come from did not see. On later releases the world has
  moved on, so look at the coverage on the temporal split.
- Songs of one album are hard to tell apart: read "too close to call" as just that."""


def write_card(folder: Path, metrics: dict[str, Any], predictions: pl.DataFrame, importance: dict[str, float]) -> None:
    """Write card.md and its plots into a model's folder.

    Args:
        folder: the model's folder.
        metrics: as in metrics.json.
        predictions: the network's predictions for the headline test rows, beside their popularity.
        importance: mean absolute contribution of each feature group to the network's scores, in points.
    """
    drawn = draw_plots(folder, predictions, importance)
    parts = [
        f"# {metrics['model_version']}\n",
        _summary(metrics),
        *_warnings(metrics),
        *_shipping(metrics),
        "## How good it is\n",
        *[_table(metrics, manifest) for manifest in _one_a_split(metrics["splits"])],
        *[f"![{title}]({name})\n\n{caption}\n" for name, title, caption in drawn],
        *_slices(metrics),
        *_partly_known(metrics),
        *_singles(metrics),
        f"## Limits\n\n{_LIMITS}\n",
        _protocol(metrics),
    ]
    (folder / model_folder.CARD).write_text("\n".join(parts), encoding="utf-8")


def _summary(metrics: dict[str, Any]) -> str:
    rows = {row["role"]: row for row in metrics["scoreboard"] if row["split"] == HEADLINE}
    lines = [
        f"Predicts the popularity (0-100) of a track. Fitted on {metrics['n_rows']:,} tracks as of "
        f"{metrics['as_of_date']}, from {', '.join(metrics['snapshot_ids']) or 'no recorded snapshot'}."
    ]
    if "network" in rows and "benchmark" in rows:
        net, trees = rows["network"], rows["benchmark"]
        lines.append(
            f"On the latest releases, which it had not seen, it is off by {net['mae']:.1f} points on average (the "
            f"benchmark by {trees['mae']:.1f}), puts {net['accuracy_4bin']:.0%} into the right one of four bins "
            f"(always saying the commonest: {net['accuracy_majority']:.0%}), and its 90 % intervals hold "
            f"{net['coverage_90']:.0%}."
        )
    return "\n".join(lines) + "\n"


def _warnings(metrics: dict[str, Any]) -> list[str]:
    return (
        ["## Warnings\n", "\n".join(f"- {line}" for line in metrics["warnings"]) + "\n"] if metrics["warnings"] else []
    )


def _shipping(metrics: dict[str, Any]) -> list[str]:
    """Say what scores, how the benchmark was tuned, and which labels were left out."""
    labels = contestants.labels()
    lines = [f"- **{one['period']}**: {labels[one['family']]}. {one['reason']}" for one in metrics.get("shipping", [])]
    tuning, seconds = metrics.get("benchmark_tuning") or {}, metrics.get("seconds_a_fit") or {}
    for part, what in (("chance", "rows left out by chance"), ("newest", "the newest rows")):
        tried = [
            f"{one['settings'].get('objective')} {one['mae']:.2f} ({one['n_trees']} trees)"
            for one in tuning.get(part, [])
        ]
        if tried:
            lines.append(f"- The benchmark tried, on {what}, mean absolute error each: {', '.join(tried)}.")
    network, benchmark = (seconds.get(kind.family) for kind in (contestants.NETWORK, contestants.BENCHMARK))
    if network and benchmark:
        lines.append(
            f"- A fit took {network:.0f} s of the network and {benchmark:.0f} s of the benchmark, tuning included."
        )
    dead = metrics.get("dead_ids")
    if dead:
        lines.append(
            f"- **Dead ids**: {dead['n_dead']:,.0f} tracks with a popularity of 3 or less were taken for ids that "
            "another one has replaced, and not learned from. In this file the bottom is "
            f"{dead['density']:.1f} times as dense as what is next above, and {dead['growth']:.1f} times as frequent "
            f"among older tracks as among the newest, while the median of the others is {dead['level']:.0%} of theirs. "
            "Their share by release time is added to scores of known years; a release to come has a living id."
        )
    elif "dead_ids" in metrics:
        lines.append("- **Dead ids**: none told; low values count as they are.")
    return ["## What scores\n", "\n".join(lines) + "\n"] if lines else []


def _partly_known(metrics: dict[str, Any]) -> list[str]:
    """Show what network and benchmark make of tracks with some fields blank, on the headline split."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in metrics.get("measures", []):
        if row["slice"] == "partly known" and row["split"] == HEADLINE and row["role"] in ("network", "benchmark"):
            found.setdefault(row["slice_value"], {}).setdefault(row["role"], {})[row["metric"]] = row["value"]
    if not found:
        return []
    decimals = {"mae": 2, "spearman": 3, "coverage_90": 3, "width_90": 1}
    cells = [
        [_shown(roles.get(role, {}).get(name), places) for name, places in decimals.items() for role in _JUDGED_ROLES]
        for roles in found.values()
    ]
    headings = [f"{heading} {role}" for heading in ("MAE", "Spearman", "coverage", "width") for role in _JUDGED_ROLES]
    return [
        "## With little known\n",
        "The temporal test tracks once more, with some of their fields blank, as files and pages bring them.\n",
        "\n".join(_lines(headings, list(found), cells)) + "\n",
    ]


def _one_a_split(manifests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the first seed's manifest of each split."""
    return list({manifest["split"]: manifest for manifest in reversed(manifests)}.values())[::-1]


def _table(metrics: dict[str, Any], manifest: dict[str, Any]) -> str:
    rows = [row for row in metrics["scoreboard"] if row["split"] == manifest["split"]]
    note = _SPLIT_NOTES[manifest["split"]]
    size = f"{manifest['n_train']:,} tracks to fit, {manifest['n_test']:,} to judge"
    apart = f", {manifest['n_immature']:,} set apart as immature" if manifest.get("n_immature") else ""
    lines = [f"### {manifest['split'].capitalize()} split\n", f"{note} {size}{apart}.\n"]
    if not rows:
        return "\n".join([*lines, "There were too few tracks to judge on.\n"])
    headings = ["MAE (90 % of resamples)", "over seeds", *(heading for _, heading, _ in _COLUMNS)]
    cells = [
        [_with_interval(row), _spread(row), *(_shown(row[name], decimals) for name, _, decimals in _COLUMNS)]
        for row in rows
    ]
    lines += _lines(headings, _names(rows), cells)
    lines.append(f"\nThe majority bin alone gives an accuracy of {rows[0]['accuracy_majority']:.3f}.")
    shown = (manifest["split"], next((row["family"] for row in rows if row["role"] == "benchmark"), None))
    lines += [_difference(one) for one in metrics.get("differences", []) if _is_shown(one, *shown)]
    return "\n".join(lines) + "\n"


def _lines(headings: Sequence[str], names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Write a table whose first column holds names."""
    head = ["| | " + " | ".join(headings) + " |", "|---" + "|---:" * len(headings) + "|"]
    return head + [f"| {name} | " + " | ".join(row) + " |" for name, row in zip(names, cells, strict=True)]


def _names(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Name the contestants of some rows; the network stands out."""
    labels = contestants.labels()
    return [f"**{labels[row['family']]}**" if row["role"] == "network" else labels[row["family"]] for row in rows]


def _with_interval(row: dict[str, Any]) -> str:
    if row.get("mae_low") is None:
        return _shown(row["mae"], 2)
    return f"{row['mae']:.2f} ({row['mae_low']:.2f} to {row['mae_high']:.2f})"


def _spread(row: dict[str, Any]) -> str:
    """Say how far the seeds lie apart."""
    if row.get("mae_seed_sd") is None:
        return "one seed"
    return f"± {row['mae_seed_sd']:.2f}, {row['n_seeds']} seeds"


def _is_shown(difference: dict[str, Any], split: str, against: str | None) -> bool:
    pair = difference["split"], difference["against"]
    return pair == (split, against) and difference["metric"] in ("mae", "spearman") and difference["low"] is not None


def _difference(one: dict[str, Any]) -> str:
    decimals = 2 if one["metric"] == "mae" else 3
    name = {"mae": "MAE", "spearman": "Spearman correlation"}[one["metric"]]
    surely = "surely" if one["low"] > 0 or one["high"] < 0 else "not surely"
    low, high = (f"{one[end]:+.{decimals}f}" for end in ("low", "high"))
    return (
        f"The network's {name} less LightGBM's is {one['difference']:+.{decimals}f} (90 % of resamples {low} to "
        f"{high}: {surely} another)."
    )


def _slices(metrics: dict[str, Any]) -> list[str]:
    """Show error, bias and coverage by genre, release year, and known or new artist, on the headline split."""
    wanted: tuple[Role, str] = ("network", HEADLINE)
    rows = [row for row in metrics.get("measures", []) if (row["role"], row["split"]) == wanted]
    parts = []
    for name, heading in _SLICES.items():
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row["slice"] == name:
                found.setdefault(row["slice_value"], {"n": row["n"]})[row["metric"]] = row
        largest = sorted(found, key=lambda value: (-found[value]["n"], value))[:_MOST_SLICES]
        if not largest:
            continue
        chosen = sorted(largest) if name == "release year" else largest
        cells = [
            [
                f"{found[value]['n']:,}",
                *(_shown(found[value][metric]["value"], 2) for metric in ("mae", "bias")),
                _held(found[value]["coverage_90"]),
                _shown(found[value]["width_90"]["value"], 1),
            ]
            for value in chosen
        ]
        headings = ["tracks", "MAE", "bias", "coverage of 90 % (90 % of resamples)", "width"]
        parts += [f"## By {heading}, on the temporal split\n", "\n".join(_lines(headings, chosen, cells)) + "\n"]
    return parts


def _held(row: dict[str, Any]) -> str:
    ends = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
    return _shown(row["value"], 3) + ends


def _singles(metrics: dict[str, Any]) -> list[str]:
    """Say how well songs of one album are ordered, and what a clear pick is worth."""
    rows = [row for row in metrics["scoreboard"] if row["split"] == HEADLINE and row.get("n_albums")]
    if not rows:
        return []
    cells = [[_shown(row[name], decimals) for name, _, decimals in _PICKS] for row in rows]
    table = _lines([heading for _, heading, _ in _PICKS], _names(rows), cells)
    judged = f"On {rows[0]['n_albums']:,} albums of the temporal split, which no model had seen:"
    return [
        "## Which song should be the single\n",
        judged + "\n",
        "\n".join(table) + "\n",
        _describe_order(metrics["album_order"]),
        *_records(metrics["single_records"]),
    ]


def _describe_order(learned: dict[str, Any] | None) -> str:
    if not learned:
        return (
            "No order was learned (too few dated albums, or none that beats sorting by score): chances come from the "
            "songs' own distributions.\n"
        )
    return (
        f"The order was learned from {learned['n_albums']:,} albums. On each of them, left out in turn, it puts "
        f"{learned['pair_accuracy']:.1%} of pairs in order (sorting by score "
        f"{learned['pair_accuracy_by_score']:.1%}).\n"
    )


def _records(records: Sequence[dict[str, Any]]) -> list[str]:
    """Show how often the leading song was right by size and by evidence of the album, over all seeds."""
    rows = [row for row in records if ANY in (row["size_class"], row["evidence"]) and row["n_albums"]]
    rows.sort(key=lambda row: (row["evidence"] != ANY, row["size_class"] == ANY))
    if not rows:
        return []
    names = [_OF_SIZE.get(row["size_class"]) or _OF_EVIDENCE.get(row["evidence"]) or "all albums" for row in rows]
    cells = [[f"{row['n_albums']:,}", *(_record_cells(row) if row["is_known"] else ["not known"] * 5)] for row in rows]
    headings = ["albums", "leading song right", "by chance", "lift", "clear leads", "of those right"]
    n_clear = sum(row["has_clear"] for row in rows if row["size_class"] != ANY)
    return [
        "\n".join(_lines(headings, names, cells)) + "\n",
        f"Means over the seeds, counted from {model_folder.ALBUM_PREDICTIONS}; of fewer than {LEAST_ALBUMS} albums "
        f"nothing is known. A clear lead is a clear verdict where {LEAST_ALBUMS} of them or more were judged on albums "
        f"of its size, at most {MOST_WRONG:.0%} of those were wrong, and the lift is {LEAST_LIFT} or more: "
        + (f"{n_clear or 'none'} of the {len(_OF_SIZE)} sizes has one."),
        "",
    ]


def _record_cells(row: dict[str, Any]) -> list[str]:
    shares = [f"{row['right_share']:.0%}", f"{row['chance_share']:.0%}", f"{row['lift']:.2f}", f"{row['n_clear']:,}"]
    return [*shares, "–" if row["clear_right_share"] is None else f"{row['clear_right_share']:.0%}"]


def _protocol(metrics: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in metrics["packages"].items())
    return (
        "## Data and protocol\n\n"
        f"{metrics['n_rows']:,} tracks of {', '.join(metrics['snapshot_ids']) or 'no recorded snapshot'}.\n\n"
        + "".join(f"- {name}: {text}\n" for name, text in metrics["protocol"].items())
        + f"\nSeed {metrics['seed']}; data hash `{metrics['data_sha256'][:12]}`; {packages}. Encoders, scalers, "
        "records and the numbers of trees are fitted on the training part only; a training track's own label never "
        "enters its artist's record or its genre-year level. Row hashes of each split are in metrics.json, the "
        "features and what they learned in features.json.\n"
    )


def _shown(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
