"""A model version's folder: what the files in it are called, and the one way in which they are written and read.

A version appears under its name complete or not at all, and a file of it that is missing or broken is a ModelError.
A reader that also takes versions of before the file says so: it calls `read_optional_...`. The encoder and the
estimators name what they keep for themselves (tables, weights, scaling) in their own modules, and read it under
`reading` as well.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from songpop.errors import ModelError

if TYPE_CHECKING:
    import polars as pl

# what a person reads, with the pictures in it
CARD = "card.md"
RELIABILITY_PLOT = "reliability.png"
SCATTER_PLOT = "predicted_observed.png"
ERRORS_PLOT = "errors_by_release.png"
IMPORTANCE_PLOT = "importance.png"
# how the version was fitted and judged
METRICS = "metrics.json"
# the features and what they learned, the typical track, and where the training tracks lie
FEATURES = "features.json"
# how the training tracks lie, for drift
REFERENCE = "reference.json"
# the headline's test tracks beside what was predicted for them
PREDICTIONS = "eval_predictions.parquet"
# the songs of its albums beside the chances that each seed gave them
ALBUM_PREDICTIONS = "album_predictions.parquet"
# where each row stood in each split
SPLITS = "splits.parquet"
# hashes of the training tracks
TRAINED_ON = "trained_on.parquet"

# what the families of a version stood for before it said so itself; all others were baselines
_ROLES_OF_BEFORE = {"keras": "network", "lightgbm": "benchmark"}


@contextmanager
def writing(models_dir: Path, model_version: str) -> Iterator[Path]:
    """Lend a folder to write a version into; what is written appears under the version's name complete or not at all.

    The same version fitted again replaces the old files.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=models_dir))
    try:
        yield folder
        _move(folder, models_dir / model_version)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move(folder: Path, target: Path) -> None:
    if target.exists():
        old = target.with_name(f".replaced-{target.name}")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(target)
    target.chmod(0o755)


def write_json(folder: Path, name: str, document: dict[str, Any]) -> None:
    """Write a document that a person can read as well."""
    (folder / name).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def reading(folder: Path, *names: str) -> Iterator[None]:
    """Read some files of a version; whatever goes wrong with them is one kind of error.

    Raises:
        ModelError: a file is missing, or is not as training wrote it.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # of JSON, Parquet, LightGBM or onnxruntime, each with errors of its own
        raise ModelError(
            f"A model version must lie complete in its folder, however {_listed(names)} of '{folder.name}' can't be "
            f"read ({type(error).__name__}: {error}). Train again with `songpop train`."
        ) from error


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read a document.

    Raises:
        ModelError: the file is missing, or is not JSON of a mapping.
    """
    with reading(folder, name):
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise TypeError(f"it holds a {type(document).__name__}")
        return document


def read_optional_json(folder: Path, name: str) -> dict[str, Any] | None:
    """Read a document, as `read_json` does; None where there is no such file, as in versions of before it."""
    return read_json(folder, name) if (folder / name).exists() else None


def read_parquet(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pl.DataFrame":
    """Read a table, or some columns of it.

    Raises:
        ModelError: the file is missing, broken, or lacks a column.
    """
    import polars as pl

    with reading(folder, name):
        return pl.read_parquet(folder / name, columns=None if columns is None else list(columns))


def read_optional_parquet(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pl.DataFrame | None":
    """Read a table, as `read_parquet` does; None where there is no such file, as in versions of before it."""
    return read_parquet(folder, name, columns) if (folder / name).exists() else None


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read how a version was fitted and judged; rows of `scoreboard` and `measures` have a `role` in every version.

    Raises:
        ModelError: metrics.json is missing, or is not as training wrote it.
    """
    metrics = read_json(folder, METRICS)
    with reading(folder, METRICS):
        for row in (*metrics.get("scoreboard", ()), *metrics.get("measures", ())):
            row.setdefault("role", _ROLES_OF_BEFORE.get(row["family"], "baseline"))
    return metrics


def read_optional_metrics(folder: Path) -> dict[str, Any] | None:
    """Read how a version was fitted and judged, as `read_metrics` does; None where its folder is not at hand."""
    return read_metrics(folder) if (folder / METRICS).exists() else None
