"""Several sources in one warehouse: whose word counts, whose scale it is on, what is forgotten, what is planned."""

import dataclasses
import math
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from enriched import AS_OF, NOW, build, enrich, fill_home, know_everything, load_rows, load_tracks, rows_of, track_id
from fake_spotify import (
    CLIENT_ID,
    CLIENT_SECRET,
    album,
    albums_page,
    artist,
    error,
    features,
    hits,
    of_tier,
    scripted,
    track,
)

from songpop import warehouse
from songpop.cli import songpop
from songpop.declared_sources import BY_NAME, DECLARED, DEEZER
from songpop.enriching import scale_mappings
from songpop.enriching.planning import plan
from songpop.enriching.summary import RequestCounts
from songpop.errors import SettingsError
from songpop.pipeline.enrich import purge
from songpop.reporting import doctor
from songpop.run import open_run
from songpop.settings import Settings
from songpop.sources.deezer import DeezerSource
from songpop.sources.listenbrainz import ListenBrainzSource
from songpop.sources.loopback import LoopbackServer, Reply, Request
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.reccobeats import ReccoBeatsSource
from songpop.sources.registry import Sources

SEARCH, ARTISTS, TRACKS = "/v1/search", "/v1/artists", "/v1/tracks"
FEATURES, NEW_RELEASES = "/v1/audio-features", "/v1/browse/new-releases"
QUIET: dict[str, Any] = {NEW_RELEASES: [albums_page()]}
ALL = tuple(source.name for source in DECLARED)


@contextmanager
def _service(kind: type[Any], answer: Any) -> Iterator[tuple[LoopbackServer, Any]]:
    """Serve answers made by a function of the request, with a client for them."""
    with LoopbackServer(answer) as server, closing(kind(server.url, RunClock(60.0, NOW), pace_seconds=0.0)) as source:
        yield server, source


def _with(settings: Settings, **changes: Any) -> Settings:
    return dataclasses.replace(settings, **changes)


def test_fans_are_mapped_to_popularity_by_what_both_know_and_models_read_the_same(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    fans = {f"Artist {number}": int(10 ** (number / 20)) for number in range(1, 101)}
    load_tracks(con, *((number, name, 9) for number, name in enumerate(fans, start=1)))
    known = [{"artist_name": name, "popularity": n} for n, name in enumerate(fans, start=1) if n % 4]
    load_rows(con, "artists", known)

    def answer(request: Request) -> Reply:
        name = request.query["q"]
        return Reply(200, {"data": [{"id": 1, "name": name, "nb_fan": fans[name], "nb_album": 3}], "total": 1})

    with _service(DeezerSource, answer) as (server, deezer):
        result = enrich(con, _with(settings, sources=ALL), Sources(deezer))

    mapped = rows_of(
        con,
        "select artist_name, artist_popularity, popularity_for_models from marts.artist_sources "
        "where popularity_source = 'deezer'",
    )
    assert len(server.requests) == 100
    assert len(mapped) == 25
    assert all(abs(popularity - int(name.split()[1])) < 5 for name, popularity, _ in mapped)
    assert [popularity for _, popularity, _ in mapped] == [same for _, _, same in mapped]
    assert rows_of(con, "select source, quantity, n_overlap from ledger.scale_mappings") == [
        ("deezer", "artist_popularity", 75)
    ]
    assert result.asked[0].n_found == 100
    frame = warehouse.read_frame(con, "training")
    assert frame["artist_popularity"].null_count() == 0


def test_fans_without_a_mapping_are_no_popularity(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    load_tracks(con, (1, "One", 90))
    answer = {"data": [{"id": 1, "name": "One", "nb_fan": 5_000, "nb_album": 3}], "total": 1}
    with _service(DeezerSource, lambda _: Reply(200, answer)) as (_, deezer):
        enrich(con, _with(settings, sources=ALL), Sources(deezer))

    assert rows_of(con, "select n_fans from raw.deezer__artists") == [(5_000,)]
    assert rows_of(con, "select artist_popularity, popularity_source from marts.artists") == [(None, None)]


def test_answers_of_an_earlier_run_are_counted_as_from_the_cache(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "One", 90), (2, "Two", 80))
    answer = {"data": [{"id": 1, "name": "One", "nb_fan": 5_000, "nb_album": 3}], "total": 1}
    with _service(DeezerSource, lambda _: Reply(200, answer)) as (_, deezer):
        enrich(con, _with(settings, sources=ALL), Sources(deezer))
        result = enrich(con, _with(settings, sources=ALL), Sources(deezer), now=NOW + timedelta(hours=1))

    assert result.asked == [RequestCounts("artists (Deezer)", 0, 0, 0, 0, 0, n_from_cache=2)]


def test_an_answer_is_kept_as_long_as_its_source_allows(
    con: duckdb.DuckDBPyConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BY_NAME, "deezer", dataclasses.replace(DEEZER, keep_days=7))
    load_tracks(con, (1, "One", 90))
    answer = {"data": [{"id": 1, "name": "One", "nb_fan": 5_000, "nb_album": 3}], "total": 1}
    with _service(DeezerSource, lambda _: Reply(200, answer)) as (_, deezer):
        enrich(con, _with(settings, sources=ALL), Sources(deezer))

    assert rows_of(con, "select expires_at from raw.deezer__artists") == [(NOW + timedelta(days=7),)]


def test_quantiles_are_matched_and_ties_do_not_break_them() -> None:
    theirs = np.array([0.0] * 30 + list(range(1, 71)), dtype=float)
    mapping = scale_mappings.match_quantiles(theirs, np.arange(100.0))

    assert mapping is not None
    assert np.all(np.diff(mapping.from_values) > 0)
    assert np.all(np.diff(mapping.to_values) >= 0)
    assert np.interp(70.0, mapping.from_values, mapping.to_values) == 99.0
    assert scale_mappings.match_quantiles(np.ones(60), np.arange(60.0)) is None


@pytest.mark.parametrize(("factor", "is_same"), [(1.0, True), (2.25, False)])
def test_audio_features_of_another_scale_are_mapped_and_those_of_ours_are_left_alone(
    con: duckdb.DuckDBPyConnection, settings: Settings, factor: float, is_same: bool
) -> None:
    energy = {track_id(number): number / 100 for number in range(1, 41)}
    load_rows(
        con,
        "tracks",
        [
            {"track_id": key, "artist_name": "One", "popularity": 5, "energy": value, "danceability": 0.5}
            for key, value in energy.items()
        ],
    )
    new = track_id(77)
    load_rows(con, "releases", [{"track_id": new, "artist_name": "One", "track_name": "New"}])

    def answer(request: Request) -> Reply:
        known = [
            {"href": f"https://open.spotify.com/track/{key}", "energy": energy.get(key, 0.2) * factor}
            for key in request.query["ids"].split(",")
        ]
        return Reply(200, {"content": known})

    with _service(ReccoBeatsSource, answer) as (server, reccobeats):
        enrich(con, settings, Sources(reccobeats))
        enrich(con, settings, Sources(reccobeats), now=NOW + timedelta(hours=1))

    assert [len(request.query["ids"].split(",")) for request in server.requests] == [1, 40]
    (row,) = rows_of(con, "select feature_source, energy from marts.releases")
    assert row[0] == "reccobeats"
    assert row[1] == pytest.approx(0.2)
    (knots,) = rows_of(con, "select from_values from ledger.scale_mappings where quantity = 'energy'")
    assert (knots[0] == [0.0, 1.0]) is is_same


def test_the_order_of_sources_decides_whose_popularity_counts(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    fill_home(con)
    load_rows(con, "artists", [{"artist_name": "One", "popularity": 40}])
    found = hits(artist("One", "o1", popularity=60))
    chosen = {}
    with scripted(QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: [found]}) as (fake, source):
        for order in (("spotify", "files"), ("files", "spotify"), ("files",)):
            enrich(con, _with(settings, sources=order), source)
            chosen[order] = rows_of(con, "select artist_popularity, popularity_source from marts.artists")
        enrich(con, _with(settings, models_use_spotify=False), source)

    assert fake.paths.count(SEARCH) == 1
    assert chosen == {
        ("spotify", "files"): [(60, "spotify")],
        ("files", "spotify"): [(40, "artists_file")],
        ("files",): [(40, "artists_file")],
    }
    assert rows_of(con, "select artist_popularity, popularity_for_models from marts.artist_sources") == [(60, 40)]
    assert warehouse.read_frame(con, "training")["artist_popularity"].to_list() == [40.0]


def test_models_read_no_spotify_features_where_the_setting_forbids_it(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    know_everything(con)
    new = album("al1", tracks=[track(track_id(7))])
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(200, {"audio_features": [features(track_id(7))]})],
    }
    with scripted(script) as (_, source):
        enrich(con, _with(settings, models_use_spotify=False), source)

    assert rows_of(con, "select energy, feature_source from marts.releases") == [(0.842, "spotify")]
    frame = warehouse.read_frame(con, "releases")
    assert frame.select("energy", "tempo", "time_signature").row(0) == (None, None, None)
    assert frame["duration_ms"].to_list() == [None]


def test_fresh_albums_of_listenbrainz_lead_to_spotify_s_tracks(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    fill_home(con)
    fresh = [
        {
            "artist_credit_name": name,
            "artist_mbids": [f"mbid-{name}"],
            "release_name": title,
            "release_date": "2026-11-20",
            "release_group_mbid": f"group-{title}",
            "release_group_primary_type": "Album",
        }
        for name, title in (("ONE", "First"), ("Unknown", "Second"))
    ]

    def answer(request: Request) -> Reply:
        if "fresh" in request.path:
            return Reply(200, {"payload": {"releases": fresh}})
        return Reply(200, [{"artist_mbid": "mbid-ONE", "total_listen_count": 9, "total_user_count": None}])

    found = album("al1", tracks=[track(track_id(7), "One", "o1")]) | {"name": "First", "artists": [artist("One", "o1")]}
    script = QUIET | {SEARCH: [Reply(200, {"albums": {"items": [found]}})], "/v1/albums/al1": [Reply(200, found)]}
    with ExitStack() as stack:
        fake, spotify = stack.enter_context(scripted(script))
        server, listenbrainz = stack.enter_context(_service(ListenBrainzSource, answer))
        enrich(con, _with(settings, sources=ALL), Sources(spotify, listenbrainz))

    assert fake.requests[0].query["q"] == 'album:"First" artist:"ONE"'
    assert [request.method for request in server.requests] == ["GET", "POST"]
    assert rows_of(con, "select track_id, found_by from raw.spotify__releases") == [(track_id(7), "listenbrainz")]
    assert rows_of(con, "select artist_name, n_listens, n_listeners from raw.listenbrainz__artists") == [
        ("One", 9, None)
    ]


def test_answers_that_have_expired_are_deleted_and_asked_for_again(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    fill_home(con)
    script = QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: [hits(artist("One", "o1", popularity=60))]}
    later = NOW + timedelta(days=31)
    with scripted(script) as (fake, source):
        first = enrich(con, settings, source)
        know_everything(con, later)
        second = enrich(con, settings, source, now=later)

    assert (first.n_forgotten, second.n_forgotten, fake.paths.count(SEARCH)) == (0, 1, 2)
    assert rows_of(con, "select fetched_at from raw.spotify__artists") == [(later,)]


def test_purge_leaves_no_word_of_a_service_in_either_file(settings: Settings) -> None:
    secret_name = "Nobody Else Is Called This"
    with open_run(settings, "enrich", as_of_date=AS_OF) as run, run.warehouse() as con:
        know_everything(con)
        load_tracks(con, (1, "One", 90))
        found = hits(artist("One", "o1", popularity=60), artist(secret_name, "x1"))
        with scripted(QUIET | {TRACKS: [error(403, "Forbidden")], SEARCH: [found]}) as (_, source):
            enrich(con, settings, source)
        warehouse.publish(con, settings.published)
    assert all(secret_name.encode() in path.read_bytes() for path in (settings.warehouse, settings.published))

    with open_run(settings, "purge", as_of_date=AS_OF) as run:
        counts = purge(run, "spotify")

    assert counts["raw.spotify__artists"] == 1
    for path in (settings.warehouse, settings.published):
        assert secret_name.encode() not in path.read_bytes()
        with warehouse.open_file(path, settings, read_only=True) as con:
            assert rows_of(con, "select artist_popularity, popularity_source from marts.artists") == [(None, None)]
    with warehouse.open_file(settings.warehouse, settings, read_only=True) as con:
        assert rows_of(con, "select flow, status from ledger.runs order by started_at") == [
            ("enrich", "done"),
            ("purge", "done"),
        ]


def test_purge_names_the_services_where_it_is_given_another(settings: Settings) -> None:
    with (
        pytest.raises(SettingsError, match="must be one of spotify, reccobeats"),
        open_run(settings, "purge", as_of_date=AS_OF) as run,
    ):
        purge(run, "files")


def test_a_plan_asks_nothing_and_tells_the_calls_of_each_bucket(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    names = [f"Artist {number}" for number in range(1, 121)]
    load_tracks(con, *((number, name, 9) for number, name in enumerate(names, start=1)))
    load_rows(
        con, "releases", [{"track_id": track_id(500 + n), "artist_name": "One", "track_name": "New"} for n in range(41)]
    )
    warehouse.build(con, as_of_date=AS_OF, new_release_days=28)
    planned = {}
    for tier in ("extended", "dev_legacy", "dev_new"):
        con.execute("delete from ledger.api_capabilities")
        con.execute("delete from ledger.api_calls")
        with of_tier(tier, *names, script=QUIET) as (fake, source):
            keyed = _with(
                settings,
                spotify_client_id=CLIENT_ID,
                spotify_client_secret=CLIENT_SECRET,
                urls={"spotify_api_url": fake.server.url, "spotify_token_url": fake.server.url + "/api/token"},
            )
            before = plan(con, keyed, now=NOW)
            doctor_known = source.capabilities
            enrich(con, keyed, source)
            n_asked = len(fake.requests)
            con.execute("delete from raw.spotify__artists")
            warehouse.build(con, as_of_date=AS_OF, new_release_days=28)
            after = plan(con, keyed, now=NOW + timedelta(hours=1))
            assert len(fake.requests) == n_asked
        planned[tier] = {(row.bucket, row.what): row for row in after.calls if row.service == "Spotify"}
        assert before.tier == "unknown"
        assert ("search", "what the key may do") in {(row.bucket, row.what) for row in before.calls}
        assert after.tier == tier
        assert doctor_known == {}

    assert planned["extended"]["tracks", "artists of known tracks"].n_calls == 3
    assert planned["extended"]["tracks", "artists of known tracks"].calls_left is None
    assert planned["dev_legacy"]["artists", "artist popularity"].n_calls == math.ceil(120 / 50)
    assert (planned["dev_legacy"]["artists", "artist popularity"].calls_left or 0) < 80
    assert planned["dev_new"]["artist", "artist popularity"].n_calls == 0
    assert planned["dev_new"]["audio_features", "audio features"].note == "refused to this key"


def test_doctor_tells_what_the_key_may_do_and_never_the_key(settings: Settings) -> None:
    with of_tier("dev_new", "Daft Punk") as (fake, _):
        keyed = _with(
            settings,
            spotify_client_id=CLIENT_ID,
            spotify_client_secret=CLIENT_SECRET,
            urls={"spotify_api_url": fake.server.url, "spotify_token_url": fake.server.url + "/api/token"},
        )
        unknown = doctor.examine(keyed, now=NOW)
        with open_run(keyed, "doctor", as_of_date=AS_OF) as run:
            doctor.probe(keyed, run.run_id, NOW)
        known = doctor.examine(keyed, now=NOW)

    assert "not asked yet" in {row["what"]: row["seen"] for row in unknown}["what the key may do"]
    seen = {row["what"].strip(): row["seen"] for row in known}
    assert seen["Spotify tier"] == "dev_new"
    assert seen["artist popularity"].startswith("no: Spotify gave no popularity with an artist.")
    assert seen["50 search results a page"].startswith("no: ")
    assert len(fake.requests) <= 6
    assert CLIENT_ID not in str(known)
    assert CLIENT_SECRET not in str(known)


def test_the_commands_plan_enrich_and_purge_in_words(settings: Settings, tmp_path: Path) -> None:
    tracks = tmp_path / "tracks.csv"
    pl.DataFrame(
        {"track_id": [track_id(1)], "artist_name": ["One"], "popularity": [5], "danceability": [0.5]}
    ).write_csv(tracks)
    pins = tmp_path / "pins.csv"
    pins.write_text("artist_name,artist_id\nOne,\n")
    runner = CliRunner()
    home = ["--home", str(settings.home), "--sources", "spotify,files"]
    with of_tier("dev_legacy", "One", script=QUIET) as (fake, _):
        urls = ["--spotify-api-url", fake.server.url, "--spotify-token-url", fake.server.url + "/api/token"]
        keys = {"SPOTIPY_CLIENT_ID": CLIENT_ID, "SPOTIPY_CLIENT_SECRET": CLIENT_SECRET}
        loaded = runner.invoke(songpop, ["load", "--tracks", str(tracks), *home])
        planned = runner.invoke(songpop, ["enrich", "--dry-run", *home, *urls], env=keys)
        n_asked = len(fake.requests)
        enriched = runner.invoke(songpop, ["enrich", *home, *urls], env=keys)
        status = runner.invoke(songpop, ["status", "--home", str(settings.home)])
        pinned = runner.invoke(songpop, ["load", "--pins", str(pins), *home])
        purged = runner.invoke(songpop, ["purge", "--source", "spotify", *home])

    results = (loaded, planned, enriched, status, pinned, purged)
    assert [result.exit_code for result in results] == [0] * 6, [result.output for result in results]
    assert n_asked == 0
    assert "not probed yet" in planned.stderr
    assert planned.stdout.startswith("Would be asked")
    assert "1 found, 0 ambiguous, 0 missing" in enriched.stderr
    assert "left in 24 h" in enriched.stderr
    assert "names at Spotify: 1 found" in status.stdout
    assert "raw.spotify__artists: 1" in purged.stderr
    assert not any(CLIENT_SECRET in result.output for result in results)
    assert CLIENT_SECRET.encode() not in settings.warehouse.read_bytes()


def test_a_mistake_in_one_part_is_a_finding_and_the_other_parts_go_on(
    con: duckdb.DuckDBPyConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_home(con)

    def mistaken(*_: object, **__: object) -> list[object]:
        raise KeyError("no such key")

    monkeypatch.setattr("songpop.sources.spotify.parsing.release_rows", mistaken)
    new = album("al1", tracks=[track(track_id(7))])
    script = {
        NEW_RELEASES: [albums_page(new)],
        "/v1/albums/al1": [Reply(200, new)],
        TRACKS: [error(403, "Forbidden")],
        SEARCH: [hits(artist("One", "o1", popularity=60))],
    }
    with scripted(script) as (_, source):
        result = enrich(con, settings, source)

    assert "Enrichment must ask for new releases, however that broke (KeyError" in result.findings[0].message
    assert rows_of(con, "select artist_name, popularity from raw.spotify__artists") == [("One", 60)]


def test_a_synthetic_sample_is_told_to_no_service_of_the_world(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(con, "releases", [{"track_id": track_id(77), "artist_name": "One", "track_name": "New"}])
    load_tracks(con, (1, "One", 90))
    con.execute("update ledger.snapshots set file_name = 'synthetic_tracks.csv' where entity = 'tracks'")
    build(con)
    keyed = _with(settings, sources=ALL, spotify_client_id=CLIENT_ID, spotify_client_secret=CLIENT_SECRET)

    result = enrich(con, keyed)

    assert (result.n_calls, result.findings) == ({}, [])
    assert result.notes == [
        "The tracks are a synthetic sample's, which no service of the world knows, so none is asked."
    ]
