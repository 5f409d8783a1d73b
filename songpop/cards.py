"""Model cards: card.md and its plots, what a person reads about a model version."""

from pathlib import Path
from typing import Any

import polars as pl

from songpop.card_plots import draw_plots
from songpop.evaluation import HEADLINE

_FAMILIES = {
    "keras": "**network**",
    "lightgbm": "LightGBM (benchmark)",
    "genre_year_mean": "mean of genre and year",
    "median": "median / majority",
}
# Column of the scoreboard, heading, decimals.
_COLUMNS = (
    ("mae", "MAE", 2),
    ("rmse", "RMSE", 2),
    ("r2", "R²", 3),
    ("spearman", "Spearman", 3),
    ("accuracy_4bin", "4-bin accuracy", 3),
    ("macro_f1", "macro-F1", 3),
    ("coverage_90", "coverage of 90 %", 3),
    ("width_90", "width", 1),
    ("pair_accuracy", "pairs in order", 3),
    ("bias", "bias", 2),
)
_SPLIT_WORDS = {
    "random": "Random rows. Only to compare with the course project: it flatters every model.",
    "artist": "Grouped by artist: no artist is on both sides.",
    "temporal": "By release time: fitted on earlier releases, judged on the latest. This is the headline.",
}
_LEAST_SLICE = 30
_MOST_SLICES = 15
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
        "## How good it is\n",
        *[_table(metrics, manifest) for manifest in metrics["splits"]],
        *[f"![{title}]({name})\n\n{words}\n" for name, title, words in drawn],
        *_slices(predictions),
        *_singles(metrics),
        f"## Limits\n\n{_LIMITS}\n",
        _protocol(metrics),
    ]
    (folder / "card.md").write_text("\n".join(parts))


def _summary(metrics: dict[str, Any]) -> str:
    rows = {row["family"]: row for row in metrics["scoreboard"] if row["split"] == HEADLINE}
    lines = [
        f"Predicts the popularity (0-100) of a track. Fitted on {metrics['n_rows']:,} tracks as of "
        f"{metrics['as_of_date']}, from {', '.join(metrics['snapshot_ids']) or 'no recorded snapshot'}."
    ]
    if "keras" in rows and "lightgbm" in rows:
        net, trees = rows["keras"], rows["lightgbm"]
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


def _table(metrics: dict[str, Any], manifest: dict[str, Any]) -> str:
    rows = [row for row in metrics["scoreboard"] if row["split"] == manifest["split"]]
    words = _SPLIT_WORDS[manifest["split"]]
    size = f"{manifest['n_train']:,} tracks to fit, {manifest['n_test']:,} to judge"
    apart = f", {manifest['n_immature']:,} set apart as immature" if manifest.get("n_immature") else ""
    lines = [f"### {manifest['split'].capitalize()} split\n", f"{words} {size}{apart}.\n"]
    if not rows:
        return "\n".join([*lines, "There were too few tracks to judge on.\n"])
    lines += ["| | " + " | ".join(heading for _, heading, _ in _COLUMNS) + " |", "|---" + "|---:" * len(_COLUMNS) + "|"]
    for row in rows:
        cells = [_shown(row[name], decimals) for name, _, decimals in _COLUMNS]
        lines.append(f"| {_FAMILIES[row['family']]} | " + " | ".join(cells) + " |")
    lines.append(f"\nThe majority bin alone gives an accuracy of {rows[0]['accuracy_majority']:.3f}.\n")
    return "\n".join(lines)


def _slices(predictions: pl.DataFrame) -> list[str]:
    """Show error and coverage by genre, for genres of 30 tracks or more."""
    if "genre" not in predictions.columns or "score" not in predictions.columns:
        return []
    error = pl.col("score") - pl.col("popularity")
    inside = pl.col("popularity").is_between("score_low", "score_high")
    table = (
        predictions.drop_nulls("genre")
        .group_by("genre")
        .agg(
            pl.len().alias("n"),
            error.abs().mean().alias("mae"),
            error.mean().alias("bias"),
            inside.mean().alias("held"),
        )
        .filter(pl.col("n") >= _LEAST_SLICE)
        .sort(["n", "genre"], descending=[True, False])
        .head(_MOST_SLICES)
    )
    if table.is_empty():
        return []
    lines = [
        "## By genre, on the same tracks\n",
        "| genre | tracks | MAE | bias | coverage of 90 % |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [f"| {g} | {n:,} | {mae:.2f} | {bias:+.2f} | {held:.3f} |" for g, n, mae, bias, held in table.iter_rows()]
    return ["\n".join(lines) + "\n"]


def _singles(metrics: dict[str, Any]) -> list[str]:
    found = metrics.get("singles")
    if not found or not found["n_albums"]:
        return []
    clear = "None was called clear."
    if found["n_clear"]:
        share = found["clear_right_share"]
        clear = f"{found['n_clear']:,} were called clear, and {share:.0%} of those picks were the best."
    return [
        "## Which song should be the single\n",
        f"On {found['n_albums']:,} albums of the same tracks the pick was the album's best "
        f"{found['right_share']:.0%} of the time, where chance is {found['chance_share']:.0%}. {clear}\n",
    ]


def _protocol(metrics: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in metrics["packages"].items())
    return (
        "## Protocol\n\n"
        f"Seed {metrics['seed']}; data hash `{metrics['data_sha256'][:12]}`; {packages}. Encoders, scalers, "
        "records and the numbers of trees are fitted on the training part only; a training track's own label never "
        "enters its artist's record or its genre-year level. Row hashes of each split are in metrics.json, the "
        "features and what they learned in features.json.\n"
    )


def _shown(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
