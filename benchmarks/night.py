"""Time every step of a night on a synthetic sample, each as the command that a person would type.

    python -m benchmarks.night --rows 1159764

Each step runs in its own process, so that its peak memory is its own. Start-up is part of the figure, as it is
part of a night. A step's rows are those that it worked on itself, so that its rows a second are its own too.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from songpop import __version__
from songpop.reporting.night_report import markdown_table
from songpop.training.train import count_fits

_AS_OF = date(2026, 11, 22)
_COLUMNS = ["step", "rows", "seconds", "cpu seconds", "rows a second", "peak MB"]
# the rows of each step that works on some: lines written, rows loaded, tracks learned from, releases scored and listed
_ROWS = {
    "sample": "select sum(n_rows + n_rejected) from marts.snapshots where newness = 1",
    "load": "select sum(n_rows) from marts.snapshots where newness = 1",
    "train": "select max_by(n_tracks, registered_at) from ledger.model_versions",
    "score": "select count(*) from ledger.scores where run_id = (select max(run_id) from ledger.scores)",
    "export": "select count(*) from marts.ranked_releases",
}


@dataclass(frozen=True)
class Measured:
    """One command's wall time, processor time and peak memory."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


def main() -> None:
    """Run the benchmark and print its table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the tracks file")
    parser.add_argument("--home", type=Path, help="folder to work in and keep [a temporary one]")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        text = run_benchmark(options.rows, options.home or Path(temporary))
    sys.stdout.write(text)
    if options.out:
        options.out.write_text(text)


def run_benchmark(n_rows: int, home: Path) -> str:
    """Time each step in its own process and return the table."""
    sample = home / "sample"
    files = {name: str(sample / f"synthetic_{name}.csv") for name in ("tracks", "artists", "albums", "releases")}
    sources = [argument for name, path in files.items() for argument in (f"--{name}", path)]
    dated = ["--home", str(home), "--as-of", _AS_OF.isoformat()]
    commands = {
        "sample": ["sample", "--rows", str(n_rows), "--out", str(sample), *dated],
        "load": ["load", *sources, *dated],
        "load again": ["load", *sources, *dated],
        "check": ["check", *dated],
        "train": ["train", *dated],
        "score": ["score", *dated],
        "publish": ["publish", *dated],
        "export": ["export", "releases", "--out", str(home / "releases.xlsx"), "--home", str(home)],
    }
    measured = [measure(name, arguments) for name, arguments in commands.items()]
    with duckdb.connect(str(home / "warehouse" / "songpop.duckdb"), read_only=True) as con:
        n_rows_of = count_rows(con)
    head = (
        f"songpop {__version__}, {n_rows:,} synthetic tracks, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores ({platform.machine()}), {date.today().isoformat()}\n\n"  # noqa: DTZ011
    )
    return head + markdown_table(_COLUMNS, [to_row(step, n_rows_of.get(step.name)) for step in measured]) + "\n"


def count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the rows that each step worked on, in the warehouse that one benchmark has filled.

    Loading the same files again loads none; a check and a publish go through most tables, and more than once.
    """
    return {name: int(con.execute(query).fetchall()[0][0]) for name, query in _ROWS.items()}


def to_row(step: Measured, n_rows: int | None) -> list[str]:
    """Write one line of the table; a step without rows has no rows a second."""
    fits = f" ({count_fits(n_rows)} fits)" if step.name == "train" and n_rows else ""
    return [
        f"{step.name}{fits}",
        "" if n_rows is None else f"{n_rows:,}",
        f"{step.seconds:.1f}",
        f"{step.cpu_seconds:.1f}",
        f"{n_rows / step.seconds:,.0f}" if n_rows else "",
        f"{step.peak_mb:,.0f}",
    ]


def measure(name: str, arguments: list[str]) -> Measured:
    """Run one songpop command to its end and measure it.

    Raises:
        SystemExit: the command failed; what it wrote is shown.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-m", "songpop", *arguments], stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            raise SystemExit(f"{name} failed:\n{output.read().decode()}")
    print(f"{name}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return Measured(name, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
