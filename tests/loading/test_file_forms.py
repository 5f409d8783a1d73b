import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from songpop.errors import SourceError
from songpop.loading import input_files, read_input
from songpop.loading.input_schemas import RELEASES, TRACKS, Entity

_ROWS = [
    ["Artist Name", "Track Name", "Genre", "Duration (ms)"],
    ["Zoë Ilves", 'Say "no", twice', "pop", "201000"],
    ["", "", "", ""],
    ["Señor Ruiz", "Niño; adiós | 2", "latin", "187000"],
    ["Ann", "Tab\tand, comma", "rock", "160500"],
]
_PLAIN = [
    ("artist_name", "track_name", "genre", "duration_ms"),
    *(tuple(row) for row in _ROWS[1:] if any(row)),
]


def _text(separator: str = ",", end: str = "\n", rows: list[list[str]] = _ROWS) -> str:
    def field(value: str) -> str:
        is_odd = any(letter in value for letter in ('"', separator, "\n"))
        return '"' + value.replace('"', '""') + '"' if is_odd else value

    return "".join(separator.join(map(field, row)) + end for row in rows)


def _workbook(rows: Sequence[Sequence[object]], *others: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for title, cells in (*others, ("Songs", rows)):
        sheet = book.create_sheet(title)
        for row in cells:
            sheet.append(row)
    book.remove(book.active)
    book.save(content)
    return content.getvalue()


def _zipped(content: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _parquet(folder: Path) -> bytes:
    path = folder / "made.parquet"
    names = ", ".join(f'"{name}"' for name in _ROWS[0])
    rows = ", ".join("(" + ", ".join("'" + value + "'" for value in row) + ")" for row in _ROWS[1:])
    duckdb.sql(f"copy (select * from (values {rows}) as made({names})) to '{path}' (format parquet)")
    return path.read_bytes()


_FORMS: dict[str, Callable[[Path], bytes]] = {
    "commas": lambda _: _text().encode(),
    "semicolons": lambda _: _text(";").encode(),
    "tabs": lambda _: _text("\t").encode(),
    "vertical bars": lambda _: _text("|").encode(),
    "a sep line": lambda _: b"sep=;\r\n" + _text(";", "\r\n").encode(),
    "a title": lambda _: b"Our autumn list,,,\n\n" + _text().encode(),
    "a mark of UTF-8": lambda _: _text(";").encode("utf-8-sig"),
    "UTF-16": lambda _: _text("\t", "\r\n").encode("utf-16"),
    "UTF-16, big end first": lambda _: b"\xfe\xff" + _text("\t").encode("utf-16-be"),
    "UTF-16 without a mark": lambda _: _text("\t").encode("utf-16-le"),
    "Windows-1252": lambda _: _text(";").encode("cp1252"),
    "an old Mac": lambda _: _text(",", "\r").encode("mac_roman"),
    "UTF-8 of an old Mac": lambda _: _text(",", "\r").encode(),
    "Excel": lambda _: _workbook(_ROWS),
    "Excel, second sheet": lambda _: _workbook([[], ["Our list"], *_ROWS], ("Read me", [["Nothing here"]])),
    "Parquet": _parquet,
    "gzip of tabs": lambda _: gzip.compress(_text("\t").encode()),
    "zip of Windows-1252": lambda _: _zipped(_text().encode("cp1252"), "list.csv"),
    "zip of Excel": lambda _: _zipped(_workbook(_ROWS), "list.xlsx"),
    "zip of gzip": lambda _: _zipped(gzip.compress(_text().encode()), "list.csv.gz"),
}


def _read(
    con: duckdb.DuckDBPyConnection, path: Path, scratch: Path, entity: Entity = RELEASES, *, may_be_fast: bool = True
) -> tuple[input_files.SourceFile, read_input.Incoming, list[tuple[str, ...]]]:
    source = input_files.understand(input_files.open_source(path, scratch, entity=entity), entity)
    read = read_input.read_file(con, source, most_unreadable=10_000, may_be_fast=may_be_fast)
    fields = ", ".join(f"coalesce({column}, '')" for column in read.columns.values())
    rows = con.execute(f"select {fields} from incoming order by {read.line}").fetchall()
    return source, read, [tuple(read.columns), *rows]


def _write(folder: Path, content: bytes | str, name: str = "songs.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _error(content: bytes | str, folder: Path, entity: Entity = RELEASES) -> str:
    with pytest.raises(SourceError) as caught:
        input_files.open_source(_write(folder, content), folder, entity=entity)
    return str(caught.value)


@pytest.mark.parametrize("form", list(_FORMS))
def test_a_file_of_any_form_gives_the_rows_of_the_plain_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, form: str
) -> None:
    path = _write(tmp_path, _FORMS[form](tmp_path), "file")

    source, read, rows = _read(con, path, tmp_path)

    assert rows == _PLAIN
    assert read.n_unreadable == 0
    n_above = source.first_line - 1 if not source.is_parquet else 0
    assert read.n_rows + read.n_blank_lines == source.n_lines - n_above
    assert bool(input_files.describe_form(source)) == (form not in {"commas", "Parquet", "zip of gzip"})


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("a sep line", "file is read by its first line 'sep=;' and with semicolons between the fields."),
        ("a title", "file is read with the header in line 3, below other text."),
        ("UTF-16", "file is read as UTF-16 and with tabs between the fields."),
        ("Windows-1252", "file is read as Windows-1252 text and with semicolons between the fields."),
        ("an old Mac", "file is read with carriage returns as line ends and as Mac Roman text."),
        ("Excel, second sheet", "file is read as a workbook, from the sheet 'Songs' of 2 with cells and with the"),
    ],
)
def test_a_form_that_is_not_plain_is_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, form: str, words: str
) -> None:
    source, _, _ = _read(con, _write(tmp_path, _FORMS[form](tmp_path), "file"), tmp_path)

    assert input_files.describe_form(source).startswith(words)


def test_lines_keep_the_numbers_that_they_have_in_the_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    text = "A title\nsong;artist\nOne;X\n;\nTwo;X;more\nThree;X\n"
    for content in (text, text.encode("utf-16"), text.replace("\n", "\r")):
        _, read, rows = _read(con, _write(tmp_path, content), tmp_path)

        assert rows[1:] == [("One", "X"), ("Three", "X")]
        assert con.execute(f"select {read.line} from incoming order by 1").fetchall() == [(3,), (6,)]
        assert con.execute("select line, content from set_aside").fetchall() == [(5, "Two;X;more")]
        assert read.n_blank_lines == 1

    sheet = _workbook([["A title"], ["song", "artist"], ["One", "X"], [None, " "], ["Three", "X"]])
    _, read, _ = _read(con, _write(tmp_path, sheet), tmp_path)
    assert con.execute(f"select {read.line} from incoming order by 1").fetchall() == [(3,), (5,)]


@pytest.mark.parametrize("may_be_fast", [True, False])
def test_a_row_of_blanks_is_a_blank_line_however_the_file_is_read(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, may_be_fast: bool
) -> None:
    text = ",artist_name,track_name\n0,X,One\n,,\n2,\u00a0, \n3,,\n,\n4,X,Two\n"
    path = _write(tmp_path, text if not may_be_fast else text.replace(",\n4", "5,,\n4"))

    _, read, rows = _read(con, path, tmp_path, may_be_fast=may_be_fast)

    assert rows == [("artist_name", "track_name"), ("X", "One"), ("X", "Two")]
    assert (read.n_rows, read.n_blank_lines, read.n_unreadable) == (2, 4, 0)


def test_single_lines_that_are_not_utf_8_are_damaged_and_no_other_encoding(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    head = b"artist_name,track_name\n"
    good = "".join(f"Zoë,Song {number}\n" for number in range(20)).encode()
    for content in (
        head + good + b"Caf\xe9,One\n",
        head + b"Ann,One\n" * 600 + b"Caf\xe9,One\n",
        head + b"A\xff,One\n",
    ):
        source = input_files.open_source(_write(tmp_path, content), tmp_path, entity=RELEASES)

        assert not source.is_plain
        assert source.form == ()


def test_a_list_with_one_accent_is_read_as_windows_1252(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = _write(tmp_path, "artist_name,track_name\nBjörk,One\nAnn,Two\n".encode("latin-1"))

    assert _read(con, path, tmp_path)[2][1] == ("Björk", "One")


def test_dates_and_times_of_a_sheet_are_read_as_they_are_seen(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    header: list[object] = ["artist", "title", "Release Date", "tempo", "Length", "year", "valence"]
    cells = _workbook(
        [
            header,
            ["X", "One", date(2026, 12, 4), 118.25, time(3, 42), 2026, 0.1 + 0.2],
            ["X", 1999, datetime(2026, 12, 4, 9, 30), 120, time(0, 3, 7), 2026.0, 0.5],
        ]
    )

    _, _, rows = _read(con, _write(tmp_path, cells), tmp_path)

    assert rows[1:] == [
        ("X", "One", "2026-12-04", "118.25", "3:42", "2026", "0.3"),
        ("X", "1999", "2026-12-04 09:30:00", "120", "3:07", "2026", "0.5"),
    ]


def _open_document(rows: list[list[str]]) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
            for value in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content, packed = f"<office:document-content {spaces}><office:body><office:spreadsheet>", io.BytesIO()
    content += f'<table:table table:name="Songs">{cells}</table:table>'
    content += "</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return packed.getvalue()


def test_a_sheet_of_opendocument_is_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, _, rows = _read(con, _write(tmp_path, _open_document(_ROWS[:2] + _ROWS[3:4])), tmp_path)

    assert rows == _PLAIN[:3]


def test_a_list_of_artists_in_parquet_parts_at_semicolons(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "songs.parquet"
    duckdb.sql(f"copy (select ['Ann', 'Bob'] as artists, 'One' as name) to '{path}' (format parquet)")

    assert _read(con, path, tmp_path)[2] == [("artist_name", "track_name"), ("Ann;Bob", "One")]


def test_a_workbook_without_a_table_says_so(tmp_path: Path) -> None:
    assert "has a header only" in _error(_workbook([["artist_name", "track_name"]]), tmp_path)
    assert "however its sheets are empty" in _error(_workbook([]), tmp_path)
    assert "must be a workbook that can be read" in _error(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[{"endTime": "2026-01-01 10:00", "trackName": "One", "msPlayed": 1}]', "a listening history of Spotify's"),
        (b'{"ts": "2026-01-01", "ms_played": 1}', "a listening history of Spotify's"),
        (b' \n{"tracks": []}', "JSON. Save its records as CSV or Parquet"),
        (b"<!DOCTYPE html><html></html>", "a web page or XML"),
        (b"%PDF-1.7\n...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "an image (PNG)"),
        (b"SQLite format 3\0" + bytes(100), "an SQLite database"),
        (bytes(8) + b"DUCK" + bytes(100), "a DuckDB database"),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    assert f"however {tmp_path / 'songs.csv'} is {words}" in _error(content, tmp_path)


def test_a_header_that_begins_like_a_magic_word_is_a_header(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = _write(tmp_path, "ORCHESTRA,artist,title\nNo,X,One\n")

    assert _read(con, path, tmp_path)[2][1] == ("No", "X", "One")


def test_text_that_begins_as_utf_16_and_is_not_says_so(tmp_path: Path) -> None:
    assert "must be text in one encoding, however it begins as UTF-16" in _error(b"\xff\xfea", tmp_path)


# --- ids under names that say too little


def test_a_number_of_the_row_is_no_track_id(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = _write(tmp_path, "id,artist,title\n1,X,One\n2,X,Two\n")

    source, read, rows = _read(con, path, tmp_path)

    assert rows[0] == ("id", "artist_name", "track_name")
    assert read.doubted == ("track_id",)
    assert "'id'" not in input_files.describe_names(source, read.doubted)
    with pytest.raises(
        SourceError, match=r"track_id must hold Spotify ids .* the column 'id' holds others \(first: '1'\)"
    ):
        _read(con, _write(tmp_path, "id,artist,title,popularity\n1,X,One,5\n"), tmp_path, TRACKS)


@pytest.mark.parametrize("prefix", ["", "spotify:track:", "https://open.spotify.com/track/"])
def test_an_id_is_one_in_a_link_too(con: duckdb.DuckDBPyConnection, tmp_path: Path, prefix: str) -> None:
    path = _write(tmp_path, f"link,artist,title\n{prefix}7lP4mNhQXbXe8DqA0cZKvT,X,One\n,X,Two\n")

    assert _read(con, path, tmp_path)[2][0] == ("track_id", "artist_name", "track_name")


# --- whatever the form


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab",;\t|é \\\'"x'), max_size=5), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_read_set_aside_and_blank_is_every_line(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    rows: list[list[str]],
    separator: str,
    encoding: str,
    end: str,
) -> None:
    lines = [["Artist", "Title", "note"], *rows]
    text = end.join(separator.join(row) for row in lines) + end
    if end == "\r" and "\n" in text:
        return

    source, read, _ = _read(con, _write(tmp_path, text.encode(encoding)), tmp_path)

    joined = con.execute(
        f"select coalesce(sum(({read.last_line}) - ({read.line})), 0)::integer from incoming"
    ).fetchall()
    assert read.n_rows + read.n_unreadable + read.n_blank_lines + joined[0][0] == len(rows)
    assert source.separator == separator
