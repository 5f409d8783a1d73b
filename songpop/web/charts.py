"""Charts as SVG, drawn on the server: no colour of their own, they take them from the style sheet by class."""

from collections.abc import Sequence
from html import escape
from typing import Any

_BIN_CLASSES = {"p_0_25": "bin-1", "p_26_50": "bin-2", "p_51_75": "bin-3", "p_76_100": "bin-4"}
_LEFT, _BOTTOM, _SIDE = 44, 40, 300


def interval(low: float, high: float, score: float, *, beside: tuple[float, float] | None = None) -> str:
    """Draw a 90 % interval and its score on a line from 0 to 100; with it the interval of another song to compare."""
    label = f"Score {score:.1f}, 90 % interval {low:.0f} to {high:.0f}"
    other = ""
    if beside is not None:
        width = max(beside[1] - beside[0], 0.5)
        other = f'<rect class="beside" x="{beside[0]:.2f}" width="{width:.2f}" y="0" height="20"/>'
    return (
        f'<svg class="interval" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<rect class="line" x="0" y="9.5" width="100" height="1"/>'
        f"{other}"
        f'<rect class="range" x="{low:.2f}" y="6" width="{max(high - low, 0.5):.2f}" height="8"/>'
        f'<rect class="point" x="{min(max(score - 0.6, 0), 98.8):.2f}" y="2" width="1.2" height="16"/></svg>'
    )


def bar(share: float, name: str = "share") -> str:
    """Draw a bar from the left, for a share of 0 to 1; the number stands beside it."""
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="line" x="0" y="0" width="100" height="10"/>'
        f'<rect class="{name}" x="0" y="0" width="{100 * min(max(share, 0), 1):.2f}" height="10"/></svg>'
    )


def push(points: float, largest: float) -> str:
    """Draw a bar to the left (down) or right (up) of the middle; the number stands beside it."""
    size = 50 * min(abs(points) / max(largest, 1e-9), 1)
    x = 50 - size if points < 0 else 50
    return (
        f'<svg class="push" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{"down" if points < 0 else "up"}" x="{x:.2f}" y="1" width="{size:.2f}" height="8"/>'
        f'<rect class="middle" x="49.8" y="0" width="0.4" height="10"/></svg>'
    )


def dots(low: float, high: float, value: float, *, start: float, end: float, rule: float | None = None) -> str:
    """Draw a value with its interval on a line from start to end, with an upright rule to hold it against."""

    def at(x: float) -> float:
        return 100 * min(max((x - start) / (end - start), 0), 1)

    upright = "" if rule is None else f'<rect class="rule" x="{at(rule) - 0.2:.2f}" y="0" width="0.4" height="20"/>'
    return (
        f'<svg class="interval" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="line" x="0" y="9.5" width="100" height="1"/>{upright}'
        f'<rect class="range" x="{at(low):.2f}" y="7" width="{max(at(high) - at(low), 0.5):.2f}" height="6"/>'
        f'<rect class="point" x="{min(max(at(value) - 0.6, 0), 98.8):.2f}" y="3" width="1.2" height="14"/></svg>'
    )


def reliability(points: Sequence[dict[str, Any]]) -> str:
    """Draw how often each probability came true: on the diagonal it came true as often as it said."""
    drawn = [_frame()]
    for name, css in _BIN_CLASSES.items():
        found = [point for point in points if point["bin"] == name]
        path = " ".join(f"{_x(point['chance'])},{_y(point['share'])}" for point in found)
        drawn.append(f'<g class="{css}"><polyline class="curve" points="{path}"/>')
        for point in found:
            x = _x(point["chance"])
            title = f"Given {point['chance']:.0%}, came true {point['share']:.0%} of {point['n']:,}"
            drawn.append(
                f'<line class="whisker" x1="{x}" x2="{x}" y1="{_y(point["low"])}" y2="{_y(point["high"])}"/>'
                f'<circle class="dot" cx="{x}" cy="{_y(point["share"])}" r="4"><title>{escape(title)}</title></circle>'
            )
        drawn.append("</g>")
    return (
        f'<svg class="plot" viewBox="0 0 {_LEFT + _SIDE + 22} {_SIDE + _BOTTOM + 12}" role="img" '
        f'aria-label="Predicted probability against the share that came true, for each of four bins">'
        f"{''.join(drawn)}</svg>"
    )


def _x(share: float) -> str:
    return f"{_LEFT + _SIDE * share:.1f}"


def _y(share: float) -> str:
    return f"{8 + _SIDE * (1 - share):.1f}"


def _frame() -> str:
    lines = []
    for tenths in range(0, 11, 2):
        share = tenths / 10
        lines.append(f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(share)}" y2="{_y(share)}"/>')
        lines.append(f'<line class="grid" x1="{_x(share)}" x2="{_x(share)}" y1="{_y(0)}" y2="{_y(1)}"/>')
        lines.append(f'<text class="tick end" x="{_LEFT - 8}" y="{float(_y(share)) + 4:.1f}">{share:.0%}</text>')
        lines.append(f'<text class="tick mid" x="{_x(share)}" y="{_SIDE + 26}">{share:.0%}</text>')
    lines.append(f'<line class="diagonal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    lines.append(f'<text class="axis mid" x="{_x(0.5)}" y="{_SIDE + 46}">predicted probability</text>')
    return "".join(lines)
