"""Model cards: card.md and its plots, what a person reads about a model version."""

from pathlib import Path
from typing import Any

import polars as pl

_FAMILIES = {
    "keras": "network",
    "lightgbm": "LightGBM benchmark",
    "genre_year_mean": "genre-year mean",
    "median": "median",
}
_COLUMNS = {
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "spearman": "Spearman",
    "accuracy_4bin": "4-bin accuracy",
    "macro_f1": "macro-F1",
    "coverage_90": "90 % coverage",
    "width_90": "width",
    "pair_accuracy": "pairs in order",
    "bias": "bias",
}


def write_card(folder: Path, metrics: dict[str, Any], predictions: pl.DataFrame, importance: dict[str, float]) -> None:
    """Write card.md and its plots into a model's folder.

    Args:
        folder: the model's folder.
        metrics: as in metrics.json.
        predictions: the network's predictions for the headline test rows, beside their popularity.
        importance: share of the benchmark's gain by feature.
    """
    text = [f"# {metrics['model_version']}", "", _summary(metrics), "", *_tables(metrics)]
    (folder / "card.md").write_text("\n".join(text) + "\n")


def _summary(metrics: dict[str, Any]) -> str:
    return (
        f"Fitted on {metrics['n_rows']:,} tracks as of {metrics['as_of_date']}, seed {metrics['seed']}, "
        f"from {', '.join(metrics['snapshot_ids']) or 'no recorded snapshot'}."
    )


def _tables(metrics: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for manifest in metrics["splits"]:
        rows = [row for row in metrics["scoreboard"] if row["split"] == manifest["split"]]
        lines += [
            f"## {manifest['split']} split",
            "",
            f"{manifest['n_train']:,} to fit, {manifest['n_test']:,} to judge.",
            "",
        ]
        lines += ["| | " + " | ".join(_COLUMNS.values()) + " |", "|---" * (len(_COLUMNS) + 1) + "|"]
        lines += [
            f"| {_FAMILIES[row['family']]} | " + " | ".join(_shown(row[name]) for name in _COLUMNS) + " |"
            for row in rows
        ]
        lines.append("")
    return lines


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
