"""The house rules that a machine can hold: imports, names, docs, suites."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from songpop import model_folder, resources, warehouse
from songpop.settings import DEFAULT_CRON

_ROOT = Path(__file__).resolve().parents[1]
_MODULES = sorted((_ROOT / "songpop").rglob("*.py"))
_FLOWS = sorted((_ROOT / "flows").glob("*.py"))

# library -> where it may be imported
_HOMES = {
    "prefect": {"flows", "pipeline/schedule.py"},
    "flask": {"web"},
    "spotipy": {"sources/spotify"},
    "great_expectations": {"checking"},
    "tensorflow": {"estimators"},
    "keras": {"estimators"},
    "lightgbm": {"estimators"},
    "kagglehub": {"sources/kaggle.py"},
    "matplotlib": {"training/model_card_plots.py"},
    "jinja2": {"html_pages.py"},
    "fastexcel": {"loading/workbooks.py"},
}
# the rooms, top to bottom: one imports from those below it, and from its neighbours only without a circle
_FLOORS = (
    ("cli",),
    ("web",),
    ("pipeline",),
    ("training", "albums", "reporting"),
    ("scoring", "published", "loading", "checking", "enriching"),
    ("evaluation",),
    ("estimators", "sources"),
    ("features",),
    ("",),
)
_TAG = re.compile(r"<(!doctype|/?(html|body|style|table|t[hrd]|div|span|section|h\d|p|ul|li)\b)", re.IGNORECASE)
_HEAVY = (
    "tensorflow",
    "keras",
    "great_expectations",
    "lightgbm",
    "prefect",
    "kagglehub",
    "spotipy",
    "flask",
    "jinja2",
    "matplotlib",
    "fastexcel",
)
# a query of several lines, by its first word
_QUERY = re.compile(r"\s*(select|with|from)\b[^\n]*\n\s*\S")
# modules that make a query of what they know
_HOLD_QUERIES = {"enriching/scale_mappings.py", "warehouse.py"}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imports(path: Path) -> list[tuple[str, bool]]:
    """Return the top-level package of every import of a file, and whether it runs when the file is imported."""
    tree = _tree(path)
    at_import = {node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], node in at_import) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module.split(".")[0], node in at_import))
    return found


def _name(path: Path) -> str:
    return ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")


_NAMES = {_name(path): path for path in _MODULES}


@cache
def _imported_modules(path: Path) -> set[str]:
    """Return the modules of songpop that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "songpop":
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in _NAMES else node.module for name in whole}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in _NAMES}
    return found - {_name(path)}


def _room(name: str) -> str:
    """Return the folder that a module lies in, "" for the single files of the package."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and (_ROOT / "songpop" / parts[1]).is_dir() else ""


def _circle(arrows: dict[str, set[str]]) -> list[str]:
    """Return names that lead back to the first of them, none where there is no circle."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        found = next((circle for other in sorted(arrows[name]) if (circle := walk(other, [*path, name]))), [])
        done.add(name)
        return found

    return next((circle for name in sorted(arrows) if (circle := walk(name, []))), [])


def test_every_room_has_its_floor() -> None:
    rooms = {path.name for path in (_ROOT / "songpop").iterdir() if list(path.glob("*.py"))}

    assert rooms == {room for floor in _FLOORS for room in floor} - {""}


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_room_imports_only_from_the_rooms_below_it(path: Path) -> None:
    floor = {room: number for number, rooms in enumerate(_FLOORS) for room in rooms}
    own = _room(_name(path))
    for name in _imported_modules(path) if path.name != "__main__.py" else ():
        assert _room(name) == own or floor[_room(name)] >= floor[own], f"{path.name} imports {name}, which is above it"


def test_no_import_leads_back_to_where_it_began() -> None:
    modules = {name: _imported_modules(path) for name, path in _NAMES.items()}
    rooms = {_room(name): {_room(other) for one in modules if _room(one) == _room(name) for other in modules[one]}
             for name in modules}  # fmt: skip

    assert _circle(modules) == []
    assert _circle({room: others - {room, ""} for room, others in rooms.items()}) == []


def test_a_circle_would_be_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]


def test_every_room_has_its_tests_beside_it() -> None:
    """A test file lies in the folder of the room that it is about."""
    rooms = {room for floor in _FLOORS for room in floor} - {""}
    tested = {path.name for path in (_ROOT / "tests").iterdir() if list(path.rglob("test_*.py"))}

    assert rooms <= tested
    assert tested - rooms == {"benchmarks", "sql"}


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_library_is_imported_only_where_it_lives_and_a_heavy_one_only_when_used(path: Path) -> None:
    place = str(path.relative_to(_ROOT / "songpop"))
    for library, at_import in _imports(path):
        if library in _HOMES:
            assert any(place == home or place.startswith(home) for home in _HOMES[library]), f"{library} in {place}"
        assert not (library in _HEAVY and at_import), f"{place} imports {library} when it is imported"


@pytest.mark.parametrize("path", _MODULES + _FLOWS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_module_and_public_function_says_what_it_does(path: Path) -> None:
    tree = _tree(path)
    assert ast.get_docstring(tree), f"{path.name} has no docstring"
    for parent in ast.walk(tree):
        for node in parent.body if isinstance(parent, (ast.Module, ast.ClassDef)) else ():
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    if path.name != "settings.py":
        assert not re.search(r"os\.(environ|getenv)", path.read_text())


def _built_html(source: str) -> list[str]:
    """Return the texts of a module that are pieces of HTML; a docstring is none."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return [text for text in texts if isinstance(text, str) and _TAG.search(text)]


@pytest.mark.parametrize("path", _MODULES + _FLOWS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_page_is_drawn_by_a_template(path: Path) -> None:
    """What is put into HTML by hand must be escaped by hand; in web/ charts.py draws SVG."""
    if _room(_name(path)) != "web":
        assert _built_html(path.read_text()) == [], f"{path.name} builds HTML"


def test_html_in_a_text_would_be_found() -> None:
    source = '"""A <td> in a docstring."""\ncell = f"<td class={kind}>{text}</td>"\nrule = "1 < table"\n'

    assert _built_html(source) == ["<td class=", "</td>"]


def test_no_module_has_a_name_that_says_nothing_or_outgrows_a_room() -> None:
    for path in _MODULES:
        assert path.stem not in {"utils", "helpers", "common", "core", "misc"}
        assert path.read_text().count("\n") <= 400, f"{path.name} is too long"


def test_the_files_of_a_models_folder_are_named_in_one_module() -> None:
    names = {value for value in vars(model_folder).values() if isinstance(value, str) and re.search(r"\.\w+$", value)}
    names -= {model_folder.__name__, model_folder.__file__}
    assert {"metrics.json", "eval_predictions.parquet", "card.md"} <= names
    for path in _MODULES:
        constants = {node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant)}
        assert path.name == "model_folder.py" or not constants & names, f"{path.name} names {constants & names}"


# where a family may be called by its name: by itself, in a list of packages, and for versions that did not write a role
_NAMING_FAMILIES = {"estimators", "reporting/doctor.py", "model_folder.py"}
_SQL_NAMING_FAMILIES = {"marts/model_scoreboard.sql"}


def test_who_competes_is_asked_for_by_role_and_not_by_family() -> None:
    for path in _MODULES:
        place = str(path.relative_to(_ROOT / "songpop"))
        texts = [node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant)]
        named = [text for text in texts if re.search(r"^(keras|lightgbm)$|'(keras|lightgbm)'", str(text))]
        assert not named or {place, place.split("/")[0]} & _NAMING_FAMILIES, f"{place} asks for {named}"
    for path in (_ROOT / "sql").rglob("*.sql"):
        place = str(path.relative_to(_ROOT / "sql"))
        query = re.sub("--.*", "", path.read_text())
        assert place in _SQL_NAMING_FAMILIES or not re.search("keras|lightgbm", query), place


def test_help_imports_no_heavy_library() -> None:
    child = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "songpop", "--help"], capture_output=True, text=True, check=True
    )

    imported = {line.split("|")[-1].strip().split(".")[0] for line in child.stderr.splitlines() if "|" in line}
    assert "songpop nightly" in child.stdout
    assert imported.isdisjoint({*_HEAVY, "polars", "rich", "pyarrow", "duckdb"})


@pytest.mark.parametrize(
    "schema", ["raw", "staging", "marts", "ledger", "checks", "exports", "frames", "enrich", "lookups", "reports"]
)
def test_every_sql_file_opens_with_its_contract(schema: str) -> None:
    paths = resources.sql_paths(schema)
    assert paths
    for path in paths:
        assert path.read_text().startswith("-- "), f"sql/{schema}/{path.name} has no header"
        assert path.read_text().count("\n") <= 170, f"sql/{schema}/{path.name} is too long"


def _queries(path: Path) -> list[str]:
    """Return the queries of several lines that a module holds."""
    constants = [node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant)]
    return [text for text in constants if isinstance(text, str) and _QUERY.match(text)]


def test_a_query_of_several_lines_is_a_file_of_sql() -> None:
    found = {str(path.relative_to(_ROOT / "songpop")) for path in _MODULES if _queries(path)}

    assert found <= _HOLD_QUERIES


def test_a_query_of_several_lines_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""With a docstring,\nof two lines."""\nA = """\n    select 1\n    from a\n"""\nB = "select 1"\n')

    assert _queries(path) == ["\n    select 1\n    from a\n"]


def test_every_mart_has_a_file_and_a_place_in_the_build_order() -> None:
    assert sorted(path.stem for path in resources.sql_paths("marts")) == sorted(warehouse.BUILD_ORDER)


def test_the_readmes_layout_names_every_room() -> None:
    layout = (_ROOT / "README.md").read_text().partition("## The layout")[2]
    for room in {room for floor in _FLOORS for room in floor} - {""}:
        assert f"  {room}/" in layout, f"README's layout does not tell of {room}/"


def test_the_picture_of_the_floors_is_the_list_of_them() -> None:
    picture = re.findall(r"^│(.*)│$", (_ROOT / "docs" / "layout.md").read_text(), re.MULTILINE)
    drawn = [tuple(room.strip() for room in floor.split("│")) for floor in picture]

    assert drawn[-1][0].startswith("single files: ")
    assert (*drawn[:-1], ("",)) == _FLOORS


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
