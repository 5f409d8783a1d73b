"""The plots of a model card, drawn from predictions of rows that the model had not seen."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import BIN_COLUMNS, bin_of

_INK, _ACCENT, _SOFT = "#1f2933", "#0b7285", "#c5d3d8"
_BIN_NAMES = ("0-25", "26-50", "51-75", "76-100")
_BIN_COLOURS = ("#0b7285", "#e8590c", "#5f3dc4", "#868e96")
_LEAST_POINTS = 20
Drawn = tuple[str, str, str]


def draw_plots(folder: Path, predictions: pl.DataFrame, importance: dict[str, float]) -> list[Drawn]:
    """Draw what can be drawn from the predictions, as PNG files in a folder.

    Returns:
        File name, title and a sentence on how to read it, a plot.
    """
    drawn = [_importance(folder, importance)] if importance else []
    if "score" in predictions.columns and predictions.height >= _LEAST_POINTS:
        drawn = [
            _reliability(folder, predictions),
            _predicted_and_observed(folder, predictions),
            *_errors_by_year(folder, predictions),
            *drawn,
        ]
    return drawn


def _axes(title: str, across: str, up: str, size: tuple[float, float] = (6.4, 4.2)) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=_INK, fontsize=11, fontweight="bold")
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e9eef0", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Any, folder: Path, name: str) -> str:
    figure.savefig(folder / name, dpi=110, metadata={"Software": None})
    return name


def _reliability(folder: Path, predictions: pl.DataFrame) -> Drawn:
    figure, axes = _axes("How often a probability comes true", "predicted probability of the bin", "observed share")
    observed = bin_of(predictions["popularity"].to_numpy())
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1.5, zorder=1)
    for number, (column, name) in enumerate(zip(BIN_COLUMNS, _BIN_NAMES, strict=True)):
        chance = predictions[column].to_numpy()
        hit = observed == number
        points = []
        for low in np.arange(0, 1, 0.1):
            rows = (chance >= low) & ((chance < low + 0.1) | (low > 0.89))
            if rows.sum() >= _LEAST_POINTS:
                share = hit[rows].mean()
                points.append((chance[rows].mean(), share, np.sqrt(share * (1 - share) / rows.sum())))
        if points:
            x, y, spread = np.array(points).T
            axes.errorbar(x, y, yerr=1.645 * spread, fmt="o-", color=_BIN_COLOURS[number], label=name, markersize=4)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.legend(title="popularity", frameon=False, loc="upper left")
    caption = (
        "Points on the grey line are honest: of tracks given 70 %, 70 % fell into the bin. Bars span 90 % of chance."
    )
    return _save(figure, folder, model_folder.RELIABILITY_PLOT), "Reliability of the four probabilities", caption


def _predicted_and_observed(folder: Path, predictions: pl.DataFrame) -> Drawn:
    figure, axes = _axes("Scores and what came", "score", "popularity observed", (6.4, 4.8))
    score, observed = predictions["score"].to_numpy(), predictions["popularity"].to_numpy()
    axes.scatter(score, observed, s=9, color=_ACCENT, alpha=min(0.6, 400 / len(score) + 0.08), linewidths=0)
    axes.plot([0, 100], [0, 100], color=_INK, linewidth=1, label="score = observed")
    edges = np.unique(np.quantile(score, np.linspace(0, 1, 11)))
    part = np.clip(np.digitize(score, edges) - 1, 0, max(len(edges) - 2, 0))
    middle = [(score[part == i].mean(), *np.quantile(observed[part == i], (0.05, 0.5, 0.95))) for i in np.unique(part)]
    x, low, centre, high = np.array(middle).T
    axes.plot(x, centre, "o-", color="#e8590c", markersize=4, label="median of the tenth")
    axes.fill_between(x, low, high, color="#e8590c", alpha=0.13, linewidth=0, label="90 % of the tenth")
    axes.set_xlim(0, 100)
    axes.set_ylim(-1, 101)
    axes.legend(frameon=False, loc="upper left")
    caption = "Each dot is a track of the test part; the orange line should lie on the black one."
    return _save(figure, folder, model_folder.SCATTER_PLOT), "Predicted and observed", caption


def _errors_by_year(folder: Path, predictions: pl.DataFrame) -> list[Drawn]:
    error = (pl.col("score") - pl.col("popularity")).alias("error")
    time, across = _time_column(predictions)
    rows = predictions.select(time.alias("time"), error).drop_nulls()
    groups = rows.group_by("time").agg(pl.col("error")).filter(pl.col("error").list.len() >= 5).sort("time")
    if groups.is_empty():
        return []
    figure, axes = _axes("Errors by release", across, "score minus popularity")
    boxes = axes.boxplot(
        groups["error"].to_list(),
        tick_labels=groups["time"].to_list(),
        whis=(5, 95),
        showfliers=False,
        patch_artist=True,
        medianprops={"color": "#e8590c", "linewidth": 1.6},
    )
    for box in boxes["boxes"]:
        box.set(facecolor=_SOFT, edgecolor=_INK, linewidth=0.8)
    axes.axhline(0, color=_INK, linewidth=1)
    axes.tick_params(axis="x", labelrotation=45 if groups.height > 6 else 0)
    caption = "Boxes hold half of the errors, whiskers 90 %. Above the line the score was too high."
    return [(_save(figure, folder, model_folder.ERRORS_PLOT), "Errors by release time", caption)]


def _time_column(predictions: pl.DataFrame) -> tuple[pl.Expr, str]:
    """Group by year, or by month where the test rows lie within a year or so."""
    years = predictions["year"].drop_nulls() if "year" in predictions.columns else pl.Series([], dtype=pl.Int32)
    has_dates = "release_date" in predictions.columns and predictions["release_date"].null_count() < predictions.height
    if has_dates and years.n_unique() <= 2:
        return pl.col("release_date").dt.strftime("%Y-%m"), "release month"
    return (pl.col("year").cast(pl.String) if len(years) else pl.lit(None, dtype=pl.String)), "release year"


def _importance(folder: Path, importance: dict[str, float]) -> Drawn:
    figure, axes = _axes("What moves the scores", "mean distance from a typical track's score, in points", "")
    ordered = sorted(importance.items(), key=lambda item: item[1])
    axes.barh([name for name, _ in ordered], [value for _, value in ordered], color=_ACCENT)
    axes.grid(axis="y", visible=False)
    caption = "Mean absolute contribution of each group of features; the contributions of a track add up to its score."
    return _save(figure, folder, model_folder.IMPORTANCE_PLOT), "Importance of the feature groups", caption
