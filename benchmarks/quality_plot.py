"""The plot of the quality page: the mean absolute error of every contestant, a panel a data set and split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality_tables import FAMILIES, Judged
from songpop.evaluation.contestants import NETWORK

_INK, _ACCENT, _SOFT, _GRID = "#1f2933", "#0b7285", "#8795a1", "#e9eef0"
_PANEL_INCHES = (2.5, 2.15)
_NAMES_INCHES = 1.5


def draw_errors(path: Path, judged: Sequence[Judged]) -> None:
    """Draw a row of panels a data set; the contestants stand in one order, the best of the first panel on top."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    splits = list(dict.fromkeys(split for one in judged for split in one.splits()))
    size = (_NAMES_INCHES + _PANEL_INCHES[0] * len(splits), 0.35 + _PANEL_INCHES[1] * len(judged))
    figure = Figure(figsize=size, layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.08, h_pad=0.08)
    panels = figure.subplots(len(judged), len(splits), squeeze=False, sharey=True)
    order = [row["family"] for row in judged[0].rows(judged[0].splits()[0])][::-1]
    for one, line in zip(judged, panels, strict=True):
        for split, axes in zip(splits, line, strict=True):
            _draw_panel(axes, one, split, order)
            axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        line[0].set_ylabel(one.data.name, color=_INK, fontsize=11, fontweight="bold", labelpad=10)
    for axes, split in zip(panels[0], splits, strict=True):
        axes.set_title(f"{split} split", loc="left", color=_INK, fontsize=11, fontweight="bold")
    figure.supxlabel("mean absolute error, in points of popularity; bars span 90 %", color=_INK, fontsize=10)
    figure.savefig(path, dpi=180, metadata={"Software": None})


def _draw_panel(axes: Any, judged: Judged, split: str, order: Sequence[str]) -> None:
    found = {row["family"]: row for row in judged.rows(split)}
    for height, family in enumerate(order):
        row = found.get(family)
        if row is None:
            continue
        colour = _ACCENT if family == NETWORK.family else _SOFT
        low, high = row["mae_low"] or row["mae"], row["mae_high"] or row["mae"]
        axes.plot([low, high], [height, height], color=colour, linewidth=3, alpha=0.45, solid_capstyle="round")
        axes.plot(row["mae"], height, "o", color=colour, markersize=6)
        axes.annotate(
            f"{row['mae']:.2f}",
            (high, height),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=_ACCENT if family == NETWORK.family else _INK,
            fontweight="bold" if family == NETWORK.family else "normal",
        )
    if NETWORK.family in found:
        axes.axvline(found[NETWORK.family]["mae"], color=_ACCENT, linewidth=0.8, alpha=0.5, zorder=0)
    ends = [row[name] or row["mae"] for row in found.values() for name in ("mae_low", "mae_high")]
    if ends:
        reach = max(ends) - min(ends)
        axes.set_xlim(min(ends) - 0.06 * reach - 0.05, max(ends) + 0.3 * reach + 0.05)
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.set_yticks(range(len(order)), [FAMILIES[family] for family in order], fontsize=10, color=_INK)
    axes.tick_params(axis="both", length=0, labelsize=10, labelcolor=_INK)
    for label, family in zip(axes.get_yticklabels(), order, strict=False):  # only the first panel of a row has them
        if family == NETWORK.family:
            label.set(color=_ACCENT, fontweight="bold")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
