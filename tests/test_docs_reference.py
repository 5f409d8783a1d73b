"""The reference pages are whole: every command, setting, table and input column, each as the code has it."""

import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from songpop import resources, warehouse
from songpop.cli import COMMANDS, songpop
from songpop.loading import value_rules
from songpop.loading.file_forms import HEADER_WITHIN
from songpop.loading.header_names import ALIASES, LAYOUTS, ONLY_IN
from songpop.loading.input_schemas import ENTITIES
from songpop.settings import Settings

_ROOT = Path(__file__).resolve().parents[1]
_DOCS = _ROOT / "docs"
_SOUND = "the thirteen audio features"
# what the default is called where it is none that could be set
_UNSET = {"none", "by tier", "Spotify's", "theirs"}
_ENVIRONMENT_ALONE = {"spotify_client_id", "spotify_client_secret", "notify_command", "notify_url"}


def _rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a head that begins with `heading`."""
    _, _, rest = (_DOCS / page).read_text().partition(f"| {heading} |")
    assert rest, f"docs/{page} must have a table of {heading}s"
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _field(variable: str) -> str:
    return variable.removeprefix("SONGPOP_").lower().replace("spotipy_", "spotify_")


def _settings() -> dict[str, str]:
    return {name: default for names, default, _ in _rows("settings.md", "setting") for name in _names(names)}


def test_every_command_has_a_row() -> None:
    page = (_DOCS / "commands.md").read_text()
    named = re.findall(r"^\| `songpop ([a-z-]+)` \|", page, re.MULTILINE)

    assert sorted(named) == sorted(COMMANDS)


def test_the_options_in_the_row_of_a_command_are_its_own() -> None:
    page = (_DOCS / "commands.md").read_text()
    rows = re.findall(r"^\| `songpop ([a-z-]+)` \| (.*) \|$", page, re.MULTILINE)

    assert any("--" in text for _, text in rows)
    for name, text in rows:
        command = songpop.get_command(click.Context(songpop), name)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert options >= set(re.findall(r"--[a-z-]+", text)), f"docs/commands.md: songpop {name}"


def test_every_mart_and_every_table_of_the_ledger_has_a_row() -> None:
    marts = [name for cell, _ in _rows("tables.md", "mart") for name in _names(cell)]
    ledger = [name for cell, _ in _rows("tables.md", "table") for name in _names(cell)]

    assert sorted(marts) == sorted(f"marts.{name}" for name in warehouse.BUILD_ORDER)
    assert sorted(ledger) == sorted(f"ledger.{path.stem}" for path in resources.sql_paths("ledger"))


def test_every_setting_has_a_row() -> None:
    code = "".join((_ROOT / "songpop" / name).read_text() for name in ("settings.py", "declared_sources.py"))

    assert set(_settings()) == set(re.findall(r"(?:SONGPOP|SPOTIPY)_[A-Z_]+", code))


@pytest.mark.parametrize(("name", "default"), _settings().items())
def test_a_setting_has_the_default_of_its_row(name: str, default: str) -> None:
    settings = Settings.from_env({})

    if default == "all cores":
        assert settings.threads == os.cpu_count()
    elif default in _UNSET:
        assert settings.to_options().get(_field(name)) is None
    else:
        (value,) = _names(default)
        assert Settings.from_env({name: value}) == settings, f"docs/settings.md has {value} for {name}"


def test_every_setting_but_four_is_an_option_of_the_night() -> None:
    nightly = songpop.get_command(click.Context(songpop), "nightly")
    assert nightly is not None
    options = {parameter.name for parameter in nightly.params}

    assert {field for field in map(_field, _settings()) if field not in options} == _ENVIRONMENT_ALONE


def test_the_settings_to_touch_are_among_the_settings() -> None:
    page = (_DOCS / "settings.md").read_text().partition("## When to touch them")[2]

    assert set(re.findall(r"`((?:SONGPOP|SPOTIPY)_[A-Z_]+)`", page)) <= set(_settings())


def test_every_input_file_has_a_row_with_its_columns() -> None:
    page = (_DOCS / "files.md").read_text()
    shown = {
        _names(option)[0].removeprefix("--"): (set(_names(filled)), set(_names(blank)), set(_names(free)), free)
        for option, filled, blank, free in _rows("files.md", "option")
    }

    (line,) = re.findall(r"^- \*\*Audio features\*\*.*", page, re.MULTILINE)
    sound = set(_names(line))

    assert shown.keys() == ENTITIES.keys()
    assert len(sound) == 13
    for name, entity in ENTITIES.items():
        filled, blank, free, words = shown[name]
        assert filled == {column.name for column in entity.columns if column.is_needed and column.is_filled}
        assert blank == {column.name for column in entity.columns if column.is_needed and not column.is_filled}
        free |= sound if _SOUND in words else set()
        assert free == {column.name for column in entity.columns if not column.is_needed}, name


def test_every_name_of_a_column_that_is_understood_stands_on_the_page() -> None:
    shown = {
        _names(column)[0]: [re.findall(r"`(\w+)`(?: \(([\w, ]+)\))?", group) for group in names.split(";")]
        for column, names in _rows("understood.md", "column")
    }

    assert shown == {
        column: [[(name, ", ".join(ONLY_IN.get(column, {}).get(name, ()))) for name in group] for group in groups]
        for column, groups in ALIASES.items()
    }


def test_every_layout_that_is_understood_stands_on_the_page() -> None:
    shown = [(name, tuple(_names(marks)), short) for name, marks, short in _rows("understood.md", "layout")]

    assert shown == [
        (layout.name, layout.marks, ", ".join(f"`{name}` {column}" for name, column in layout.names.items()))
        for layout in LAYOUTS
    ]
    assert f"the first of the first {HEADER_WITHIN} lines" in (_DOCS / "understood.md").read_text()


def test_the_releases_file_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    (text,) = re.findall(r"```csv\n(.*?)```", (_DOCS / "files.md").read_text(), re.DOTALL)
    (tmp_path / "new.csv").write_text(text)
    settings = Settings.from_env({}, home=tmp_path)

    done = CliRunner().invoke(
        songpop,
        ["load", "--releases", str(tmp_path / "new.csv"), "--home", str(tmp_path), "--as-of", "2026-12-01"],
        catch_exceptions=False,
    )

    assert done.exit_code == 0
    with warehouse.connect(settings) as con:
        assert con.execute("select artist_name, track_name from marts.releases").fetchall() == [
            ("Björk", "A Song to Come")
        ]
        assert con.execute("select count(*) from ledger.rejects").fetchall() == [(0,)]


def test_every_rule_for_values_has_a_row() -> None:
    told = [[f"`{rule.name}`", rule.columns, rule.written, rule.meaning, rule.severity] for rule in value_rules.RULES]

    assert _rows("understood.md", "rule") == told
