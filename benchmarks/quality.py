"""Hold every contestant against the same rows of every split, and write what was found.

    python -m benchmarks.quality --tracks spotify_data.csv --artists artists.csv --seeds 0 1 2

Without files it takes the real ones where they lie beside the checkout, else a synthetic sample. Predictions are kept
in reports/quality/, so a run that was cut goes on where it was. The page and the plot go to docs/.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.contestants import Budget
from benchmarks.fitting import DataSet, all_contestants, missing_fits, run_fits
from benchmarks.keeping import KeptPredictions
from benchmarks.quality_page import render_page
from benchmarks.quality_plot import draw_errors
from benchmarks.quality_tables import Judged, headline_tables
from songpop import console, warehouse
from songpop.evaluation import HEADLINE, SPLITS
from songpop.evaluation.contest import Contestant, evaluate_models
from songpop.evaluation.contestants import BENCHMARK, NETWORK
from songpop.evaluation.encoding import encode_with
from songpop.features import FeatureEncoder
from songpop.pipeline import load
from songpop.pipeline.load import Inputs
from songpop.run import open_run
from songpop.settings import Settings
from songpop.sources.sample import write_sample

_ROOT = Path(__file__).resolve().parents[1]
_REAL_DATA = _ROOT.parent / "shared" / "data"
_REAL_FILES = (
    {"tracks": "kaggle_sample.csv", "artists": "artist_popularity.csv"},
    {"tracks": "spotify_tracks.csv", "albums": "track_albums.csv", "artists": "artist_popularity.csv"},
)
_SAMPLE_ROWS = 20_000
_AS_OF = date(2026, 11, 22)
_QUICK = Budget(course_epochs=2, tries=2, most_trees=50)
# The headline first.
_ORDER = tuple(sorted(SPLITS, key=lambda name: (name != HEADLINE, name)))
_SLICED = (NETWORK.family, BENCHMARK.family)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark, write docs/quality.md and its plot, and print the headline as Markdown."""
    options = _read_options(arguments)
    budget = _QUICK if options.quick else Budget(tries=options.tries)
    sets = load_data_sets(options.files, options.rows)
    stores = [data.store(options.keep, budget) for data in sets]
    fits = [
        fit
        for data, store in zip(sets, stores, strict=True)
        for fit in missing_fits(data, store, _ORDER, options.seeds, budget, options.threads)
    ]
    run_fits(fits, options.jobs, console.say)
    judged = []
    for data, store in zip(sets, stores, strict=True):
        console.say(f"judging on {data.name}: {data.frame.height:,} tracks")
        judged.append(judge(data, all_contestants(budget), options.seeds, options.threads, store))
    options.out.mkdir(parents=True, exist_ok=True)
    draw_errors(options.out / "quality.png", judged)
    (options.out / "quality.md").write_text(render_page(judged, budget, jobs=options.jobs, threads=options.threads))
    sys.stdout.write(headline_tables(judged))


def judge(
    data: DataSet, contestants: Sequence[Contestant], seeds: Sequence[int], threads: int, store: KeptPredictions
) -> Judged:
    """Measure all contestants on one data set; what is not kept yet is fitted."""
    contest = evaluate_models(
        data.frame,
        contestants,
        seeds={name: list(seeds) for name in _ORDER},
        threads=threads,
        encode=encode_with(FeatureEncoder),
        progress=lambda line: None,
        store=store,
        sliced=_SLICED,
        compare=NETWORK.family,
    )
    return Judged(data, contest, list(seeds))


def load_data_sets(files: Sequence[dict[str, Path]], n_rows: int | None) -> list[DataSet]:
    """Load each set of files through a warehouse of its own, as `songpop load` does.

    Args:
        files: `tracks`, and perhaps `artists` and `albums`, of each set; none for the real or the synthetic ones.
        n_rows: keep a sample of so many rows of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        if not files and _REAL_DATA.is_dir():
            files = [{kind: _REAL_DATA / name for kind, name in named.items()} for named in _REAL_FILES]
        elif not files:
            sample = write_sample(Path(folder) / "sample", n_rows or _SAMPLE_ROWS, 0, as_of_date=_AS_OF)
            files = [{"tracks": sample.tracks, "artists": sample.artists, "albums": sample.albums}]
        return [_load(one, Path(folder) / str(number), n_rows) for number, one in enumerate(files)]


def _load(files: dict[str, Path], home: Path, n_rows: int | None) -> DataSet:
    settings = Settings.from_env({}, home=home)
    with open_run(settings, "load", as_of_date=_AS_OF) as run:
        load.load(run, Inputs(**files))  # type: ignore[arg-type]
        with run.warehouse() as con:
            frame = warehouse.read_frame(con, "training")
    if n_rows is not None and n_rows < frame.height:
        frame = frame.sample(n_rows, seed=0)
    return DataSet(files["tracks"].stem.split(".")[0].replace("_", " "), frame.sort("track_id"))


class _AddFile(argparse.Action):
    """Gather files into sets: each --tracks begins one."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, value: Any, option: str | None = None) -> None:
        kind = (option or "").removeprefix("--")
        if kind == "tracks":
            namespace.files = [*namespace.files, {}]
        if not namespace.files:
            parser.error(f"{option} must follow the --tracks that it belongs to")
        namespace.files[-1][kind] = value


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(files=[])
    for kind in ("tracks", "artists", "albums"):
        text = f"a {kind} file" + ("; repeat for more data sets" if kind == "tracks" else " of the --tracks before it")
        parser.add_argument(f"--{kind}", type=Path, action=_AddFile, metavar="FILE", dest="files", help=text)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of every split [0 1 2]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="fits at a time [all cores]")
    parser.add_argument("--threads", type=int, default=1, help="threads of each fit [1]")
    parser.add_argument("--rows", type=int, help="judge on a sample of so many rows of each data set")
    parser.add_argument("--tries", type=int, default=0, help="let LightGBM compete with so many settings too [0]")
    parser.add_argument("--quick", action="store_true", help="tiny budgets for the peers, to see that it runs")
    parser.add_argument("--keep", type=Path, default=_ROOT / "reports" / "quality", help="folder of predictions")
    parser.add_argument("--out", type=Path, default=_ROOT / "docs", help="folder of the page and the plot")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
