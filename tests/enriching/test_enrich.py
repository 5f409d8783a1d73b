"""Enrichment into a real warehouse: from a scripted Spotify, and from the sample's own service."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from enriched import AS_OF, NOW, build, enrich, know_everything, load_rows, load_tracks, rows_of, track_id
from fake_spotify import (
    CLIENT_SECRET,
    FakeSpotify,
    album,
    albums_page,
    artist,
    error,
    features,
    hits,
    raw,
    scripted,
    track,
)

from songpop import enriching
from songpop.enriching import EnrichResult
from songpop.settings import Settings
from songpop.sources import sample
from songpop.sources.loopback import Reply
from songpop.sources.registry import Sources
from songpop.sources.sample import service as sample_service
from songpop.sources.sample.service import serve_sample
from songpop.sources.sample.service_catalogue import split_releases
from songpop.sources.spotify.client import SpotifySource

SEARCH, ARTISTS, TRACKS = "/v1/search", "/v1/artists", "/v1/tracks"
FEATURES, NEW_RELEASES = "/v1/audio-features", "/v1/browse/new-releases"
QUIET: dict[str, Any] = {NEW_RELEASES: [albums_page()]}


def _enrich(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: SpotifySource | None, *, now: datetime = NOW
) -> EnrichResult:
    """Enrich from a source whose key is known to be an approved organisation's, so that nothing is probed."""
    if source:
        know_everything(con, now)
    return enrich(con, settings, source, now=now)


def test_without_keys_nothing_is_asked_and_the_files_coverage_is_told(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_rows(con, "artists", [{"artist_name": "A", "popularity": 40}])
    load_tracks(con, (1, "A", 10), (2, "B", 20))

    result = _enrich(con, settings, None)

    assert result.notes == ["Spotify is off: SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET are not set."]
    assert result.summary.endswith("Nothing had to be asked; 1 of 2 artists have a popularity.")
    assert (result.findings, result.n_calls, result.n_asked) == ([], {}, 0)
    assert dataclasses.astuple(result.coverage) == (2, 1, 0, 1, 0, 0, 0, 0)


def test_an_empty_warehouse_is_built_and_not_asked_about(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    with scripted(QUIET) as (fake, source):
        result = _enrich(con, settings, source)

    assert fake.paths == [NEW_RELEASES]
    assert (result.n_asked, result.findings) == (0, [])


def test_artists_without_an_answer_are_asked_for_the_weightiest_first(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "Rare", 50), (2, "Busy", 10), (3, "Busy", 50), (4, "None", 5))
    tracks = [track(track_id(3), "Busy", "b1"), None, track(track_id(4), "None", "n1")]
    artists = [artist("Busy", "b1", popularity=60, genres=["pop", "rock"]), artist("None", "n1", popularity=0)]
    script = QUIET | {
        TRACKS: [Reply(200, {"tracks": tracks})],
        ARTISTS: [Reply(200, {"artists": artists})],
        SEARCH: [hits(artist("Rarely", "r1", popularity=3))],
    }

    with scripted(script) as (fake, source):
        result = _enrich(con, settings, source)
    build(con)

    assert fake.paths == [NEW_RELEASES, TRACKS, ARTISTS, SEARCH]
    assert fake.requests[1].query["ids"] == ",".join(track_id(n) for n in (3, 1, 4))
    assert rows_of(
        con,
        "select artist_name, found_name, artist_id, match_state, match_method, artist_popularity, genres, expires_at "
        "from staging.spotify__artists order by artist_name",
    ) == [
        ("Busy", "Busy", "b1", "found", "track_id", 60, ["pop", "rock"], NOW + timedelta(days=30)),
        ("None", "None", "n1", "found", "track_id", 0, None, NOW + timedelta(days=30)),
        ("Rare", None, None, "unmatched", "search_exact", None, None, NOW + timedelta(days=30)),
    ]
    assert rows_of(con, "select artist_name, artist_popularity, popularity_source from marts.artists order by all") == [
        ("Busy", 60, "spotify"),
        ("None", 0, "spotify"),
        ("Rare", None, None),
    ]
    assert (result.n_asked, result.n_found, result.n_missing, result.n_unasked) == (3, 2, 1, 0)
    assert dataclasses.astuple(result.coverage) == (3, 0, 2, 2, 2, 0, 1, 0)
    assert result.findings == []


def test_an_answer_is_asked_for_again_only_when_it_has_expired(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "Found", 90), (2, "Missing", 10))
    script = QUIET | {
        TRACKS: [error(403, "Forbidden")],
        SEARCH: [hits(artist("Found", "f1", popularity=7)), hits()],
    }

    n_searches = []
    with scripted(script) as (fake, source):
        for days in (0, 29, 31):
            _enrich(con, settings, source, now=NOW + timedelta(days=days))
            n_searches.append(fake.paths.count(SEARCH))

    assert n_searches == [2, 2, 4]


def test_new_releases_bring_their_features_and_their_artists_first(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "Busy", 10))
    new = album(
        "al1", "2026-11-20", tracks=[track(track_id(7), "Newcomer", "new1"), track(track_id(8), "Newcomer", "new1")]
    )
    script = {
        NEW_RELEASES: [albums_page(album("al1", "2026-11-20"))],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(200, {"audio_features": [features(track_id(7)), None]})],
        TRACKS: [Reply(200, {"tracks": [track(track_id(1), "Busy", "b1")]})],
        ARTISTS: [
            Reply(200, {"artists": [artist("Newcomer", "new1", popularity=2), artist("Busy", "b1", popularity=None)]})
        ],
    }

    with scripted(script) as (fake, source):
        result = _enrich(con, settings, source)
        again = _enrich(con, settings, source, now=NOW + timedelta(hours=1))
    build(con)

    assert fake.paths[:5] == [NEW_RELEASES, "/v1/albums/al1", FEATURES, TRACKS, ARTISTS]
    assert fake.paths[5:] == [NEW_RELEASES]
    assert (result.n_releases, result.n_features, again.n_releases) == (2, 1, 0)
    assert rows_of(
        con,
        "select track_id, artist_id, release_date, n_album_tracks, tempo, feature_source from marts.releases "
        "order by track_id",
    ) == [
        (track_id(7), "new1", date(2026, 11, 20), 2, 118.211, "spotify"),
        (track_id(8), "new1", date(2026, 11, 20), 2, None, "none"),
    ]
    assert rows_of(con, "select artist_name, popularity from raw.spotify__artists order by artist_name") == [
        ("Busy", None),
        ("Newcomer", 2),
    ]


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2026-11-20", date(2026, 11, 20), "day"),
        ("2026-11", date(2026, 11, 1), "month"),
        ("2026", date(2026, 1, 1), "year"),
        ("0000", None, "year"),
        ("soon", None, "year"),
    ],
)
def test_a_release_date_is_the_first_day_it_can_mean(
    con: duckdb.DuckDBPyConnection, text: str, expected: date | None, precision: str
) -> None:
    con.execute(
        "insert into raw.spotify__releases (run_id, track_id, found_by, release_date, fetched_at, expires_at) "
        "values ('run', 't', 'tag:new', ?, ?, ?)",
        [text, NOW, NOW],
    )
    build(con)

    assert rows_of(con, "select release_date, release_date_precision from staging.spotify__releases") == [
        (expected, precision)
    ]


def test_an_interrupted_run_keeps_its_answers_and_whole_albums_only(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    build(con)
    sizes = {"al1": 30, "al2": 30, "al3": 30}
    albums = [album(key, tracks=[track(f"{key}{number:019d}") for number in range(n)]) for key, n in sizes.items()]
    script = {NEW_RELEASES: [albums_page(*albums)]} | {f"/v1/albums/{a['id']}": [Reply(200, a)] for a in albums}
    seen = []

    @contextmanager
    def killed_at_the_65th(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Any]:
        def advance(n: float = 1, note: str | None = None) -> None:
            seen.append(rows_of(con, "select count(*) from raw.spotify__releases")[0][0])
            if len(seen) == 65:
                raise KeyboardInterrupt

        yield advance

    with scripted(script) as (_, source), pytest.raises(KeyboardInterrupt):
        enriching.enrich(
            con, settings, as_of_date=AS_OF, run_id="run", now=NOW, sources=Sources(source), progress=killed_at_the_65th
        )

    assert sorted(set(seen)) == [0, 60]
    assert rows_of(con, "select album_id, count(*) from raw.spotify__releases group by all order by all") == [
        ("al1", 30),
        ("al2", 30),
    ]


def test_a_second_try_of_the_same_run_keeps_what_the_first_one_saved(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    build(con)
    one, two = (album(key, tracks=[track(track_id(7))]) for key in ("al1", "al2"))
    script = {
        NEW_RELEASES: [albums_page(one), albums_page(two)],
        "/v1/albums/al1": [Reply(200, one)],
        "/v1/albums/al2": [Reply(200, two)],
    }

    with scripted(script) as (_, source):
        _enrich(con, settings, source)
        _enrich(con, settings, source)

    assert rows_of(con, "select track_id, album_id from raw.spotify__releases") == [(track_id(7), "al1")]


def test_a_used_up_quota_is_a_warning_and_what_came_before_is_kept(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    load_tracks(con, (1, "One", 90), (2, "Two", 10), (3, "Three", 5))
    script = QUIET | {
        TRACKS: [error(403, "Forbidden")],
        SEARCH: [hits(artist("One", "o1", popularity=7)), error(429, "Too many requests", Retry_After="86207")],
    }

    with scripted(script) as (fake, source):
        result = _enrich(con, settings, source)

    assert fake.clock.slept == []
    assert fake.paths.count(SEARCH) == 2
    assert rows_of(con, "select count(*) from raw.spotify__artists") == [(1,)]
    assert (result.n_asked, result.n_unasked) == (1, 2)
    assert "1 found, 0 ambiguous, 0 missing, 2 left for a later run; 4 calls; 1 of 3 artists" in result.summary
    assert [(finding.check_name, finding.severity) for finding in result.findings] == [
        ("enrichment_is_complete", "warning")
    ]
    assert "It may be asked again from 2026-11-23 03:11 UTC on." in result.findings[0].message
    assert result.notes == ["Spotify refused tracks: 403 'Forbidden'."]


def test_a_dead_service_is_a_warning_and_no_row(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    load_tracks(con, *((number, f"Artist {number}", 1) for number in range(1, 301)))
    script = {path: [raw(b"<html>", 502)] for path in (NEW_RELEASES, TRACKS, SEARCH)}

    with scripted(script) as (fake, source):
        result = _enrich(con, settings, source)

    assert len(fake.paths) == 15
    assert rows_of(con, "select count(*) from raw.spotify__artists") == [(0,)]
    assert [finding.check_name for finding in result.findings] == [
        "enrichment_is_complete",
        "spotify_answers_can_be_used",
    ]


def test_a_key_without_audio_features_or_popularity_is_a_warning_each(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    new = album("al1", tracks=[track(track_id(7), "Artist 1", "a1")])
    load_tracks(con, *((number, f"Artist {number}", 1) for number in range(1, 31)))
    found = [hits(artist(f"Artist {number}", f"a{number}")) for number in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2)]
    script = {
        NEW_RELEASES: [albums_page(album("al1"))],
        "/v1/albums/al1": [Reply(200, new)],
        FEATURES: [Reply(403, {"error": {"status": 403}})],
        TRACKS: [error(403, "Forbidden")],
        ARTISTS: [Reply(200, {"artists": [artist("Artist 1", "a1")]})],
        SEARCH: [*found, *(hits(artist(f"Artist {number}", f"a{number}")) for number in range(20, 31))],
    }

    with scripted(script) as (fake, source):
        result = _enrich(con, settings, source)

    assert fake.paths.count(FEATURES) == 1
    assert fake.paths.count(SEARCH) == 19
    assert [finding.message.split(",")[0] for finding in result.findings] == [
        "The Spotify key should give artist popularity",
        "The Spotify key should give audio features",
    ]
    assert rows_of(con, "select count(*), count(popularity) from raw.spotify__artists") == [(20, 0)]


def test_an_address_that_is_not_spotifys_is_a_warning(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    load_tracks(con, (1, "One", 90), (2, "Two", 90))

    with scripted({}) as (fake, source):
        result = _enrich(con, settings, source)

    assert fake.paths == [NEW_RELEASES, SEARCH, TRACKS, SEARCH]
    assert [finding.message.split(".")[0] for finding in result.findings] == [
        "The Spotify key should give search, however it does not"
    ]


def test_keys_in_the_settings_are_used_and_reach_no_finding(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    load_tracks(con, (1, "One", 90))
    fake = FakeSpotify({"/api/token": [Reply(400, {"error": "invalid_client"})]})
    with fake.server as server:
        keyed = dataclasses.replace(
            settings,
            spotify_client_id="id",
            spotify_client_secret=CLIENT_SECRET,
            urls={"spotify_api_url": server.url, "spotify_token_url": f"{server.url}/api/token"},
        )
        result = _enrich(con, keyed, None)

    assert fake.n_token_calls == 1
    assert "must be a pair that Spotify knows" in result.findings[0].message
    assert CLIENT_SECRET not in repr(result)


@pytest.fixture(scope="module")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> sample.SampleFiles:
    return sample.write_sample(tmp_path_factory.mktemp("sample"), 2000, 0, as_of_date=AS_OF)


def test_the_samples_service_gives_its_half_of_the_releases(
    con: duckdb.DuckDBPyConnection, settings: Settings, sample_files: sample.SampleFiles
) -> None:
    _, served = split_releases(sample_files.releases, settings.home)
    with serve_sample(dataclasses.replace(sample_files, releases=served)) as service:
        result = _enrich(con, settings, service.source())
        again = _enrich(con, settings, service.source(), now=NOW + timedelta(hours=1))
    build(con)

    n_served = len(served.read_text().splitlines()) - 1
    assert result.findings == again.findings == []
    assert result.n_releases == n_served == rows_of(con, "select count(*) from marts.releases")[0][0]
    assert 0 < result.n_features <= n_served
    assert result.n_found == result.n_asked > 0
    assert (again.n_releases, again.n_asked) == (0, 0)


def test_the_two_halves_of_the_releases_are_the_whole(sample_files: sample.SampleFiles, tmp_path: Path) -> None:
    in_file, served = split_releases(sample_files.releases, tmp_path)

    header, *lines = sample_files.releases.read_text().splitlines()
    halves = [path.read_text().splitlines() for path in (in_file, served)]
    assert [half[0] for half in halves] == [header, header]
    assert sorted(halves[0][1:] + halves[1][1:]) == sorted(lines)
    assert len(halves[1]) > len(lines) / 4


def test_the_samples_service_of_a_new_app_refuses_as_spotify_does(
    con: duckdb.DuckDBPyConnection, settings: Settings, sample_files: sample.SampleFiles
) -> None:
    with serve_sample(sample_files, tier="dev_new") as service:
        result = _enrich(con, settings, service.source())
        paths = [request.path for request in service.server.requests]

    assert result.n_releases > 0
    assert (result.n_features, result.coverage.n_from_spotify) == (0, 0)
    assert paths.count("/v1/audio-features") == paths.count("/v1/browse/new-releases") == 1
    assert {finding.check_name for finding in result.findings} == {"spotify_key_may_ask"}


def test_the_samples_service_checks_keys_tokens_and_limits(sample_files: sample.SampleFiles) -> None:
    with serve_sample(sample_files, tier="dev_new") as service, requests.Session() as session:
        session.trust_env = False
        wrong_keys = session.post(service.token_url, auth=("a", "b"), data={"grant_type": "client_credentials"})
        no_token = session.get(f"{service.url}/v1/search")
        keys = (sample_service.CLIENT_ID, sample_service.CLIENT_SECRET)
        token = session.post(service.token_url, auth=keys, data={"grant_type": "client_credentials"}).json()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        limit = session.get(f"{service.url}/v1/search?q=a&type=artist&limit=11")
        depth = session.get(f"{service.url}/v1/search?q=a&type=artist&limit=10&offset=991")
        album_id = session.get(f"{service.url}/v1/search?q=tag:new&type=album&limit=1").json()["albums"]["items"][0][
            "id"
        ]
        tracks = session.get(f"{service.url}/v1/albums/{album_id}/tracks?limit=50").json()["items"]
        nothing = session.get(f"{service.url}/v1/albums/unknown")

    assert [answer.status_code for answer in (wrong_keys, no_token, limit, depth, nothing)] == [400, 401, 400, 400, 404]
    assert tracks[0]["artists"][0]["name"].startswith("Synthetic")
