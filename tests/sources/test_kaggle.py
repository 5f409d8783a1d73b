import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from requests import Response

from songpop.errors import SourceError, SourceRefused, SourceUnavailable
from songpop.loading import kaggle_facts, load
from songpop.settings import Settings
from songpop.sources import kaggle

_HEADER = (
    '"",artist_name,track_name,track_id,popularity,year,genre,danceability,energy,key,loudness,mode,speechiness,'
    "acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature\n"
)
_ROW = "0,!!!,Test Song,{},68,2012,acoustic,0.483,0.303,4,-10.058,1,0.0429,0.694,0.0,0.115,0.139,133.4,240166,3\n"
_DAY: dict[str, Any] = {"as_of_date": date(2026, 11, 22), "now": datetime(2026, 11, 22, 3, 15)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kagglehub"
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(folder))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "no-keys"))
    return folder


def _fill(cache: Path, text: str) -> Path:
    dataset = cache / "datasets" / "amitanshjoshi" / "spotify-1million-tracks"
    path = dataset / "versions" / "1" / kaggle.DATA_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    marker = dataset / ".complete" / "1" / f"{kaggle.DATA_FILE}.complete"
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return path


def test_a_pinned_version_in_the_cache_is_served_without_a_network(cache: Path) -> None:
    path = _fill(cache, _HEADER)

    assert kaggle.fetch_kaggle(io.StringIO()) == path


def test_without_network_or_cache_the_advice_is_to_download_by_hand(cache: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"can't be fetched now .* download it by hand .* --tracks"):
        kaggle.fetch_kaggle(io.StringIO())


def _answer(status: int) -> requests.HTTPError:
    response = Response()
    response.status_code = status
    return requests.HTTPError(response=response)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (_answer(503), SourceUnavailable, "said 503"),
        (_answer(429), SourceUnavailable, "said 429"),
        (_answer(403), SourceRefused, "said 403"),
        (OSError(28, "No space left on device"), SourceError, "No space left on device"),
    ],
)
def test_an_answer_or_a_full_disk_becomes_an_error_with_advice(
    cache: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[SourceError], message: str
) -> None:
    import kagglehub

    def refuse(*args: object, **options: object) -> str:
        raise error

    monkeypatch.setattr(kagglehub, "dataset_download", refuse)

    with pytest.raises(kind, match=message) as caught:
        kaggle.fetch_kaggle(io.StringIO())
    assert type(caught.value) is kind
    assert "--tracks" in str(caught.value)


def test_the_kaggle_option_loads_the_cached_file_and_says_that_it_is_not_the_known_one(
    cache: Path, con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    _fill(cache, _HEADER + _ROW.format("a" * 22))

    result = load.load(con, settings, kaggle=True, run_id="r1", **_DAY)

    (loaded,) = result.files
    assert (loaded.entity, loaded.n_rows, loaded.is_new) == ("tracks", 1, True)
    assert loaded.file_name == f"kaggle:{kaggle.DATASET}/spotify_data.csv"
    assert {finding.check_name for finding in result.findings} == {"the_kaggle_file_is_the_known_one"}
    assert "must have 1,159,764 rows, however there are 1 in" in result.findings[0].message
    assert not any("'!!!'" in finding.message for finding in result.findings)
    sha256 = con.execute("select sha256 from ledger.snapshots").fetchall()[0][0]
    assert len(sha256) == 64


def test_a_pinned_file_that_changed_is_told_with_both_checksums(
    cache: Path, con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    _fill(cache, _HEADER + _ROW.format("a" * 22))
    first = load.load(con, settings, kaggle=True, run_id="r1", **_DAY).files[0]
    _fill(cache, _HEADER + _ROW.format("b" * 22))

    second = load.load(con, settings, kaggle=True, run_id="r2", **_DAY)

    (change,) = (f for f in second.findings if f.check_name == "the_kaggle_file_keeps_its_sha256")
    assert change.example_keys == (second.files[0].snapshot_id, first.snapshot_id)


def test_a_file_with_every_known_figure_brings_no_finding(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        insert into raw.files__tracks by name
        select 'k' as snapshot_id, i as line, 'id' || i as track_id,
            case
                when i < 35 then 'Prince' when i < 44 then 'Coldplay' when i = 44 then '!!!'
                when i = 45 then 'New York Dolls' else 'Synthetic'
            end as artist_name,
            case when i = 45 then 'Temptation to Exist' end as track_name,
            case when i between 35 and 43 then 75 else 70 + 5 * (i % 2) end as popularity,
            case when i < 35 then 2001 else 2010 end as "year",
            case when i < 17123 then 'garage' else 'genre ' || (i % 81) end as genre,
            case when i < 2153 then 225000 else 1000 end as duration_ms,
            case when i < 2153 then 0.9 else 0.1 end as speechiness,
            -0.0570 * (i % 2) + sqrt(1 - 0.0570 * 0.0570) * ((i // 2) % 2) as liveness
        from range(1159764) as numbers(i)
        """
    )

    assert kaggle_facts.check_kaggle_tracks(con, "k") == []
