"""Time every step of a night on a synthetic sample, each as the command that a person would type.

    python -m benchmarks.night --rows 1159764

Each step runs in its own process, so that its peak memory is its own. Start-up is part of the figure, as it is
part of a night.
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

from songpop import __version__
from songpop.reporting.night_report import markdown_table

_AS_OF = date(2026, 11, 22)


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
    sources = [word for name, path in files.items() for word in (f"--{name}", path)]
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
    rows = []
    for name, arguments in commands.items():
        measured = measure(name, arguments)
        rows.append(
            [
                name,
                f"{measured.seconds:.1f}",
                f"{measured.cpu_seconds:.1f}",
                f"{n_rows / measured.seconds:,.0f}",
                f"{measured.peak_mb:,.0f}",
            ]
        )
    head = (
        f"songpop {__version__}, {n_rows:,} synthetic tracks, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores ({platform.machine()}), {date.today().isoformat()}\n\n"  # noqa: DTZ011
    )
    return head + markdown_table(["step", "seconds", "cpu seconds", "rows a second", "peak MB"], rows) + "\n"


def measure(name: str, arguments: list[str]) -> Measured:
    """Run one songpop command to its end and measure it.

    Raises:
        SystemExit: the command failed; its words are shown.
    """
    with tempfile.TemporaryFile() as words:
        started = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-m", "songpop", *arguments], stdout=words, stderr=words)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            words.seek(0)
            raise SystemExit(f"{name} failed:\n{words.read().decode()}")
    print(f"{name}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return Measured(name, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
