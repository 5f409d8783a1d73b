"""Find the files that travel with the package: `sql/`, `expectations/` and `flows/`.

A checkout has them beside the package, an installed wheel inside it (`songpop/_files/`).
"""

from pathlib import Path

from songpop.errors import WarehouseError

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    for parent in (_PACKAGE / "_files", _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise WarehouseError(
        f"songpop's own folder {name}/ must be installed with it, however it is missing beside {_PACKAGE}. "
        "Install songpop again."
    )


def sql_path(schema: str, name: str) -> Path:
    """Return the path of `sql/<schema>/<name>.sql`.

    Raises:
        WarehouseError: there is no such file.
    """
    path = _folder("sql") / schema / f"{name}.sql"
    if not path.is_file():
        raise WarehouseError(f"sql/{schema}/{name}.sql must exist, however it does not.")
    return path


def sql_paths(schema: str) -> list[Path]:
    """Return every file of `sql/<schema>/`, sorted by name."""
    return sorted((_folder("sql") / schema).glob("*.sql"))


def glossary_path() -> Path:
    """Return `sql/columns.toml`, the one place where each mart column is described."""
    return _folder("sql") / "columns.toml"


def suite_paths() -> list[Path]:
    """Return every expectation suite, sorted by name (`<schema>.<table>.json`)."""
    return sorted(_folder("expectations").glob("*.json"))


def flow_path(name: str) -> Path:
    """Return the path of `flows/<name>.py`."""
    return _folder("flows") / f"{name}.py"
