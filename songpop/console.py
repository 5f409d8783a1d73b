"""Words and progress for a person, on stderr: a bar on a terminal, plain lines in a log file."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Advance = Callable[..., None]

_SECONDS_BETWEEN_LINES = 10.0


def say(text: str) -> None:
    """Write one line of words to stderr."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Advance]:
    """Show how far a long piece of work is; yield `advance(n=1, note=None)`.

    On a terminal this is a bar with rate and time left; elsewhere a line every ten seconds.
    """
    if sys.stderr.isatty():
        yield from _bar(label, total, unit)
    else:
        yield from _lines(label, total, unit)


def _bar(label: str, total: float | None, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}" + ("/{task.total:,.0f}" if total else "") + f" {unit}"),
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
    told_at = time.monotonic()

    def advance(n: float = 1, note: str | None = None) -> None:
        nonlocal done, told_at
        done += n
        if time.monotonic() - told_at >= _SECONDS_BETWEEN_LINES:
            told_at = time.monotonic()
            of = f" of {total:,.0f}" if total else ""
            say(f"  {label}: {done:,.0f}{of} {unit}{' ' + note if note else ''}".rstrip())

    yield advance


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, to_stderr: bool = True) -> None:
    """Print a small table for a person; numbers stand right."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        is_number = bool(rows) and all(isinstance(row[number], (int, float, type(None))) for row in rows)
        grid.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_shown(value) for value in row))
    width = None if sys.stderr.isatty() or sys.stdout.isatty() else 160
    Console(stderr=to_stderr, width=width, soft_wrap=False).print(grid)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"
    return str(value)
