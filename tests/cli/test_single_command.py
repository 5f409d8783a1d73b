"""`songpop single`, and how an album is read: by its id from the readers' file, or from a CSV."""

import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import checked_warehouse
import duckdb
import pytest
import served
from click.testing import CliRunner, Result

from songpop import albums, warehouse
from songpop.cli import songpop
from songpop.errors import ModelError, SettingsError, SourceError, WarehouseError
from songpop.estimators import PREDICTION_COLUMNS
from songpop.settings import Settings

_DAY = date(2026, 11, 22)
_CSV = """artist_name,track_name,album_name,release_date,genre,tempo,danceability
artist 3,Anchor,Low Tide,2026-12-04,rock,118,0.7
artist 3,Low Tide,Low Tide,2026-12,rock,fast,0.5
artist 3,,Low Tide,,,,
artist 3,Salt,Low Tide,,,,
artist 3,Anchor,Low Tide,,,,
artist 3,Torn
"""


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Publish a small warehouse whose champion is the planted model."""
    served.publish(settings)
    served.plant_model(monkeypatch)
    return settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the songs of an unreleased album, four of its lines with mistakes."""
    path = tmp_path / "album.csv"
    path.write_text(_CSV)
    return path


def _run(settings: Settings, *arguments: str, columns: int = 100) -> Result:
    environment = {"COLUMNS": str(columns)}
    return CliRunner().invoke(songpop, ["single", *arguments, "--home", str(settings.home)], env=environment)


def _document(settings: Settings, *arguments: str) -> Any:
    result = _run(settings, *arguments, "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_an_album_of_new_releases_is_ranked_by_its_id(published: Settings) -> None:
    document = _document(published, "--album", "newAlbum1")

    assert {song["track_name"] for song in document["songs"]} == {"New title 1", "New title 5", "New title 9"}
    assert [song["place"] for song in document["songs"]] == [1, 2, 3]
    assert sum(song["p_best"] for song in document["songs"]) == pytest.approx(1)
    assert (document["album_name"], document["origin"], document["n_songs"]) == ("New album", "new release", 3)
    assert document["verdict"] in ("clear", "too close to call")
    assert document["is_clear"] == (document["verdict"] == "clear")
    assert set(document["songs"][0]) >= {*PREDICTION_COLUMNS, "family", "p_best", "speaks_for", "speaks_against"}
    assert document["rejects"] == []


def test_a_pick_from_a_synthetic_sample_says_so(published: Settings) -> None:
    assert "synthetic" not in _run(published, "--album", "newAlbum1").stdout
    with duckdb.connect(published.published) as con:
        con.execute("update ledger.snapshots set file_name = 'synthetic_tracks.csv'")

    assert "A synthetic sample: its artists and tracks are made up" in _run(published, "--album", "newAlbum1").stdout
    assert _document(published, "--album", "newAlbum1")["is_synthetic"] is True


def test_a_title_with_escape_codes_is_printed_without_them(published: Settings) -> None:
    with duckdb.connect(published.published) as con:
        con.execute("update marts.releases set track_name = track_name || chr(27) || '[2J' || chr(10) || 'x'")

    text = _run(published, "--album", "newAlbum1").stdout

    assert "\x1b" not in text
    assert " [2J x" in text


def test_an_album_that_is_out_shows_what_was_seen_and_is_said_to_be_no_forecast(published: Settings) -> None:
    done = _run(published, "--album", "album1")

    assert re.search(r"^\d+ songs; known tracks; keras-planted$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +song +best +score +90 % .* seen$", done.stdout, re.MULTILINE)
    assert "These songs are out, and models learn from tracks like them: this is no forecast." in done.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_draws_each_interval_on_one_scale_that_fits_the_line(published: Settings, columns: int) -> None:
    text = _run(published, "--album", "newAlbum1", columns=columns).stdout

    drawn = re.findall(r"^\d  New title \d +\d+ % +[\d.]+ +(\d+)–(\d+)  ([·─●]+)$", text, re.MULTILINE)
    assert len(drawn) == 3
    for low, high, line in drawn:
        assert len(line) == 26
        assert line.count("●") == 1
        inside = [place for place, sign in enumerate(line) if sign != "·"]
        assert inside[0] == pytest.approx(int(low) / 4, abs=1)
        assert inside[-1] == pytest.approx(int(high) / 4, abs=1)
    assert max(map(len, text.splitlines())) <= columns
    assert "Association, not cause" in text


def test_a_file_with_mistakes_loses_nothing_but_its_bad_lines(published: Settings, file: Path) -> None:
    document = _document(published, "--csv", str(file))
    text = _run(published, "--csv", str(file)).stderr

    assert {song["track_name"] for song in document["songs"]} == {"Anchor", "Salt"}
    assert [(reject["line"], reject["reason"]) for reject in document["rejects"]] == [
        (3, "tempo must be a number of at least 0, however it is 'fast'"),
        (4, "track_name must not be blank, however it is"),
        (6, "same song as line 2, with other values"),
        (7, "the line must have 7 fields, however it has 2"),
    ]
    assert document["notes"] == [
        "'artist 3' is taken as 'Artist 3'.",
        "Blank for some songs, and taken from the others as an album shares it: release_date, genre.",
    ]
    assert "4 lines were left out; all others are ranked:\n  line 3: tempo must be a number" in text


def test_a_files_songs_get_what_the_readers_file_knows_of_the_artist(published: Settings, file: Path) -> None:
    album = albums.read_album_file(published, file, today=_DAY)

    rows = album.frame.select(
        "track_name", "artist_name", "artist_key", "artist_popularity", "year", "n_album_tracks", "tempo"
    ).rows()
    assert rows == [
        ("Anchor", "artist 3", "artist 3", 23.0, 2026, 2, 118.0),
        ("Salt", "artist 3", "artist 3", 23.0, 2026, 2, None),
    ]
    assert (album.album_name, album.artist_name, album.origin) == ("Low Tide", "artist 3", "file")
    stranger = albums.read_album_file(published, b"artist_name,track_name\nX,One\nX,Two\n", today=_DAY)
    assert stranger.frame["artist_popularity"].to_list() == [None, None]
    assert stranger.frame["artist_name"].to_list() == ["X", "X"]


def test_a_blank_cell_of_what_an_album_shares_sets_no_song_apart(published: Settings) -> None:
    head = "artist_name,track_name,album_name,release_date,genre\n"
    whole = f"{head}X,Opening,LP,2026-12,pop\nX,Closing,LP,2026-12,pop\n"
    blank = f"{head}X,Opening,,,\nX,Closing,LP,2026-12,pop\n"
    album = albums.read_album_file(published, blank.encode(), today=_DAY)

    filled = albums.read_album_file(published, whole.encode(), today=_DAY)
    # an id is made from the album as the line has it
    assert album.frame.drop("track_id").equals(filled.frame.drop("track_id"))
    assert album.notes == (
        "Blank for some songs, and taken from the others as an album shares it: album_name, release_date, genre.",
    )


def test_an_albums_name_may_be_spelled_in_several_ways(published: Settings) -> None:
    file = published.home / "spelled.csv"
    file.write_text("artist_name,track_name,album_name\nX,One,Café Noir\nX,Two,CAFE\u0301 NOIR \nX,Three,cafe noir\n")

    assert len(_document(published, "--csv", str(file))["songs"]) == 3


def test_a_song_of_another_year_does_not_get_the_others_date(published: Settings) -> None:
    text = b"artist_name,track_name,release_date,year\nX,One,2026-12-04,\nX,Two,,2019\nX,Three,,\n"
    album = albums.read_album_file(published, text, today=_DAY)

    assert album.frame["release_date"].to_list() == [date(2026, 12, 4), None, date(2026, 12, 4)]
    assert album.frame["year"].to_list() == [2026, 2019, 2026]


def test_columns_that_are_not_read_are_named(published: Settings) -> None:
    text = b"artist_name,track_name,Genre,tempo_bpm,shoe size,Danceabilty\nX,One,pop,118,4,.5\nX,Two,pop,120,4,.6\n"
    album = albums.read_album_file(published, text, today=_DAY)

    assert album.notes == (
        "Columns of the list are read as they are meant: 'Genre' as genre, 'tempo_bpm' as tempo.",
        "Columns that were not read: 'shoe size', 'Danceabilty' (did you mean danceability?).",
        "No release date and no year is known of these songs, so they count as released on 2026-11-22.",
    )


def test_a_workbook_and_a_list_of_tabs_are_ranked_as_the_plain_one(published: Settings, file: Path) -> None:
    import openpyxl

    rows: list[list[object]] = [["Artist Name(s)", "Track Name", "Danceability"], ["X", "One", 0.4], ["X", "Two", 0.6]]
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    plain = albums.read_album_file(
        published, b"artist_name,track_name,danceability\nX,One,0.4\nX,Two,0.6\n", today=_DAY
    )
    tabs = "\n".join("\t".join(map(str, row)) for row in rows).encode("utf-16")

    for sent in (content.getvalue(), tabs):
        album = albums.read_album_file(published, sent, today=_DAY)

        assert album.frame.equals(plain.frame)
        assert album.notes[1] == (
            "Columns of the list are read as they are meant: 'Artist Name(s)' as artist_name, 'Track Name' as "
            "track_name, 'Danceability' as danceability."
        )
    assert album.notes[0] == "the list is read as UTF-16 and with tabs between the fields."


def test_a_column_can_be_named_by_hand(published: Settings, file: Path) -> None:
    file.write_text("Performer,Opus\nX,One\nX,Two\n")

    document = _document(
        published, "--csv", str(file), "--columns", "artist_name=Performer", "--columns", "track_name=opus"
    )

    assert sorted(song["track_name"] for song in document["songs"]) == ["One", "Two"]
    assert "'Performer' as artist_name, 'Opus' as track_name" in document["notes"][0]


@pytest.mark.parametrize(
    ("pairs", "error", "message"),
    [
        (["artist_nam=Performer"], SettingsError, "there is no 'artist_nam'. Near it are artist_name"),
        (["artist_name=Performr"], SourceError, "must name a column of album.csv, however its header has 'Performer'"),
        (["popularity=Opus"], SourceError, "must name a column of releases files, however they have none such"),
        (["artist_name"], SystemExit, "must be of the form NAME=HEADER"),
        (["artist_name=Performer", "artist_name=Opus"], SystemExit, "must be given once"),
    ],
)
def test_a_column_that_is_not_there_is_refused(
    published: Settings, file: Path, pairs: list[str], error: type[BaseException], message: str
) -> None:
    file.write_text("Performer,Opus\nX,One\nX,Two\n")

    done = _run(published, "--csv", str(file), *(word for pair in pairs for word in ("--columns", pair)))

    assert isinstance(done.exception, error)
    assert message in " ".join((done.stderr + str(done.exception)).replace("│", "").split())


def test_the_templates_songs_share_date_and_genre(published: Settings) -> None:
    album = albums.read_album_file(published, albums.template().encode(), today=date(2026, 11, 22))

    assert album.frame["genre"].to_list() == ["pop", "pop"]
    assert album.notes == ()


def test_the_template_can_be_read_back(published: Settings, tmp_path: Path) -> None:
    path = tmp_path / "filled.csv"
    path.write_text(_run(published, "--template").stdout)

    document = _document(published, "--csv", str(path))

    assert [song["track_name"] for song in document["songs"]].count("First Song") == 1
    assert document["rejects"] == []


def test_songs_that_nothing_tells_apart_are_counted(published: Settings, file: Path) -> None:
    file.write_text("artist_name,track_name,danceability\nX,Anchor,0.9\nX,Ballast,0.9\nX,Salt,0.75\nX,Tide,0.85\n")

    text = _run(published, "--csv", str(file)).stdout

    assert re.search(
        r"^ 4 Salt\n   − its sound brings [\d.]+ points less than the album's mean \[-\d+\]$", text, re.MULTILINE
    )
    assert "   Nothing of weight for one song.\n" in text
    assert "Tide\n" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("artist_name,track_name\nX,One\n", "among two songs or more, however album.csv holds one good song"),
        (
            "artist_name,track_name\nX,\n,Two\n",
            r"no good song \(2 lines were left out; first: line 2: track_name",
        ),
        (
            "artist_name,track_name,album_name\nX,One,A\nX,Two,B\n",
            "one album, however album.csv names 2 in album_name",
        ),
        ("performer,opus\nX,One\n", "artist_name, track_name are missing"),
        (
            "artist_name,track_name\n" + "".join(f"X,Song {i}\n" for i in range(600)),
            "at most 500 songs, .* 600",
        ),
        ("artist_name,track_name\n" + "X,Song\n" * 6000, "at most 500 songs, however album.csv has 6,001 lines"),
    ],
)
def test_a_file_that_is_no_album_says_why(published: Settings, file: Path, text: str, message: str) -> None:
    file.write_text(text)

    with pytest.raises(SourceError, match=message):
        albums.read_album_file(published, file, today=_DAY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" \n", "The list must hold a header and songs, however it is empty"),
        (b"PK\x03\x04 [Content_Types].xml", "must be CSV text or a workbook, however it is a packed or a Parquet file"),
        (b"\n\xff\xfe\x00\n", "The list must be CSV text, however it holds bytes that no text has"),
        (
            b"artist_name,track_name\n" + b"".join(b"X,Song %d\n" % i for i in range(600)),
            "A list must hold at most 200 songs, however it holds 600",
        ),
        (b"PK\x03\x04", "The list must be CSV text or a workbook, however it is a packed or a Parquet file"),
        (b"performer,opus\nX,One\n", "however in the list artist_name, track_name are missing"),
        (b"artist_name,track_name\nX,One\n", "however the list holds one good song"),
        ("performer,opus\nBjörk,One\n".encode("utf-16"), "artist_name, track_name are missing"),
        (b'[{"trackName": "One", "msPlayed": 1000}]', "the list is a listening history of Spotify's"),
    ],
)
def test_a_list_that_was_sent_is_refused_without_a_path(published: Settings, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message) as raised:
        albums.read_album_file(published, content, today=_DAY)
    assert "album.csv" not in str(raised.value)


def test_a_column_named_like_a_file_keeps_its_name_in_the_message(published: Settings) -> None:
    with pytest.raises(SourceError, match=r"in the list artist_name is missing; seen: 'track_name', 'album.csv'"):
        albums.read_album_file(published, b"track_name,album.csv\nOne,1\nTwo,2\n", today=_DAY)


@pytest.mark.parametrize("asked", ["new album", "New  Album "])
def test_a_name_of_several_albums_names_their_ids(published: Settings, asked: str) -> None:
    with pytest.raises(SettingsError) as raised:
        albums.read_album(published, asked)

    first, *several = str(raised.value).splitlines()
    assert first.endswith(f"where several have its name, however 4 are called '{asked}':")
    assert [line.split()[0] for line in several] == [f"newAlbum{number}" for number in range(4)]


@pytest.mark.parametrize("asked", ["new albun", "newAlbum1x", "NEWALBUM1"])
def test_an_unknown_album_names_the_nearest(published: Settings, asked: str) -> None:
    with pytest.raises(SettingsError) as raised:
        albums.read_album(published, asked)

    first, *near = str(raised.value).splitlines()
    assert f"however there is no '{asked}'. Near it are:" in first
    assert re.fullmatch(r"  newAlbum\d  New album – Artist \d, 3 songs", near[0])
    assert len(near) <= 5
    with pytest.raises(SettingsError, match="`songpop export singles` lists the new albums"):
        albums.read_album(published, "????")


def test_choosing_needs_no_library_of_training_or_serving() -> None:
    code = (
        "import sys; from songpop import albums, scoring; "
        "from songpop.published import exports, list_definition, sandboxed_sql; "
        "from songpop.cli import read_commands, single_command; "
        "heavy = {'tensorflow', 'keras', 'prefect', 'great_expectations'}; "
        "print(sorted(heavy & {*sys.modules}))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert child.stdout == "[]\n"


def test_a_file_of_before_records_were_kept_knows_of_none_and_calls_nothing_clear(published: Settings) -> None:
    known = _document(published, "--album", "newAlbum1")
    with duckdb.connect(published.published) as con:
        con.execute("drop table marts.single_records")
    document = _document(published, "--album", "newAlbum1")

    assert known["record"]["n_albums"] == 200
    assert (document["record"]["n_albums"], document["is_clear"]) == (None, False)
    assert "is not known: the model was judged on fewer than 30 of them" in document["messages"][-1]


def test_the_command_gives_the_verdict_and_the_record_of_the_list(published: Settings) -> None:
    names = ("verdict", "record_n_albums", "record_right_share", "evidence", "n_album_tracks", "is_fragment")
    with duckdb.connect(published.published, read_only=True) as con:
        listed = con.execute(
            f"select {', '.join(names)} from marts.album_singles where album_id = 'newAlbum1'"
        ).fetchall()
    document = _document(published, "--album", "newAlbum1")

    record = document["record"]
    told = (record["n_albums"], record["right_share"], record["evidence"])
    assert listed == [(document["verdict"], *told, document["n_album_tracks"], document["is_fragment"])]
    assert record["record_evidence"] == record["evidence"]


def test_misuse_says_what_to_name(published: Settings, file: Path) -> None:
    for arguments in ([], ["--album", "x", "--csv", str(file)]):
        done = _run(published, *arguments)
        assert done.exit_code == 2
        assert "Name one album, as in --album ALBUM_ID or --csv FILE." in done.stderr


def test_a_file_without_champion_or_marts_says_what_to_do(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        warehouse.publish(con, settings.published)
    with pytest.raises(WarehouseError, match="must hold the marts of this version"):
        albums.read_album(settings, "newAlbum1")

    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        warehouse.publish(con, settings.published)
    with pytest.raises(ModelError, match="Choosing a single must have a champion"):
        albums.read_album(settings, "newAlbum1")
