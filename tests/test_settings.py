import json
from datetime import timedelta
from pathlib import Path

import pytest

from songpop.declared_sources import DECLARED, Url
from songpop.errors import SettingsError
from songpop.settings import Settings, parse_duration


def test_everything_lies_under_home_by_default(tmp_path: Path) -> None:
    settings = Settings.from_env({"SONGPOP_HOME": str(tmp_path)})

    assert settings.warehouse == tmp_path / "warehouse" / "songpop.duckdb"
    assert settings.published == tmp_path / "warehouse" / "published.duckdb"
    assert settings.models_dir == tmp_path / "models"
    assert (settings.seed, settings.memory_limit, settings.new_release_days) == (0, "4GB", 28)
    assert settings.enrich_deadline == timedelta(minutes=45)


def test_an_option_wins_over_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_env({"SONGPOP_SEED": "7", "SONGPOP_THREADS": "2"}, home=tmp_path, seed=9)

    assert (settings.seed, settings.threads) == (9, 2)


def test_keys_are_not_in_the_representation(tmp_path: Path) -> None:
    settings = Settings.from_env({"SPOTIPY_CLIENT_ID": "the-id", "SPOTIPY_CLIENT_SECRET": "the-secret"}, home=tmp_path)

    assert settings.spotify_client_secret == "the-secret"
    assert "the-secret" not in repr(settings)
    assert "the-id" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SONGPOP_SEED": "one"}, "SONGPOP_SEED must be a whole number, however it is 'one'"),
        ({"SONGPOP_SEED": "-1"}, "SONGPOP_SEED must lie in 0 to"),
        ({"SONGPOP_THREADS": "0"}, "SONGPOP_THREADS must be at least 1"),
        ({"SONGPOP_MEMORY_LIMIT": "much"}, "SONGPOP_MEMORY_LIMIT must be a size"),
        ({"SONGPOP_MAX_REJECT_SHARE": "all"}, "SONGPOP_MAX_REJECT_SHARE must be a share"),
        ({"SONGPOP_MAX_REJECT_SHARE": "2"}, "SONGPOP_MAX_REJECT_SHARE must lie in 0 to 1"),
        ({"SONGPOP_ENRICH_DEADLINE": "soon"}, "SONGPOP_ENRICH_DEADLINE must be a number and one of the units"),
        ({"SONGPOP_WAREHOUSE": "a.duckdb", "SONGPOP_PUBLISHED": "a.duckdb"}, "must be two files"),
        ({"SONGPOP_MEMORY_LIMIT": "50%"}, "SONGPOP_MEMORY_LIMIT must be a size"),
        ({"SONGPOP_HOME": __file__}, "SONGPOP_HOME must be a folder"),
        ({"SONGPOP_HOME": f"{__file__}/home"}, "SONGPOP_HOME must be a folder, however .*test_settings.py is a file"),
        ({"SONGPOP_WAREHOUSE": f"{__file__}/a.duckdb"}, "SONGPOP_WAREHOUSE must lie in a folder"),
        ({"SONGPOP_PUBLISHED": f"{__file__}/a.duckdb"}, "SONGPOP_PUBLISHED must lie in a folder"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(environ)


@pytest.mark.parametrize("url", [url for source in DECLARED for url in source.urls], ids=lambda url: url.setting)
def test_each_address_of_a_source_is_a_setting_and_an_option(url: Url, tmp_path: Path) -> None:
    from_variable = Settings.from_env({url.variable: "http://localhost:1"}, home=tmp_path)
    from_option = Settings.from_env({}, home=tmp_path, **{url.setting: "http://localhost:1"})

    assert from_variable == from_option
    assert from_option.to_options()[url.setting] == "http://localhost:1"
    assert Settings.from_env({}, home=tmp_path).to_options()[url.setting] is None
    with pytest.raises(SettingsError, match=f"{url.variable} must begin with https:// or http://, however it is 'a'"):
        Settings.from_env({}, home=tmp_path, **{url.setting: "a"})


def test_sources_are_those_that_are_declared(tmp_path: Path) -> None:
    assert Settings.from_env({}, home=tmp_path).sources == ("spotify", "files", "reccobeats")
    assert Settings.from_env({"SONGPOP_SOURCES": "Deezer, files"}, home=tmp_path).sources == ("deezer", "files")
    with pytest.raises(
        SettingsError,
        match="SONGPOP_SOURCES must be some of spotify, files, reccobeats, deezer, listenbrainz, "
        "however it names 'napster'",
    ):
        Settings.from_env({"SONGPOP_SOURCES": "napster"}, home=tmp_path)


def test_durations_have_three_units() -> None:
    assert parse_duration("90s") == timedelta(seconds=90)
    assert parse_duration("1.5h") == timedelta(minutes=90)


def test_settings_travel_as_options_without_the_keys(tmp_path: Path) -> None:
    keys = {"SPOTIPY_CLIENT_ID": "the-id", "SPOTIPY_CLIENT_SECRET": "the-secret"}
    settings = Settings.from_env(
        keys, home=tmp_path, warehouse="a.duckdb", published="b.duckdb", seed=3, threads=5, memory_limit="1GB",
        max_reject_share=0.5, new_release_days=9, retrain_days=8, enrich_deadline="90s", spotify_market="ES",
        spotify_api_url="http://localhost:1", spotify_token_url="http://localhost:2",
    )  # fmt: skip

    words = json.dumps(settings.to_options())

    assert "the-id" not in words
    assert "the-secret" not in words
    assert Settings.from_env(keys, **json.loads(words)) == settings


def test_what_a_night_may_run_comes_from_the_environment_alone(tmp_path: Path) -> None:
    environ = {"SONGPOP_NOTIFY_COMMAND": "mail me", "SONGPOP_NOTIFY_URL": "https://example.com/a-secret"}
    settings = Settings.from_env(environ, home=tmp_path)

    assert (settings.notify_command, settings.notify_url) == ("mail me", "https://example.com/a-secret")
    assert "a-secret" not in repr(settings) + json.dumps(settings.to_options())
    for name in ("notify_command", "notify_url"):
        with pytest.raises(SettingsError, match=f"SONGPOP_{name.upper()} must come from the environment alone"):
            Settings.from_env({}, home=tmp_path, **{name: "x"})


def test_an_option_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"A setting must be one of home, .*however one is 'colour'"):
        Settings.from_env({}, home=tmp_path, colour="red")
    with pytest.raises(SettingsError, match="--enrich-deadline must be a number and one of the units"):
        Settings.from_env({}, home=tmp_path, enrich_deadline="soon")
