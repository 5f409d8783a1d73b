"""The declarations of the sources, against the clients, tables and pages that they speak of."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from songpop import resources
from songpop.declared_sources import DECLARED, SERVICES, SPOTIFY, DeclaredSource, Kind
from songpop.settings import Settings
from songpop.sources.rate_limited_caller import RunClock, RunMemory
from songpop.sources.registry import (
    GivesAudiences,
    GivesAudioFeatures,
    GivesFreshAlbums,
    GivesTrackArtists,
    Sources,
    client_of,
)

_ROOT = Path(__file__).resolve().parents[2]
_EVERY = ",".join(source.name for source in DECLARED)
_PROTOCOLS: dict[Kind, type[Any]] = {
    "audience": GivesAudiences,
    "audio features": GivesAudioFeatures,
    "artists of tracks": GivesTrackArtists,
    "fresh albums": GivesFreshAlbums,
}
every_service = pytest.mark.parametrize("source", SERVICES, ids=lambda source: source.name)


def _sources(**options: Any) -> Sources:
    return Sources.from_settings(
        Settings.from_env({}, **options), RunClock(60.0, datetime(2026, 11, 22, 3, 15)), RunMemory()
    )


@every_service
def test_a_client_is_built_as_its_source_is_declared(source: DeclaredSource) -> None:
    services = _sources(
        sources=_EVERY,
        spotify_client_id="id",
        spotify_client_secret="secret",
        **{source.urls[0].setting: "http://[::1]"},
    )
    try:
        (built,) = (service for service in services if service.declared is source)
        assert isinstance(built, client_of(source))
        assert built.caller.service == source.title
        assert built.caller.pace_seconds == source.pace_seconds
        assert [service.declared for service in services if service.is_loopback] == [source]
    finally:
        services.close()


@every_service
def test_a_client_can_be_asked_for_what_its_source_gives(source: DeclaredSource) -> None:
    # Spotify gives more than a protocol says; ListenBrainz counts listeners of the artists of its fresh albums
    kinds: list[Kind] = [kind for kind in source.tables if kind != "audience"] or ["audience"]
    kinds = [] if source is SPOTIFY else kinds
    services = _sources(sources=source.name)
    try:
        assert all(isinstance(service, _PROTOCOLS[kind]) for service in services for kind in kinds)
    finally:
        services.close()


def test_every_raw_table_is_declared_by_the_source_it_is_named_for_and_has_its_view() -> None:
    declared = {table: source.name for source in DECLARED for table in source.tables.values()}

    assert set(declared) == {path.stem for path in resources.sql_paths("raw") if not path.stem.startswith("files__")}
    assert set(declared) <= {path.stem for path in resources.sql_paths("staging")}
    assert all(table.startswith(f"{name}__") for table, name in declared.items())


@every_service
def test_what_a_source_allows_is_told_in_the_docs(source: DeclaredSource) -> None:
    assert source.licence
    assert source.title in (_ROOT / "docs" / "data.md").read_text()
    assert source.keep_days <= 30


def test_a_service_that_is_not_named_or_has_no_keys_is_off() -> None:
    services = _sources(sources="deezer,files,spotify", spotify_client_id="id")
    try:
        assert [service.declared.name for service in services] == ["deezer"]
        assert services.spotify is None
        assert services.named("reccobeats") is None
    finally:
        services.close()


def test_only_services_of_this_machine_are_kept() -> None:
    services = _sources(sources="deezer,reccobeats", deezer_url="http://127.0.0.1:9")
    try:
        assert services.keep_loopback()
        assert [service.declared.name for service in services] == ["deezer"]
        assert not services.keep_loopback()
    finally:
        services.close()
