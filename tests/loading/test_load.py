import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from songpop import ids, resources
from songpop.console import Advance
from songpop.errors import SourceError
from songpop.loading import load, read_input
from songpop.loading.load import LoadedFile, LoadResult
from songpop.settings import Settings
from songpop.sources.sample import write_sample

_DAY = date(2026, 11, 22)
_NOW = datetime(2026, 11, 22, 3, 15)
_TRACKS = "track_id,artist_name,track_name,popularity,year,key,mode,tempo,duration_ms,energy\n"
_RAW_TABLES = ("tracks", "artists", "albums", "releases", "observed")


def _load(con: duckdb.DuckDBPyConnection, settings: Settings, **options: Any) -> LoadResult:
    options = {"run_id": "r1", "as_of_date": _DAY, "now": _NOW, **options}
    return load.load(con, settings, **options)


def _lenient(settings: Settings) -> Settings:
    return Settings(home=settings.home, warehouse=settings.warehouse, published=settings.published, max_reject_share=1)


def _write(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, newline="")
    return path


def _rejects(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    return dict(con.execute("select line, reason from ledger.rejects").fetchall())


def _id(letter: str) -> str:
    return letter * 22


# --- what is kept


def test_a_track_is_kept_in_the_files_own_words_without_its_index(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        '"",popularity,track_id,artist_name,track_name,key,mode,duration_ms,energy,mood,loudness\n'
        f'913,68,{_id("a")}," None ","Won\'t, ""Give"" Up",4.0,1,2.4e5,1.37e-05,sad,6.172\n',
    )

    result = _load(con, settings, tracks=path)

    kept = con.execute(
        'select snapshot_id, line, track_id, artist_name, track_name, popularity, "key", "mode", duration_ms, '
        'energy, loudness, "year", extras from raw.files__tracks'
    ).fetchall()
    snapshot_id = result.files[0].snapshot_id
    title = 'Won\'t, "Give" Up'
    assert kept == [
        (snapshot_id, 2, _id("a"), " None ", title, 68, 4, 1, 240_000, 1.37e-05, 6.172, None, '{"mood":"sad"}')
    ]
    (finding,) = result.findings
    assert "however file.csv also has 'mood'. They are kept aside in raw.files__tracks.extras" in finding.message
    assert con.execute("select check_name, severity from ledger.findings").fetchall() == [
        ("columns_are_known", "warning")
    ]
    assert con.execute("select unknown_columns, n_rows, n_rejected from ledger.snapshots").fetchall() == [
        (["mood"], 1, 0)
    ]


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_artists_whose_names_look_like_nothing_survive(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path, form: str
) -> None:
    names = ["!!!", "NA", "None", "Null", "nan"]
    frame = pl.DataFrame({"artist_name": names, "popularity": [1.0, 2.0, 3.0, 4.0, None]})
    path = tmp_path / f"artists.{form}"
    if form == "parquet":
        frame.write_parquet(path)
    elif form == "csv":
        frame.write_csv(path)
    else:
        path.write_bytes(gzip.compress(frame.write_csv().encode()))

    _load(con, settings, artists=path)

    kept = con.execute("select artist_name, popularity from raw.files__artists order by artist_name").fetchall()
    assert kept == list(zip(names, [1, 2, 3, 4, None], strict=True))


def test_a_parquet_file_of_pandas_kind_is_typed_and_loses_its_index(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "releases.parquet"
    duckdb.sql(
        f"""copy (select 'Ann' as artist_name, 'One' as track_name, cast('nan' as double) as energy,
            cast(4 as double) as "key", true as "mode", timestamp '2026-11-20 00:00:00' as release_date,
            cast(0.5 as float) as valence, 7 as __index_level_0__) to '{path}' (format parquet)"""
    )

    result = _load(con, settings, releases=path)

    kept = con.execute(
        'select line, track_id, energy, "key", "mode", release_date, valence, extras from raw.files__releases'
    ).fetchall()
    assert kept == [(1, ids.make_track_id(None, "One", "Ann"), None, 4, 1, "2026-11-20", 0.5, None)]
    assert result.findings == []


def test_a_release_without_an_id_gets_one_from_album_title_and_artist(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        "track_id,artist_name,track_name,album_id,album_name\n"
        "mine-1,Ann,One,,\n,Ann,Two,al1,First\n  ,Ann,Three,al1,\n,Ann,Four,,\n",
    )

    _load(con, settings, releases=path)

    assert con.execute("select line, track_id from raw.files__releases order by line").fetchall() == [
        (2, "mine-1"),
        (3, ids.make_track_id("First", "Two", "Ann")),
        (4, ids.make_track_id("al1", "Three", "Ann")),
        (5, ids.make_track_id(None, "Four", "Ann")),
    ]


def test_ids_are_made_after_careful_reading_too(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, 'artist_name,track_name\nAnn,"One\nmore"\n\nAnn,Two\n')

    _load(con, settings, releases=path)

    assert con.execute("select line, track_id, track_name from raw.files__releases order by line").fetchall() == [
        (2, ids.make_track_id(None, "One\nmore", "Ann"), "One\nmore"),
        (5, ids.make_track_id(None, "Two", "Ann"), "Two"),
    ]


def test_observed_popularity_goes_to_the_ledger_in_utc(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        "track_id,popularity,observed_at\na,5,2026-01-01\na,6,2026-01-02T03:00:00+02:00\na,7,2026-01-03T00:00:00Z\n",
    )

    _load(con, settings, observed=path)

    rows = con.execute("select track_id, popularity, observed_at from ledger.popularity_observations").fetchall()
    assert rows == [
        ("a", 5, datetime(2026, 1, 1)),
        ("a", 6, datetime(2026, 1, 2, 1)),
        ("a", 7, datetime(2026, 1, 3)),
    ]


# --- loading again


def test_the_same_content_again_adds_only_a_load(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,5\n", "artists.csv")
    first = _load(con, settings, artists=path).files[0]
    copy = _write(tmp_path, path.read_text(), "copy.csv")

    again = _load(con, settings, artists=copy, run_id="r2", as_of_date=date(2026, 11, 23)).files[0]

    assert not again.is_new
    assert again.snapshot_id == first.snapshot_id
    assert again.describe() == f"copy.csv: already loaded as {first.snapshot_id} (1 rows)"
    assert con.execute("select count(*) from raw.files__artists").fetchall() == [(1,)]
    assert con.execute("select run_id, is_new from ledger.loads order by run_id").fetchall() == [
        ("r1", True),
        ("r2", False),
    ]


def test_another_content_is_a_second_snapshot_beside_the_first(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,5\n")
    _load(con, settings, artists=path)
    path.write_text("artist_name,popularity\nAnn,6\n")

    _load(con, settings, artists=path, run_id="r2", as_of_date=date(2026, 11, 23))

    assert con.execute(
        "select snapshot_date, popularity from raw.files__artists "
        "inner join ledger.snapshots using (snapshot_id) order by snapshot_date"
    ).fetchall() == [(_DAY, 5), (date(2026, 11, 23), 6)]


def test_a_file_named_twice_in_one_run_is_one_load(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,5\n")
    _load(con, settings, artists=path)
    _load(con, settings, artists=path)

    assert con.execute("select count(*) from ledger.loads").fetchall() == [(1,)]


# --- what is set aside


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("popularity", "", "popularity must not be blank, however it is"),
        ("popularity", "412", "popularity must be a whole number from 0 to 100, however it is '412'"),
        ("popularity", "4.5", "popularity must be a whole number from 0 to 100, however it is '4.5'"),
        ("popularity", "nan", "popularity must be a whole number from 0 to 100, however it is 'nan'"),
        ("track_id", "", "track_id must not be blank, however it is"),
        ("track_id", "abc", "track_id must be 22 letters and digits, however it is 'abc'"),
        ("artist_name", "  ", "artist_name must not be blank, however it is"),
        ("year", "1899", "year must be a whole number from 1900 to 2027, however it is '1899'"),
        ("year", "2028", "year must be a whole number from 1900 to 2027, however it is '2028'"),
        ("key", "12", "key must be a whole number from -1 to 11, however it is '12'"),
        ("mode", "2", "mode must be a whole number from 0 to 1, however it is '2'"),
        ("tempo", "-1", "tempo must be a number of at least 0, however it is '-1'"),
        ("tempo", "inf", None),
        ("duration_ms", "-5", "duration_ms must be a whole number of at least 0, however it is '-5'"),
        ("duration_ms", "1e30", "duration_ms must be a whole number of at least 0, however it is '1e30'"),
        ("energy", "1.01", "energy must be a number from 0 to 1, however it is '1.01'"),
        ("energy", "high", "energy must be a number from 0 to 1, however it is 'high'"),
        ("energy", "x" * 70, f"energy must be a number from 0 to 1, however it is '{'x' * 60}…'"),
    ],
)
def test_a_value_that_breaks_a_hard_rule_sets_its_row_aside(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path, column: str, value: str, rule: str | None
) -> None:
    good = dict(zip(_TRACKS.strip().split(","), [_id("b"), "Ann", "One", "5", "", "", "", "", "", ""], strict=True))
    bad = good | {"track_id": _id("a"), column: value}
    path = _write(tmp_path, _TRACKS + ",".join(bad.values()) + "\n" + ",".join(good.values()) + "\n")

    loaded = _load(con, settings, tracks=path).files[0]

    assert (loaded.n_rows, loaded.n_rejected) == (1, 1)
    expected = rule or "tempo must be a number of at least 0, however it is 'inf'"
    assert con.execute("select file_name, line, kind, reason, content from ledger.rejects").fetchall() == [
        ("file.csv", 2, "rule", expected, ",".join(bad.values()))
    ]


@pytest.mark.parametrize("value", ["2026-02-30", "2026-13", "26-01-01", "soon"])
def test_a_release_date_that_is_no_date_sets_its_row_aside(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path, value: str
) -> None:
    path = _write(
        tmp_path,
        f"track_id,album_id,album_name,release_date\na,b,c,{value}\nb,b,c,2026\nc,b,c,2026-02\nd,b,c,2024-02-29\ne,,,\n",
    )

    _load(con, settings, albums=path)

    assert _rejects(con) == {
        2: f"release_date must be a date of the form YYYY, YYYY-MM or YYYY-MM-DD, however it is '{value}'"
    }
    assert con.execute("select count(*) from raw.files__albums").fetchall() == [(4,)]


def test_a_number_too_large_for_its_column_sets_its_row_aside(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,track_name,time_signature\nAnn,One,1e12\nAnn,Two,-1\n")

    _load(con, settings, releases=path)

    assert _rejects(con) == {2: "time_signature must be a whole number, however it is '1e12'"}


def test_every_broken_rule_of_a_row_is_named(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,track_name,valence\n,,7\nAnn,One,0.5\n")

    _load(con, settings, releases=path)

    assert _rejects(con)[2] == (
        "track_id must not be blank, however it is; artist_name must not be blank, however it is; "
        "track_name must not be blank, however it is; valence must be a number from 0 to 1, however it is '7'"
    )


def test_a_repeated_track_is_kept_once_and_the_other_says_where(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    lines = [f"{_id('a')},,1", f"{_id('a')},Ann,2", f"{_id('a')},Ann,2", f"{_id('a')},Ann,3"]
    path = _write(tmp_path, "track_id,artist_name,popularity\n" + "\n".join(lines) + "\n")

    _load(con, settings, tracks=path)

    assert con.execute("select line, popularity from raw.files__tracks").fetchall() == [(3, 2)]
    assert _rejects(con) == {
        2: "artist_name must not be blank, however it is",
        4: "same track_id as line 3, with the same values",
        5: "same track_id as line 3, with other values",
    }


def test_of_a_repeated_artist_the_higher_popularity_stays(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,3\nAnn,7\nAnn,\nBob,1\nBob,1\nann,9\n")

    result = _load(con, settings, artists=path)

    assert con.execute("select line, artist_name, popularity from raw.files__artists").fetchall() == [
        (3, "Ann", 7),
        (5, "Bob", 1),
        (7, "ann", 9),
    ]
    assert _rejects(con) == {
        2: "same artist_name as line 3, whose popularity is higher (7 against 3)",
        4: "same artist_name as line 3, whose popularity is known",
        6: "same artist_name as line 5, whose popularity is the same (1)",
    }
    assert [finding.check_name for finding in result.findings] == ["rows_are_there_once"]


def test_a_rejected_record_of_several_lines_keeps_all_its_text(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, 'artist_name,popularity\nBob,1\n"Ann\nand co",200\nCid,3\n')

    _load(con, settings, artists=path)

    assert con.execute("select line, content from ledger.rejects").fetchall() == [(3, '"Ann\nand co",200')]


def test_a_rejected_row_of_a_parquet_file_shows_its_number_and_values(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "artists.parquet"
    pl.DataFrame({"artist_name": ["Ann", "Bob, jr"], "popularity": [1, 200]}).write_parquet(path)

    _load(con, settings, artists=path)

    assert con.execute("select line, content from ledger.rejects").fetchall() == [(2, '"Bob, jr",200')]


# --- when it stops


def test_one_bad_line_does_not_stop_a_small_file_but_two_do(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    rows = "".join(f"Artist {number},5\n" for number in range(50))
    one = _write(tmp_path, f"artist_name,popularity\n{rows}Ann,101\n", "one.csv")
    two = _write(tmp_path, f"artist_name,popularity\n{rows}Ann,101\nBob,x\n", "two.csv")

    assert _load(con, settings, artists=one).files[0].n_rejected == 1
    with pytest.raises(SourceError) as caught:
        _load(con, settings, artists=two)

    message = str(caught.value)
    assert "At most 0.01 of the lines of a file may be rejected, however" in message
    assert "2 of 52 (3.85%) break the rules of artists files (first: line 52: popularity must be" in message
    assert "; line 53: popularity must be" in message
    assert "SONGPOP_MAX_REJECT_SHARE" in message


def test_a_stopped_file_leaves_its_rejects_and_nothing_else(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,101\nBob,x\nCid,5\n")
    for _ in range(2):
        with pytest.raises(SourceError, match=r"ledger\.rejects under artists-2026-11-22-"):
            _load(con, settings, artists=path)

    assert sorted(_rejects(con)) == [2, 3]
    assert con.execute("select count(*) from ledger.rejects").fetchall() == [(2,)]
    for table in ("raw.files__artists", "ledger.snapshots", "ledger.loads", "ledger.findings"):
        assert con.execute(f"select count(*) from {table}").fetchall() == [(0,)]

    assert _load(con, _lenient(settings), artists=path).files[0].n_rejected == 2
    assert con.execute("select count(*) from ledger.rejects").fetchall() == [(2,)]


def test_a_file_in_which_nothing_is_right_stops_whatever_the_share(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,101\n")
    blank = _write(tmp_path, "artist_name,popularity\n\n\n", "blank.csv")

    with pytest.raises(SourceError, match=r"1 of 1 \(100.00%\)"):
        _load(con, _lenient(settings), artists=path)
    with pytest.raises(SourceError, match="must hold rows, however it has a header and blank lines only"):
        _load(con, settings, artists=blank)


def test_reading_stops_soon_in_a_file_of_garbage(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("songpop.loading.csv_records._BATCH_LINES", 600)
    path = _write(tmp_path, "artist_name,popularity\n" + "Ann,1,2\n" * 5000)

    with pytest.raises(SourceError, match=r"1,200 of 1,200 .*The first 1,000 are in ledger.rejects"):
        _load(con, settings, artists=path)
    assert con.execute("select count(*), max(line) from ledger.rejects").fetchall() == [(1000, 1001)]


def test_no_file_is_loaded_where_another_is_missing(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = _write(tmp_path, "artist_name,popularity\nAnn,5\n")

    with pytest.raises(SourceError, match="must exist"):
        _load(con, settings, artists=path, releases=tmp_path / "gone.csv")
    assert con.execute("select count(*) from ledger.snapshots").fetchall() == [(0,)]


def test_a_failure_within_a_load_rolls_the_file_back(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("disk")

    monkeypatch.setattr("songpop.ledger.save_findings", fail)
    with pytest.raises(RuntimeError, match="disk"):
        _load(con, settings, artists=_write(tmp_path, "artist_name,popularity\nAnn,5\n"))

    for table in ("raw.files__artists", "ledger.snapshots", "ledger.loads"):
        assert con.execute(f"select count(*) from {table}").fetchall() == [(0,)]
    assert con.execute("select table_name from duckdb_tables() where temporary").fetchall() == []
    assert list((settings.warehouse.parent / "spill").iterdir()) == []


# --- around it


def test_progress_is_told_bytes_and_lines(con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path) -> None:
    shown: dict[str, float] = {}

    @contextmanager
    def progress(label: str, total: float | None = None, *, unit: str = "") -> Iterator[Advance]:
        def advance(n: float = 1, note: str | None = None) -> None:
            shown[f"{label} of {total} {unit}"] = shown.get(f"{label} of {total} {unit}", 0) + n

        yield advance

    path = _write(tmp_path, "artist_name,popularity\nAnn,5\n\nBob,5\n")
    _load(con, settings, artists=path, progress=progress)

    assert shown == {"Read file.csv of 36 bytes": 36, "Load file.csv of 4 lines": 3}


def test_what_a_killed_load_unpacked_is_cleared_away(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    leftover = settings.warehouse.parent / "spill" / "load-abc" / "unpacked"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("x")

    _load(con, settings, artists=_write(tmp_path, "artist_name,popularity\nAnn,5\n"))

    assert not leftover.parent.exists()


def test_a_result_says_what_it_loaded() -> None:
    loaded = LoadedFile("tracks", "tracks-2026-11-22-3f9ac1", "a.csv", 1200, 3, is_new=True)

    assert loaded.describe() == "a.csv: 1,200 tracks, 3 set aside as tracks-2026-11-22-3f9ac1"


def test_each_line_planted_in_a_synthetic_sample_is_rejected_and_no_other(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    sample = write_sample(tmp_path / "sample", 2000, 3, as_of_date=_DAY, malformed=15)

    loaded = _load(con, settings, tracks=sample.tracks).files[0]

    planted = {line.line: line.content.decode(errors="backslashreplace") for line in sample.planted}
    assert dict(con.execute("select line, content from ledger.rejects where kind <> 'repeated'").fetchall()) == planted
    assert loaded.n_rejected - len(planted) < 20


@pytest.mark.real_data
def test_both_readers_load_the_real_files_without_a_reject_and_alike(
    settings: Settings, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from songpop import warehouse

    read_file = read_input.read_file
    kept = []
    for may_be_fast in (True, False):
        monkeypatch.setattr(
            read_input, "read_file", lambda *a, fast=may_be_fast, **k: read_file(*a, **k, may_be_fast=fast)
        )
        with duckdb.connect() as con:
            warehouse.create_tables(con)
            _load(
                con,
                settings,
                tracks=real_data / "kaggle_sample.csv",
                artists=real_data / "artist_popularity.csv",
                releases=real_data / "kaggle_sample_unlabelled.csv",
            )
            _load(
                con,
                settings,
                tracks=real_data / "spotify_tracks.csv",
                albums=real_data / "track_albums.csv",
                releases=real_data / "new_releases.csv",
                run_id="r2",
            )
            assert con.execute("select count(*) from ledger.rejects").fetchall() == [(0,)]
            kept.append(
                [
                    con.execute(f"select count(*), sum(hash(kept)) from raw.files__{name} as kept").fetchall()[0]
                    for name in _RAW_TABLES
                ]
            )

    assert kept[0] == kept[1]
    assert [n_rows for n_rows, _ in kept[0]] == [30_495, 60_740, 22_995, 7_861, 0]


# --- columns that are named by hand


def test_a_column_named_by_hand_is_read_and_is_another_thing_to_load(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("artist_name,track_name,style,mood\nX,One,pop,rock\n")

    plain = _load(con, settings, releases=path)
    style = _load(con, settings, releases=path, columns={"genre": "style"})
    again = _load(con, settings, releases=path, columns={"genre": "style"})
    mood = _load(con, settings, releases=path, columns={"genre": "mood"})

    assert [file.files[0].is_new for file in (plain, style, again, mood)] == [True, True, False, True]
    genres = con.execute("select genre from raw.files__releases order by genre nulls first").fetchall()
    assert genres == [(None,), ("pop",), ("rock",)]


def test_a_file_that_was_loaded_before_its_header_was_understood_is_loaded_anew(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("artist_name,track_name,Song Genre,id\nX,One,pop,1\n")
    loads = [_load(con, settings, releases=path)]
    con.execute("update raw.files__releases set genre = null")
    con.execute("update ledger.snapshots set unknown_columns = ['Song Genre', 'id']")

    loads += [_load(con, settings, releases=path) for _ in range(2)]

    assert [result.files[0].is_new for result in loads] == [True, True, False]
    assert con.execute("select genre from raw.files__releases order by 1 nulls first").fetchall() == [(None,), ("pop",)]


def test_of_several_files_a_column_by_hand_is_of_those_that_have_it(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    releases, artists = tmp_path / "releases.csv", tmp_path / "artists.csv"
    releases.write_text("Performer,track_name\nX,One\n")
    artists.write_text("artist_name,popularity\nX,50\n")

    with pytest.raises(SourceError, match="--columns genre=style must name a column of"):
        _load(con, settings, releases=releases, artists=artists, columns={"artist_name": "Performer", "genre": "style"})
    assert con.execute("select count(*) from ledger.snapshots").fetchall() == [(0,)]

    result = _load(con, settings, releases=releases, artists=artists, columns={"artist_name": "Performer"})

    assert [file.n_rows for file in result.files] == [1, 1]


def test_what_was_read_as_meant_is_a_note_and_what_is_of_no_use_too(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("Artist;Song Title;Explicit;Popularity\nX;One;false;5\n")

    findings = _load(con, settings, releases=path).findings
    path.write_text("Artist;Song Title;danceabilty\nX;One;0.5\n")
    warned = _load(con, settings, releases=path).findings

    assert [(finding.check_name, finding.severity) for finding in findings] == [
        ("file_forms_are_read_as_meant", "note"),
        ("headers_are_read_as_meant", "note"),
        ("columns_are_known", "note"),
    ]
    assert "'Artist' as artist_name, 'Song Title' as track_name." in findings[1].message
    assert warned[2].severity == "warning"
    assert "'danceabilty' (did you mean danceability?)" in warned[2].message


def test_tracks_keep_what_they_know_of_their_album(
    con: duckdb.DuckDBPyConnection, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "playlist.csv"
    path.write_text(
        "Track ID,Artist,Popularity,Album,Album Release Date,ISRC\n"
        f"{'a' * 22},X,50,Slate,2019-09,gb-abc-19-00001\n{'b' * 22},Y,40,,,unknown\n"
    )

    _load(con, settings, tracks=path)

    view = resources.sql_path("staging", "files__tracks").read_text()
    rows = con.execute(
        f"select artist_name, album_name, release_date, release_date_precision, isrc from ({view}) order by line"
    ).fetchall()
    assert rows == [("X", "Slate", date(2019, 9, 1), "month", "GBABC1900001"), ("Y", None, None, None, None)]
    assert con.execute("select isrc from raw.files__tracks order by line").fetchall() == [
        ("gb-abc-19-00001",),
        ("unknown",),
    ]
