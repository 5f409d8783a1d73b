"""Words and progress for a person, on stderr: a bar on a terminal, plain lines in a log file."""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

Advance = Callable[..., None]
Progress = Callable[..., AbstractContextManager[Advance]]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SECONDS_BETWEEN_LINES = 10.0
_WIDTH_OF_A_LOG = 160
_NARROWEST_CUT = 14


def say(text: str) -> None:
    """Write one line of words to stderr."""
    print(text, file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """Return a text of somebody else's without newlines, escape codes and their like, which would move a terminal."""
    return _CONTROL.sub(" ", text)


@contextmanager
def progress(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Advance]:
    """Show how far a long piece of work is; yield `advance(n=1, note=None)`.

    On a terminal this is a bar with rate and time left; elsewhere a line every ten seconds.
    """
    if sys.stderr.isatty():
        yield from _bar(label, total, unit)
    else:
        yield from _lines(label, total, unit)


@contextmanager
def no_progress(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Advance]:
    """Stand in for `progress` and show nothing."""
    yield lambda n=1, note=None: None


def _bar(label: str, total: float | None, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            """Tell how many are done in a second."""
            return Text("" if not task.speed else f"{task.speed:,.{0 if task.speed >= 10 else 1}f}/s")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}" + ("/{task.total:,.0f}" if total else "") + f" {unit}"),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total, note="")

        def advance(n: float = 1, note: str | None = None) -> None:
            bar.update(task, advance=n)
            if note is not None:
                bar.update(task, note=note)

        yield advance


def _lines(label: str, total: float | None, unit: str) -> Iterator[Advance]:
    done = 0.0
    began = shown_at = time.monotonic()

    def advance(n: float = 1, note: str | None = None) -> None:
        nonlocal done, shown_at
        done += n
        if time.monotonic() - shown_at >= _SECONDS_BETWEEN_LINES:
            shown_at = time.monotonic()
            of = f" of {total:,.0f}" if total else ""
            rate = f", {done / (shown_at - began):,.1f} a second"
            say(f"  {label}: {done:,.0f}{of} {unit}{rate}{'; ' + note if note else ''}".rstrip())

    yield advance


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    to_stderr: bool = True,
    decimals: int | Sequence[int] = 2,
) -> None:
    """Print a table for a person: numbers stand right, and the longest texts are cut until a row fits the line.

    Args:
        title: a line above it, empty for none.
        columns: the heads; years are written without a comma.
        rows: the cells.
        to_stderr: stdout otherwise.
        decimals: of fractions, which have three below 1; or exactly so many, one number a column.
    """
    from rich.cells import cell_len, set_cell_size

    stream = sys.stderr if to_stderr else sys.stdout
    heads = [column.replace("_", " ") for column in columns]
    exact = [None] * len(heads) if isinstance(decimals, int) else list(decimals)
    usual = decimals if isinstance(decimals, int) else 0
    shown = [
        [_cell(head, value, usual, places) for head, value, places in zip(heads, row, exact, strict=True)]
        for row in rows
    ]
    is_number = [
        bool(rows) and all(isinstance(v, (int, float, type(None))) for v in values)
        for values in zip(*rows, strict=True)
    ]
    widths = _fitting(
        [max(map(cell_len, values)) for values in zip(heads, *shown, strict=True)],
        shutil.get_terminal_size((_WIDTH_OF_A_LOG, 0)).columns,
    )

    def line(cells: Sequence[str]) -> str:
        parts = []
        for cell, width, right in zip(cells, widths, is_number or [False] * len(heads), strict=True):
            cut = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
            blanks = " " * (width - cell_len(cut))
            parts.append(blanks + cut if right else cut + blanks)
        return "  ".join(parts).rstrip()

    above = [title] if title else []
    print("\n".join([*above, line(heads), *(line(cells) for cells in shown)]), file=stream, flush=True)


def _fitting(widths: list[int], total: int) -> list[int]:
    """Narrow the widest columns, one character at a time, until all fit into `total` or none is wide any more."""
    widths = list(widths)
    while sum(widths) + 2 * (len(widths) - 1) > total and max(widths) > _NARROWEST_CUT:
        widths[widths.index(max(widths))] -= 1
    return widths


def decimals_of(values: Sequence[Any], most: int = 3) -> int:
    """Return how many decimals the numbers of a column need, at most so many."""
    numbers = [value for value in values if isinstance(value, float)]
    return next((places for places in range(most) if all(round(v, places) == v for v in numbers)), most)


def _cell(head: str, value: Any, usual: int, places: int | None) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and head.rpartition(" ")[2] == "year":
        return str(value)
    return f"{value:,.{places}f}" if places is not None and isinstance(value, float) else _shown(value, usual)


def _shown(value: Any, decimals: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.{decimals}f}"
    return one_line(str(value))
