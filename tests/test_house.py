"""The house rules that a machine can hold: imports, names, docs, suites."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from songpop import resources, warehouse
from songpop.cli import COMMANDS
from songpop.settings import DEFAULT_CRON

_ROOT = Path(__file__).resolve().parents[1]
_MODULES = sorted((_ROOT / "songpop").rglob("*.py"))
_FLOWS = sorted((_ROOT / "flows").glob("*.py"))

# library -> where it may be imported
_HOMES = {
    "prefect": {"flows", "scheduling.py"},
    "flask": {"web"},
    "spotipy": {"sources"},
    "great_expectations": {"expectations.py", "datadocs.py"},
    "tensorflow": {"estimators"},
    "keras": {"estimators"},
    "lightgbm": {"estimators"},
    "kagglehub": {"sources/kaggle.py"},
    "matplotlib": {"card_plots.py"},
}
_HEAVY = (
    "tensorflow",
    "keras",
    "great_expectations",
    "lightgbm",
    "prefect",
    "kagglehub",
    "spotipy",
    "flask",
    "matplotlib",
)


def _imports(path: Path) -> list[tuple[str, bool]]:
    """Return the top-level package of every import of a file, and whether it runs when the file is imported."""
    tree = ast.parse(path.read_text())
    at_import = {
        node
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Module)
        for node in statement.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], node in at_import) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module.split(".")[0], node in at_import))
    return found


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_library_is_imported_only_where_it_lives_and_a_heavy_one_only_when_used(path: Path) -> None:
    place = str(path.relative_to(_ROOT / "songpop"))
    for library, at_import in _imports(path):
        if library in _HOMES:
            assert any(place == home or place.startswith(home) for home in _HOMES[library]), f"{library} in {place}"
        assert not (library in _HEAVY and at_import), f"{place} imports {library} when it is imported"


@pytest.mark.parametrize("path", _MODULES + _FLOWS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_module_and_public_function_says_what_it_does(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{path.name} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            parents = [other for other in ast.walk(tree) if node in ast.iter_child_nodes(other)]
            if all(isinstance(parent, (ast.Module, ast.ClassDef)) for parent in parents):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    if path.name != "settings.py":
        assert not re.search(r"os\.(environ|getenv)", path.read_text())


def test_no_module_has_a_name_that_says_nothing_or_outgrows_a_room() -> None:
    for path in _MODULES:
        assert path.stem not in {"utils", "helpers", "common", "core", "misc"}
        assert path.read_text().count("\n") <= 400, f"{path.name} is too long"


def test_help_imports_no_heavy_library() -> None:
    child = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "songpop", "--help"], capture_output=True, text=True, check=True
    )

    imported = {line.split("|")[-1].strip().split(".")[0] for line in child.stderr.splitlines() if "|" in line}
    assert "songpop nightly" in child.stdout
    assert imported.isdisjoint({*_HEAVY, "polars", "rich", "pyarrow", "duckdb"})


@pytest.mark.parametrize(
    "schema", ["raw", "staging", "marts", "ledger", "checks", "exports", "frames", "enrich", "lookups"]
)
def test_every_sql_file_opens_with_its_contract(schema: str) -> None:
    paths = resources.sql_paths(schema)
    assert paths
    for path in paths:
        assert path.read_text().startswith("-- "), f"sql/{schema}/{path.name} has no header"
        assert path.read_text().count("\n") <= 140, f"sql/{schema}/{path.name} is too long"


def test_every_mart_has_a_file_and_a_place_in_the_build_order() -> None:
    assert sorted(path.stem for path in resources.sql_paths("marts")) == sorted(warehouse.BUILD_ORDER)


def test_the_readme_names_every_command_and_mart() -> None:
    readme = (_ROOT / "README.md").read_text()
    for name in COMMANDS:
        assert f"songpop {name}" in readme, f"README does not tell of songpop {name}"
    for name in warehouse.BUILD_ORDER:
        assert f"marts.{name}" in readme, f"README does not tell of marts.{name}"


def test_the_readme_has_no_gap_and_every_picture_is_there() -> None:
    readme = (_ROOT / "README.md").read_text()
    assert "@@" not in readme
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme)
    assert pictures
    for picture in pictures:
        assert (_ROOT / picture).is_file(), picture


def test_the_readme_lists_every_setting_and_every_part_of_the_package() -> None:
    readme = (_ROOT / "README.md").read_text()
    for name in set(re.findall(r"(?:SONGPOP|SPOTIPY)_[A-Z_]+", (_ROOT / "songpop" / "settings.py").read_text())):
        assert f"`{name}`" in readme, f"README does not tell of {name}"
    for path in (_ROOT / "songpop").glob("*.py"):
        if not path.name.startswith("_") and path.name not in {"console.py", "doctor.py", "errors.py", "ids.py"}:
            assert path.stem in readme, f"README's layout does not tell of {path.name}"


def test_the_deployment_has_the_cron_line_of_the_settings() -> None:
    assert f'cron: "{DEFAULT_CRON}"' in (_ROOT / "prefect.yaml").read_text()


def test_the_lock_file_holds_every_requirement_with_a_hash_and_no_address() -> None:
    lock = (_ROOT / "requirements.lock").read_text()
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    locked = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+).*\\\n\s+--hash=sha256:", lock, re.MULTILINE))
    for requirement in wanted:
        name = re.split(r"[<>=]", requirement)[0].strip().lower()
        assert name in locked, f"{name} is not in requirements.lock"
    assert "://" not in lock
    assert "index" not in re.sub(r"[a-z-]*index[a-z-]*==", "", lock)
