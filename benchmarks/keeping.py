"""Predictions kept on disk: a cut run goes on where it was, and an unchanged contestant is not fitted again."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import polars as pl

from benchmarks.contestants import Budget
from songpop import audio_features
from songpop.evaluation import Split
from songpop.evaluation.contestants import BASELINES, BENCHMARK, NETWORK
from songpop.features import declared

PACKAGES = ("keras", "tensorflow", "lightgbm", "numpy", "polars")
_BENCHMARKS = Path(__file__).resolve().parent
_SONGPOP = _BENCHMARKS.parent / "songpop"
_FEATURES = (
    _SONGPOP / "audio_features.py",
    *sorted((_SONGPOP / "features").glob("*.py")),
    _SONGPOP / "evaluation" / "encoding.py",
    _SONGPOP / "estimators" / "dead_ids.py",
)
_ESTIMATORS = (
    # but for how picks are judged, which predicts nothing
    *sorted(path for path in (_SONGPOP / "estimators").glob("*.py") if path.name != "picks.py"),
    _SONGPOP / "evaluation" / "contestants.py",
)
_SPLITS = _SONGPOP / "evaluation" / "splits.py"
# What the peers that do not read the product's features take from their declaration.
_COLUMNS = (
    declared.conform,
    declared.fill_gaps,
    declared.has_analysis,
    declared.usual_values,
    repr((audio_features.MEASURES, audio_features.CLASSES, declared.ANALYSIS, list(declared.MODEL_COLUMNS))),
)
_OUTPUTS = (_SONGPOP / "estimators" / "__init__.py", _BENCHMARKS / "peer_parts.py")
Part = Path | str | Callable[..., object]
# What decides each family's predictions, besides its rows, its budget and the packages.
_CODE: dict[str, tuple[Part, ...]] = {
    NETWORK.family: (
        *_FEATURES,
        *_ESTIMATORS,
        _SONGPOP / "scoring" / "album_picks.py",
        _SONGPOP / "training" / "competing.py",
    ),
    **{kind.family: (*_FEATURES, *_ESTIMATORS) for kind in (BENCHMARK, *BASELINES)},
    "course_recipe": (*_COLUMNS, *_OUTPUTS, _BENCHMARKS / "course.py"),
    "lightgbm_tuned": (*_FEATURES, *_ESTIMATORS, _BENCHMARKS / "peer_trees.py"),
}
_PEERS = ("course_recipe", "lightgbm_tuned")


class KeptPredictions:
    """The store of one data set: a Parquet file a split, seed and family, named by a hash of what decides it.

    Args:
        folder: of the files; made with the first one.
        data: hash of the frame, as `hash_frame` computes it.
        codes: hash of the code of each family.
    """

    def __init__(self, folder: Path, data: str, codes: Mapping[str, str]) -> None:
        """Look at nothing yet."""
        self.folder, self.data, self.codes = folder, data, codes

    def path_of(self, split: Split, family: str) -> Path:
        """Name the file of one fit."""
        rows = (split.manifest["train_rows_sha256"], split.manifest["test_rows_sha256"])
        key = _sha256("\n".join([self.data, *rows, self.codes[family]]))[:16]
        return self.folder / f"{split.name}-{split.seed}-{family}-{key}.parquet"

    def load(self, split: Split, family: str) -> tuple[pl.DataFrame, float] | None:
        """Return predictions and the seconds they took, or None."""
        path = self.path_of(split, family)
        if not path.is_file():
            return None
        return pl.read_parquet(path), float(pl.read_parquet_metadata(path)["seconds"])

    def save(self, split: Split, family: str, predictions: pl.DataFrame, seconds: float) -> None:
        """Keep predictions and the seconds they took; the file appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path_of(split, family)
        unfinished = path.with_suffix(".unfinished")
        predictions.write_parquet(unfinished, metadata={"seconds": str(seconds)})
        unfinished.replace(path)


def hash_frame(frame: pl.DataFrame) -> str:
    """Hash all that a training frame holds."""
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()


def hash_families(budget: Budget) -> dict[str, str]:
    """Hash the code of every family, with the packages it runs on and, for the peers, what they may spend."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    budgets = {family: repr(budget) for family in _PEERS}
    return {family: hash_code([*parts, budgets.get(family, ""), versions]) for family, parts in _CODE.items()}


def hash_code(parts: Iterable[Part]) -> str:
    """Hash files, functions and texts; comments, docstrings and layout do not count."""
    return _sha256("\n".join(part if isinstance(part, str) else _syntax(part) for part in parts))


def _syntax(part: Path | Callable[..., object]) -> str:
    text = part.read_text() if isinstance(part, Path) else textwrap.dedent(inspect.getsource(part))
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
