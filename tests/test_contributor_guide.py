"""The lists of files in docs/contributor.md, against the files that name what is there already."""

import re
import tomllib
from datetime import date
from pathlib import Path

import duckdb
import pytest

from songpop import warehouse

_ROOT = Path(__file__).resolve().parents[1]
_GUIDE = (_ROOT / "docs" / "contributor.md").read_text()
_PATH = re.compile(r"`((?:[\w.<>-]+/)+[\w.<>-]*|[A-Z]+\.md)`")
# heading -> a placeholder of its paths, and what stands for it
_EXAMPLES = {
    "## Add a feature": ("", ""),
    "### A feature computed from columns that are there": ("", ""),
    "### An audio feature": ("", ""),
    "## Add a mart": ("<mart>", "rank_history"),
    "## Add a source": ("<source>", "deezer"),
    "## Add a network": ("<network>", "keras_net"),
}


def _steps(heading: str) -> str:
    """Return the numbered steps under a heading, up to the next heading of any depth."""
    section = re.split(r"^#+ ", _GUIDE.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return "\n".join(line for line in section.splitlines() if re.match(r"\d+\. ", line))


def _listed(heading: str) -> set[str]:
    """Return the paths of a heading's steps, with what stands for their placeholder."""
    return {path.replace(*_EXAMPLES[heading]) for path in _PATH.findall(_steps(heading))}


def _naming(name: str, *places: str) -> set[str]:
    """Return the files of some places of the checkout that name a thing in their text or are named for it."""
    found = set()
    for place in places:
        for path in [_ROOT / place] if (_ROOT / place).is_file() else (_ROOT / place).rglob("*.*"):
            if path.suffix in {".py", ".sql", ".toml", ".json", ".md"}:
                pattern = rf"(?<![a-z]){name}(?![a-z])"
                if re.search(pattern, path.name) or re.search(pattern, path.read_text(), re.IGNORECASE):
                    found.add(str(path.relative_to(_ROOT)))
    return found


def _in_code(paths: set[str]) -> set[str]:
    return {path for path in paths if path.startswith(("songpop/", "sql/", "expectations/"))}


@pytest.mark.parametrize("heading", _EXAMPLES)
def test_every_path_of_the_guide_is_there(heading: str) -> None:
    section = re.split(r"^#+ ", _GUIDE.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    paths = [path.replace(*_EXAMPLES[heading]) for path in _PATH.findall(section)]

    assert paths
    assert [path for path in paths if not (_ROOT / path).exists()] == []


def test_the_files_of_a_computed_feature_are_those_that_name_one() -> None:
    # of a title, of a date, of an artist's record, and one that an album's songs are told apart by
    examples = ("is_work", "is_friday", "artist_recent", "earlier_version")
    naming_any = set.union(*(_naming(name, "songpop", "sql") for name in examples))

    assert naming_any == _in_code(_listed("### A feature computed from columns that are there"))


def test_the_files_of_an_audio_feature_are_those_that_name_one() -> None:
    listed = _in_code(_listed("### An audio feature"))

    assert listed == _naming("acousticness", "songpop", "sql", "expectations")
    assert len([path for path in listed if path.endswith(".py")]) <= 6


def test_the_files_of_a_mart_are_those_that_name_every_mart(con: duckdb.DuckDBPyConnection) -> None:
    warehouse.build(con, as_of_date=date(2026, 11, 22), new_release_days=28)
    columns = set(con.sql("from marts.rank_history").columns)
    places = ("songpop", "sql", "expectations", "README.md", "CHANGELOG.md")
    naming_all = set.intersection(
        *({path.replace(name, "<mart>") for path in _naming(name, *places)} for name in warehouse.BUILD_ORDER)
    )

    listed = {path.replace("rank_history", "<mart>") for path in _listed("## Add a mart")}
    assert columns <= set(tomllib.loads((_ROOT / "sql" / "columns.toml").read_text()))
    assert naming_all | {"sql/columns.toml"} == {path for path in listed if not path.startswith(("tests/", "docs/"))}


def test_the_files_of_a_source_are_those_that_name_one() -> None:
    listed = _listed("## Add a source")
    only_used = {"songpop/sources/registry.py", "songpop/sources/json_service.py", "sql/marts/release_features.sql"}

    assert _in_code(listed) - only_used == _naming("deezer", "songpop", "sql", "expectations")
    assert {path for path in listed if path.endswith(".md")} == _naming("deezer", "README.md", "docs") - {
        "docs/contributor.md"
    }


def test_the_files_of_a_network_are_those_that_name_one() -> None:
    importing = {
        str(path.relative_to(_ROOT))
        for path in (_ROOT / "songpop").rglob("*.py")
        if re.search(r"\b(KerasNet|keras_net)\b", path.read_text())
    }

    assert importing | {"songpop/estimators/keras_net.py"} == _in_code(_listed("## Add a network"))
