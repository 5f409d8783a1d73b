"""The synthetic sample: its formats, its dirt, and its statistics beside the published ones."""

import csv
import hashlib
import itertools
import resource
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sample_statistics import compare_with_targets

from songpop.errors import SettingsError
from songpop.sources.sample import SampleFiles, write_sample, writing

AS_OF = date(2026, 11, 22)
KAGGLE_HEADER = (
    '"",artist_name,track_name,track_id,popularity,year,genre,danceability,energy,key,loudness,mode,'
    "speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature"
)
PATHS = ("tracks", "artists", "albums", "releases", "observed")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return write_sample(tmp_path_factory.mktemp("large"), 200_000, 1, as_of_date=AS_OF)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return write_sample(tmp_path_factory.mktemp("small"), 6_000, 0, as_of_date=AS_OF)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def digests(files: SampleFiles) -> list[str]:
    return [hashlib.sha256(getattr(files, name).read_bytes()).hexdigest() for name in PATHS]


def test_a_large_sample_has_the_published_statistics(large: SampleFiles) -> None:
    compared = compare_with_targets(large.tracks, large.artists)
    off = compared.filter(~pl.col("is_ok"))
    assert len(compared) > 240
    assert off.is_empty(), off.rows()


def test_a_comparison_without_artists_leaves_them_out(small: SampleFiles) -> None:
    compared = compare_with_targets(small.tracks)
    assert not any(name.startswith("artist_popularity") for name in compared["target"])
    assert compared.columns == ["target", "wanted", "seen", "tolerance", "is_ok"]


def test_a_comparison_notices_a_changed_column(small: SampleFiles, tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    frame = pl.read_csv(small.tracks).with_columns(popularity=100 - pl.col("popularity"))
    frame.write_csv(changed)
    seen = dict(compare_with_targets(changed).select("target", "is_ok").iter_rows())
    assert not seen["popularity mean"]
    assert not seen["index correlation within genre and year"]
    assert seen["danceability mean"]


def test_the_index_leaks_popularity_as_the_real_one_does(large: SampleFiles) -> None:
    index = pl.read_csv(large.tracks, columns=[0]).to_series().to_numpy()
    years = pl.read_csv(large.tracks, columns=["year"]).to_series().to_numpy()
    n_late = int((years >= 2012).sum())
    assert (np.diff(index) > 0).all()
    assert (index[:n_late] == np.arange(n_late)).all()
    assert (years[:n_late] >= 2012).all()


def test_the_tracks_file_has_the_kaggle_format(small: SampleFiles) -> None:
    text = small.tracks.read_text(encoding="utf-8")
    assert text.split("\n", 1)[0] == KAGGLE_HEADER
    rows = read(small.tracks)
    assert len(rows) == 6_000
    assert len({row["track_id"] for row in rows}) == 6_000
    assert all(len(row) == 20 and None not in row.values() and None not in row for row in rows)
    assert all(len(row["track_id"]) == 22 and row["track_id"].isalnum() for row in rows)
    assert any("e-" in row["instrumentalness"] for row in rows)


def test_the_other_files_have_the_contracts_headers(small: SampleFiles) -> None:
    headers = {name: getattr(small, name).read_text(encoding="utf-8").split("\n", 1)[0] for name in PATHS[1:]}
    assert headers == {
        "artists": "artist_name,popularity,fetched_at,artist_id",
        "albums": "track_id,album_id,album_name,release_date",
        "releases": "artist_name,track_name,track_id,album_id,album_name,release_date,year,genre,"
        + KAGGLE_HEADER.split(",genre,")[1],
        "observed": "track_id,popularity,observed_at",
    }


def test_every_artist_but_three_is_called_synthetic(small: SampleFiles) -> None:
    for name in ("tracks", "artists", "releases"):
        names = {row["artist_name"] for row in read(getattr(small, name))}
        assert {artist for artist in names if "synthetic" not in artist.lower()} <= {"None", "Null", "!!!"}
    assert {"None", "Null", "!!!"} <= {row["artist_name"] for row in read(small.tracks)}
    assert all(getattr(small, name).name.startswith("synthetic_") for name in PATHS)


def test_the_dirt_of_the_real_file_is_there(large: SampleFiles) -> None:
    tracks = pl.read_csv(large.tracks)
    artists = set(tracks["artist_name"])
    shouted = [name for name in artists if name.isupper() and name.startswith("SYNTHETIC")]
    split = {name.lower() for name in shouted} & {name.lower() for name in artists if not name.isupper()}
    assert len(split) > 20
    assert tracks.filter(pl.col("track_name").str.contains("VersiÃ³n")).height > 0
    assert tracks.filter(pl.col("loudness") > 0).height > 0
    assert set(tracks["time_signature"]) == {0, 1, 3, 4, 5}
    broken = tracks.filter(tempo=0)
    assert set(broken.select("danceability", "speechiness", "valence", "time_signature").unique().row(0)) == {0}
    quoted = [line for line in large.tracks.read_text(encoding="utf-8").splitlines() if '""' in line[2:]]
    assert 0.003 < len(quoted) / len(tracks) < 0.02


def test_a_version_stands_below_its_original(large: SampleFiles) -> None:
    tracks = pl.read_csv(large.tracks).select("artist_name", "track_name", "popularity", "genre", "year")
    plain = tracks.unique(["artist_name", "track_name"])
    for remark in (" - Live", " - Remix"):
        versions = tracks.filter(pl.col("track_name").str.ends_with(remark))
        versions = versions.with_columns(track_name=pl.col("track_name").str.strip_suffix(remark))
        both = versions.join(plain, on=["artist_name", "track_name"], suffix="_original")
        assert len(both) > 50
        assert both["popularity"].mean() < both["popularity_original"].mean() - 1  # type: ignore[operator]


def test_albums_hold_their_tracks_and_dates_of_three_precisions(small: SampleFiles) -> None:
    albums, tracks = read(small.albums), {row["track_id"]: row for row in read(small.tracks)}
    assert [row["track_id"] for row in albums] == list(tracks)
    assert {len(row["release_date"]) for row in albums} == {4, 7, 10}
    assert all(row["release_date"][:4] == tracks[row["track_id"]]["year"] for row in albums)
    by_album: dict[str, set[tuple[str, str]]] = {}
    for row in albums:
        artist = tracks[row["track_id"]]["artist_name"].lower()
        by_album.setdefault(row["album_id"], set()).add((artist, row["release_date"]))
    assert all(len(facts) == 1 for facts in by_album.values())
    assert len(by_album) < 2_500


def test_artists_are_missing_twice_or_changed_in_a_few_rows(large: SampleFiles) -> None:
    artists = pl.read_csv(large.artists)
    counts = artists.group_by("artist_name").agg(pl.len(), pl.col("popularity").n_unique().alias("values"))
    known = counts.filter(pl.col("artist_name").is_in(pl.read_csv(large.tracks)["artist_name"].unique().implode()))
    assert 0.02 < counts.filter(pl.col("len") > 1).height / len(counts) < 0.07
    assert counts.filter(pl.col("values") > 1).height > 0
    assert len(known) > 0.85 * len(counts)
    assert artists["artist_id"].str.len_chars().unique().to_list() == [22]


def test_releases_are_new_partly_blank_and_observed_later(small: SampleFiles) -> None:
    releases, observed = read(small.releases), read(small.observed)
    days = {(AS_OF - date.fromisoformat(row["release_date"])).days for row in releases}
    assert len(releases) == 200
    assert min(days) >= 0
    assert max(days) < 28
    assert {row["track_id"] for row in releases} - {""} == {row["track_id"] for row in observed}
    assert any(row["tempo"] == "" for row in releases)
    assert not {row["track_id"] for row in releases} & {row["track_id"] for row in read(small.tracks)}
    known = {row["artist_name"] for row in read(small.tracks)}
    unknown = {row["artist_name"] for row in releases} - known
    assert 5 <= len(unknown) <= 40
    sizes = sorted(len(list(group)) for _, group in itertools.groupby(releases, key=lambda row: row["album_id"]))
    assert sizes[0] == 1
    assert sizes[-1] >= 7
    assert all(row["observed_at"] > AS_OF.isoformat() for row in observed)


def test_the_same_arguments_give_the_same_bytes_whatever_the_chunks(
    small: SampleFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = write_sample(tmp_path / "again", 6_000, 0, as_of_date=AS_OF)
    monkeypatch.setattr(writing, "CHUNK_ROWS", 1_234)
    chunked = write_sample(tmp_path / "chunked", 6_000, 0, as_of_date=AS_OF)
    other = write_sample(tmp_path / "other", 6_000, 1, as_of_date=AS_OF)
    assert digests(again) == digests(small)
    assert digests(chunked) == digests(small)
    assert not set(digests(other)) & set(digests(small))


def test_progress_is_told_of_every_row(tmp_path: Path) -> None:
    advances: list[int] = []
    write_sample(tmp_path, 2_000, 0, as_of_date=AS_OF, progress=advances.append)
    assert sum(advances) == 2_000


def test_planted_lines_stand_where_they_are_said_to(tmp_path: Path) -> None:
    clean = write_sample(tmp_path / "clean", 2_000, 0, as_of_date=AS_OF)
    dirty = write_sample(tmp_path / "dirty", 2_000, 0, as_of_date=AS_OF, malformed=23)
    lines = dirty.tracks.read_bytes().split(b"\n")
    assert len(dirty.planted) == 23
    assert len({planted.kind for planted in dirty.planted}) == 10
    assert [lines[planted.line - 1] for planted in dirty.planted] == [planted.content for planted in dirty.planted]
    numbers = {planted.line - 1 for planted in dirty.planted}
    assert b"\n".join(line for n, line in enumerate(lines) if n not in numbers) == clean.tracks.read_bytes()
    assert clean.planted == ()


def test_a_sample_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    a_file = tmp_path / "a_file"
    a_file.write_text("")
    with pytest.raises(SettingsError, match=r"must have 2,000 to 10,000,000 rows, however 1,999"):
        write_sample(tmp_path, 1_999, 0, as_of_date=AS_OF)
    with pytest.raises(SettingsError, match=r"however 10,000,001"):
        write_sample(tmp_path, 10_000_001, 0, as_of_date=AS_OF)
    with pytest.raises(SettingsError, match=r"must go to a folder, however .* is a file"):
        write_sample(a_file, 2_000, 0, as_of_date=AS_OF)
    with pytest.raises(SettingsError, match=r"can't be made"):
        write_sample(a_file / "below", 2_000, 0, as_of_date=AS_OF)
    with pytest.raises(SettingsError, match=r"malformed lines must be 0 or more"):
        write_sample(tmp_path, 2_000, 0, as_of_date=AS_OF, malformed=-1)


def test_a_sample_for_a_first_night_is_made_at_once(tmp_path: Path) -> None:
    started = time.process_time()
    write_sample(tmp_path, 6_000, 0, as_of_date=AS_OF)
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_a_million_rows_take_seconds_and_little_memory(tmp_path: Path) -> None:
    started = time.process_time()
    files = write_sample(tmp_path, 1_000_000, 0, as_of_date=AS_OF)
    assert time.process_time() - started < 15
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1.5e6
    assert compare_with_targets(files.tracks, files.artists)["is_ok"].all()
