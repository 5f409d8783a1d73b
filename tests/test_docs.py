"""README and the pages in docs/: commands parse, those that only read run, links lead somewhere, units are valid."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import checked_warehouse
import click
import pytest
import served
from click.testing import CliRunner

from songpop import warehouse
from songpop.cli import songpop
from songpop.settings import Settings

_ROOT = Path(__file__).resolve().parents[1]
_PATHS = {path.name: path for path in (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md")))}
_PAGES = {name: path.read_text() for name, path in _PATHS.items()}
_TARGETS = re.findall(r"^([a-z-]+):.*## ", (_ROOT / "Makefile").read_text(), re.MULTILINE)
_READING = {"export", "single", "explain", "what-if", "sql", "status"}
_PLACES = {"TRACK_ID": served.RELEASE, "3KziODx7ieQTgYCVrS6nBv": "newAlbum1", "2026-11-18": "2026-11-15"}
# a week before the small warehouse's own night: the list the other way round
_EARLIER = "nightly-20261115T031500000000Z"
_NIGHT_BEFORE = (
    f"insert into ledger.runs by name select * replace ('{_EARLIER}' as run_id, date '2026-11-15' as as_of_date, "
    f"started_at - interval 7 days as started_at) from ledger.runs where run_id = '{checked_warehouse.RUN}'",
    f"insert into ledger.scores by name select * replace ('{_EARLIER}' as run_id, 70 - score / 2 as score, "
    f"date '2026-11-15' as as_of_date, scored_at - interval 7 days as scored_at) from ledger.scores",
)


def _lines(text: str) -> list[str]:
    """Return what indented and fenced blocks hold, without the shell's comments."""
    fenced = re.findall(r"^```(?:\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4,}(\S.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.M)
    return [line.strip() for block in fenced for line in block.splitlines()] + indented


def _commands(text: str) -> list[str]:
    """Return the lines of blocks that call songpop or make."""
    return [line for line in _lines(text) if re.match(r"(\.venv/bin/)?songpop [a-z]|make [a-z]", line)]


def _words(line: str) -> list[str]:
    return shlex.split(re.sub(r" [<>|] .*", "", line), comments=True)


def _parse(words: list[str]) -> None:
    """Read a command line without doing it.

    Raises:
        click.UsageError: there is no such command or option, or a value is not of its kind.
    """
    context = click.Context(songpop)
    name, command, rest = songpop.resolve_command(context, words[1:])
    assert command is not None
    command.make_context(name, rest, parent=context)


_COMMANDS = [(name, line) for name, text in _PAGES.items() for line in _commands(text)]
_READERS = [(name, line) for name, line in _COMMANDS if _words(line)[0] != "make" and _words(line)[1] in _READING]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish two nights of the small warehouse, a week apart."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    served.publish(settings)
    with checked_warehouse.opened(settings) as con:
        for statement in _NIGHT_BEFORE:
            con.execute(statement)
        checked_warehouse.build(con)
        warehouse.publish(con, settings.published)
    return settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the files that the pages speak of."""
    (tmp_path / "docs").symlink_to(_ROOT / "docs")
    (tmp_path / "roster.txt").write_text("Artist 3\n")
    (tmp_path / "not-ours.txt").write_text("Artist 4\n")
    (saved,) = re.findall(r"^```toml\n(.*?)^```$", _PAGES["analyst.md"], re.MULTILINE | re.DOTALL)
    (tmp_path / "monday.toml").write_text(saved.replace('"pop"', '"rock"'))
    made = CliRunner().invoke(songpop, ["single", "--template"])
    (tmp_path / "my-album.csv").write_text(made.stdout)
    monkeypatch.chdir(tmp_path)
    served.plant_model(monkeypatch)
    return tmp_path


def test_every_page_for_somebody_has_commands() -> None:
    with_commands = {name for name, _ in _COMMANDS}

    assert with_commands >= {"README.md", "analyst.md", "artist.md", "contributor.md", "data.md", "files.md"}
    assert with_commands >= {"method.md", "operator.md", "settings.md", "speed.md", "sql.md"}
    assert len(_READERS) >= 25


@pytest.mark.parametrize(("page", "line"), _COMMANDS)
def test_a_command_of_a_page_is_there_with_its_options(page: str, line: str) -> None:
    words = _words(line)
    if words[0] == "make":
        assert words[1] in _TARGETS, f"{page}: {line}"
    else:
        _parse(words)


@pytest.mark.parametrize(("page", "line"), _READERS)
def test_a_command_that_only_reads_runs(published: Settings, folder: Path, page: str, line: str) -> None:
    for word, stand_in in _PLACES.items():
        line = line.replace(word, stand_in)

    done = CliRunner().invoke(
        songpop, [*_words(line)[1:], "--home", str(published.home)], input="select 1 as one", catch_exceptions=False
    )

    assert done.exit_code == 0, f"{page}: {line}"
    assert done.stdout or list(folder.rglob(_words(line)[-1])), f"{page}: {line}"


@pytest.mark.parametrize("page", _PAGES)
def test_a_command_or_option_named_in_a_sentence_is_there(page: str) -> None:
    context = click.Context(songpop)
    for name, rest in re.findall(r"`songpop ([a-z-]+)([^`]*)`", _PAGES[page]):
        command = songpop.get_command(context, name)
        assert command is not None, f"{page} names songpop {name}"
        options = {option for parameter in command.params for option in parameter.opts}
        assert options >= set(re.findall(r"--[a-z-]+", rest)), f"{page} names songpop {name}{rest}"
    for target in re.findall(r"`make ([a-z-]+)", _PAGES[page]):
        assert target in _TARGETS, f"{page} names make {target}"


@pytest.mark.parametrize("page", _PAGES)
def test_a_file_of_the_repository_that_a_page_names_is_there(page: str) -> None:
    rooms = "songpop|sql|expectations|flows|tests|benchmarks|docs"
    for place in re.findall(rf"`((?:{rooms})/[^`\s<*…]*)`", _PAGES[page]):
        assert (_ROOT / place).exists(), f"{page} names {place}"


def test_the_python_of_the_commands_page_runs(
    published: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", _PAGES["commands.md"], re.DOTALL)
    monkeypatch.setenv("SONGPOP_HOME", str(published.home))

    found: dict[str, Any] = {}
    exec(code.replace("TRACK_ID", served.RELEASE).replace("ALBUM_ID", "newAlbum1"), found)

    assert found["explanation"].track_id == served.RELEASE
    assert [change.name for change in found["changed"].changes] == ["danceability", "genre"]
    assert found["swept"].name == "tempo"
    assert found["album"].album_id == "newAlbum1"
    assert len(found["ranking"].songs) == 2


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _links(text: str) -> list[str]:
    """Return where links and pictures lead, but for other sites."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


@pytest.mark.parametrize(
    "path", [*_PATHS.values(), _ROOT / "models" / "README.md"], ids=lambda path: str(path.relative_to(_ROOT))
)
def test_every_link_and_picture_of_a_page_leads_somewhere(path: Path) -> None:
    for link in _links(path.read_text()):
        place, _, heading = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), f"{path.name} links {link}"
        if heading:
            assert heading in _anchors(target.read_text()), f"{path.name} links {link}"


def test_a_reader_of_the_readmes_table_comes_to_every_page() -> None:
    begun = [line for line in _PAGES["README.md"].splitlines() if line.startswith("| ")]
    reached: set[str] = set()
    to_read = _links("\n".join(begun))
    while to_read:
        name = Path(to_read.pop().partition("#")[0]).name
        if name in _PAGES and name not in {"README.md", *reached}:
            reached.add(name)
            to_read += _links(_PAGES[name])

    assert reached == set(_PAGES) - {"README.md"}


def test_the_readme_is_two_screens_that_begin_with_two_commands() -> None:
    readme = _PAGES["README.md"]

    assert len(readme.splitlines()) <= 120
    assert [" ".join(_words(line)) for line in _commands(readme)[:2]] == ["make run", "make test"]
    assert len(re.findall(r"!\[", readme)) == 1


@pytest.mark.parametrize("page", _PAGES)
def test_a_page_has_no_gap(page: str) -> None:
    assert not re.search(r"@@|TODO|TBD|FIXME", _PAGES[page])


def test_the_pictures_of_the_pages_are_light_and_say_what_they_show() -> None:
    pictures = [link for text in _PAGES.values() for link in re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", text)]

    assert len(pictures) == sum(text.count("![") for text in _PAGES.values()) >= 5
    for name in pictures:
        assert (_ROOT / "docs" / Path(name).name).stat().st_size < 200_000, name


def test_the_systemd_units_are_valid(tmp_path: Path) -> None:
    night, timer, web = re.findall(r"^```ini\n(.*?)^```$", _PAGES["operator.md"], re.MULTILINE | re.DOTALL)
    # the page's checkout is not on this machine
    program = shutil.which("true") or "/bin/true"
    for name, text in {"songpop.service": night, "songpop.timer": timer, "songpop-web.service": web}.items():
        (tmp_path / name).write_text(text.replace("/srv/songpop/.venv/bin/songpop", program))
        unit = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read_string(text)
        assert unit["Unit"]["Description"].startswith("songpop")
        if "Service" in unit:
            _parse(unit["Service"]["ExecStart"].split())

    if shutil.which("systemd-analyze"):
        units = [str(path) for path in sorted(tmp_path.iterdir())]
        checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")
