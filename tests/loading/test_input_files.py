import csv
import gzip
import io
import random
import zipfile
from pathlib import Path

import duckdb
import pytest

from songpop.errors import SourceError
from songpop.loading import headers, input_files, read_input
from songpop.loading.csv_records import LONGEST_RECORD, NotARecord, parse_record, read_batches
from songpop.loading.input_schemas import ALBUMS, ARTISTS, ENTITIES, OBSERVED, RELEASES, TRACKS, Entity

_HEADER = "artist_name,popularity,fetched_at\n"


def _write(folder: Path, text: str | bytes, name: str = "artists.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _read(path: Path, n_fields: int = 3) -> tuple[dict[int, list[str]], dict[int, str], int]:
    rows: dict[int, list[str]] = {}
    rejects: dict[int, str] = {}
    n_blank = 0
    for batch in read_batches(path, n_fields):
        rows |= dict(zip(batch.lines, batch.rows, strict=True))
        rejects |= {reject.line: reject.reason for reject in batch.rejects}
        n_blank += batch.n_blank_lines
    return rows, rejects, n_blank


def _open_error(path: Path, scratch: Path, entity: Entity = ARTISTS) -> str:
    with pytest.raises(SourceError) as caught:
        input_files.understand(input_files.open_source(path, scratch, entity=entity), entity)
    return str(caught.value)


# --- records


def test_an_unbalanced_quote_costs_its_own_line_and_no_neighbour(tmp_path: Path) -> None:
    path = _write(tmp_path, _HEADER + 'Ann,1,\n"Bob,2,\nCid,3,\nDan,4,\n')

    rows, rejects, _ = _read(path)

    assert rows == {2: ["Ann", "1", ""], 4: ["Cid", "3", ""], 5: ["Dan", "4", ""]}
    assert rejects == {3: "a quote must be closed, however the one that opens field 1 is not"}


def test_two_damaged_lines_whose_quotes_seem_to_match_are_both_rejected(tmp_path: Path) -> None:
    path = _write(tmp_path, _HEADER + '"Ann,1,\nBob,2,\nCid",3,\n')

    rows, rejects, _ = _read(path)

    assert rows[3] == ["Bob", "2", ""]
    assert 2 in rejects
    assert not any("Ann" in row[0] for row in rows.values())


def test_a_quoted_line_break_is_part_of_its_record(tmp_path: Path) -> None:
    path = _write(tmp_path, _HEADER + '"Ann\nand, ""friends""",1,\r\nBob,2,\n')

    rows, rejects, _ = _read(path)

    assert rows == {2: ['Ann\nand, "friends"', "1", ""], 4: ["Bob", "2", ""]}
    assert rejects == {}


def test_a_record_of_too_many_lines_is_a_quote_never_closed(tmp_path: Path) -> None:
    path = _write(tmp_path, _HEADER + '"Ann' + "\n" * LONGEST_RECORD + '",1,\nBob,2,\n')

    rows, rejects, n_blank = _read(path)

    assert rows[23] == ["Bob", "2", ""]
    assert sorted(rejects) == [2, 22]
    assert n_blank == LONGEST_RECORD - 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"Ann,1", "the line must have 3 fields, however it has 2"),
        (b"Ann,1,,x", "the line must have 3 fields, however it has 4"),
        (b'"Ann"x,1,', "a closing quote must end its field, however text follows the one of field 1"),
        (b"Ann\rB,1,", "a line break must stand in quotes, however field 1 has one without"),
        (b"Caf\xe9,1,", "the line must be UTF-8, however byte 4 of it is 0xe9"),
        (b"A\x00nn,1,", "the line must be text, however byte 2 of it is NUL"),
    ],
)
def test_a_line_that_is_no_record_is_rejected_with_its_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    path = _write(tmp_path, _HEADER.encode() + line + b"\nBob,2,\n")

    rows, rejects, _ = _read(path)

    assert rows == {3: ["Bob", "2", ""]}
    assert rejects == {2: reason}


def test_commas_too_many_at_the_end_of_a_line_hold_nothing() -> None:
    assert parse_record("a,b,,,", 3) == ["a", "b", ""]
    with pytest.raises(NotARecord, match="must have 3 fields, however it has 4"):
        parse_record("a,b,c,d", 3)


def test_a_strict_reader_of_quotes_agrees_with_the_csv_module() -> None:
    draw = random.Random(5)
    for _ in range(2000):
        row = ["".join(draw.choices('ab",\n\r ', k=draw.randint(0, 6))).strip(" ") for _ in range(3)]
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row)
        assert parse_record(text.getvalue(), 3) == row


def _damaged_file(draw: random.Random) -> bytes:
    pieces = ["a", "b", ",", ",", '"', "\n", "\n", "é", " ", "\r\n", '""', "\t", "\\", "'"]
    body = "".join(draw.choices(pieces, k=draw.randint(5, 120)))
    noise = b"\xff" if draw.random() < 0.1 else b""
    return b"x,y,z\n" + body.encode() + noise + (b"\n" if draw.random() < 0.7 else b"")


def test_rows_rejects_and_blank_lines_account_for_every_physical_line(tmp_path: Path) -> None:
    draw = random.Random(7)
    for _ in range(800):
        content = _damaged_file(draw)
        path = _write(tmp_path, content)
        n_physical = content.count(b"\n") + (not content.endswith(b"\n"))

        seen: list[int] = []
        n_blank = 0
        for batch in read_batches(path, 3):
            for first, last in zip(batch.lines, batch.last_lines, strict=True):
                seen += range(first, last + 1)
            seen += [reject.line for reject in batch.rejects]
            n_blank += batch.n_blank_lines

        assert len(seen) == len(set(seen))
        assert len(seen) + n_blank == n_physical - 1


def _table(
    con: duckdb.DuckDBPyConnection, source: input_files.SourceFile, *, may_be_fast: bool
) -> tuple[bool, list[tuple[object, ...]]]:
    read = read_input.read_file(con, source, most_unreadable=10_000, may_be_fast=may_be_fast)
    fields = ", ".join(f"nullif({column}, '')" for column in read.columns.values())
    rows = con.execute(f"select {read.line}, {read.last_line}, {fields} from incoming order by 1").fetchall()
    return read.is_fast, rows


def test_where_the_fast_reader_is_believed_both_readers_give_the_same_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    draw = random.Random(11)
    n_fast = 0
    for _ in range(200):
        alphabet = draw.choice(['",ab ', '"a b', "a'\\b", 'aé\t"', '", '])
        lines = [
            ",".join("".join(draw.choices(alphabet, k=draw.randint(0, 3))) for _ in range(3))
            for _ in range(draw.randint(1, 4))
        ]
        path = _write(tmp_path, "x,y,z\n" + draw.choice(["\n", "\r\n"]).join(lines) + "\n")
        source = input_files.SourceFile(path, path, False, "", ("x", "y", "z"), len(lines) + 1)

        is_fast, fast_rows = _table(con, source, may_be_fast=True)
        _, careful_rows = _table(con, source, may_be_fast=False)

        n_fast += is_fast
        assert fast_rows == careful_rows, lines
    assert n_fast > 50


def test_a_blank_line_in_the_middle_does_not_shift_the_line_numbers(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write(tmp_path, "x,y\na,1\n\nb,2\n  \n")

    source = input_files.open_source(path, tmp_path)
    is_fast, rows = _table(con, source, may_be_fast=True)

    assert not is_fast
    assert rows == [(2, 2, "a", "1"), (4, 4, "b", "2")]


# --- wrapping and bytes


@pytest.mark.parametrize("wrapping", ["csv", "gz", "zip"])
def test_a_wrapped_file_reads_as_the_plain_one(tmp_path: Path, wrapping: str) -> None:
    text = "\ufeff" + _HEADER + "Ann,1,\n"
    path = _write(tmp_path, text, "plain.csv")
    if wrapping == "gz":
        path = _write(tmp_path, gzip.compress(text.encode()), "a.csv.gz")
    if wrapping == "zip":
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/", "")
            archive.writestr("folder/a.csv", text)
            archive.writestr("__MACOSX/._a.csv", "junk")

    source = input_files.open_source(path, tmp_path)

    assert source.header == ("artist_name", "popularity", "fetched_at")
    assert source.n_lines == 2
    assert _read(source.readable)[0] == {2: ["Ann", "1", ""]}


def test_a_carriage_return_that_ends_a_chunk_is_seen_with_its_newline(tmp_path: Path) -> None:
    row = b"Ann,1,\r\n"
    chunk = 1 << 22
    header = b"artist_name,popularity," + b"x" * ((chunk + 1 - 25) % len(row)) + b"\r\n"
    n_rows = (chunk + 1 - len(header)) // len(row)
    content = header + row * n_rows
    assert content[chunk - 1 : chunk + 1] == b"\r\n"

    returns = input_files.open_source(_write(tmp_path, content + row), tmp_path)
    lone = input_files.open_source(_write(tmp_path, content[:chunk] + b"x" + row, "lone.csv"), tmp_path)

    assert returns.is_plain
    assert returns.n_lines == n_rows + 2
    assert not lone.is_plain


def test_a_letter_cut_in_two_at_the_end_is_not_plain(tmp_path: Path) -> None:
    path = _write(tmp_path, (_HEADER + "Ann,1,é").encode()[:-1])

    assert not input_files.open_source(path, tmp_path).is_plain


def test_a_path_that_is_not_a_file_with_rows_says_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    _write(folder, "x")

    assert "is a pipe or a device. Save it first." in _open_error(Path("/dev/null"), tmp_path)
    assert "however there is none at" in _open_error(tmp_path / "gone.csv", tmp_path)
    assert "is a folder with artists.csv. Name the file in it." in _open_error(folder, tmp_path)
    assert "however it is empty (0 bytes)" in _open_error(_write(tmp_path, "", "empty.csv"), tmp_path)
    assert "however it has a header only" in _open_error(_write(tmp_path, _HEADER), tmp_path)
    assert "must be the header, however it is blank" in _open_error(_write(tmp_path, "\na,b\n"), tmp_path)


def test_a_cut_or_odd_wrapping_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    packed = gzip.compress((_HEADER + "Ann,1,\n" * 500).encode())
    cut = _write(tmp_path, packed[: len(packed) // 2], "cut.csv.gz")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", _HEADER)
        archive.writestr("b.csv", _HEADER)
    two = _write(tmp_path, zipped.getvalue(), "two.zip")
    cut_zip = _write(tmp_path, zipped.getvalue()[:-30], "cut.zip")
    letter = tmp_path / "letter.docx"
    broken = tmp_path / "broken.xlsx"
    for path, member in ((letter, "word/document.xml"), (broken, "xl/workbook.xml")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("[Content_Types].xml", "")
            archive.writestr(member, "")
    nothing = _write(tmp_path, gzip.compress(b""), "nothing.gz")

    assert "must be a whole gzip file, however it can't be unpacked" in _open_error(cut, tmp_path)
    assert "A zip must hold one file, however" in _open_error(two, tmp_path)
    assert "holds 2 files (a.csv, b.csv)" in _open_error(two, tmp_path)
    assert "must be a whole zip file" in _open_error(cut_zip, tmp_path)
    assert "is an Office document and no workbook. Save its table as CSV" in _open_error(letter, tmp_path)
    assert "must be a workbook that can be read (Excel or OpenDocument" in _open_error(broken, tmp_path)
    assert "however what it packs is empty" in _open_error(nothing, tmp_path)


def test_a_damaged_member_and_a_locked_zip_are_told_apart(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", _HEADER + "Ann,1,\n")
    content = buffer.getvalue()
    damaged = _write(tmp_path, content.replace(b"Ann,1", b"Bob,9"), "damaged.zip")
    flagged = bytearray(content)
    flagged[6] |= 1
    flagged[content.index(b"PK\x01\x02") + 8] |= 1
    locked = _write(tmp_path, bytes(flagged), "locked.zip")

    assert "must be a whole zip file, however it can't be unpacked (Bad CRC-32" in _open_error(damaged, tmp_path)
    assert "must open without a password" in _open_error(locked, tmp_path)


def test_bytes_that_are_no_csv_say_so(tmp_path: Path) -> None:
    binary = _write(tmp_path, bytes(range(256)) * 10, "image.bin")
    endless = _write(tmp_path, _HEADER.encode() + b"x" * (9 << 20), "endless.csv")

    assert "is none of them: in line 1, the line must be" in _open_error(binary, tmp_path)
    assert "must be shorter than 4 MiB, however line 2 of" in _open_error(endless, tmp_path)


def test_a_cut_parquet_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(f"copy (select 'Ann' as artist_name, 1 as popularity) to '{path}' (format parquet)")
    path.write_bytes(path.read_bytes()[:-20])

    assert "must be a whole Parquet file, however it can't be read" in _open_error(path, tmp_path)


# --- headers


@pytest.mark.parametrize("real", list(ENTITIES))
@pytest.mark.parametrize("passed", list(ENTITIES))
def test_a_file_passed_as_another_is_recognised(real: str, passed: str) -> None:
    header = ENTITIES[real].names
    is_taken = real == passed or (real, passed) in {
        ("releases", "albums"),
        ("tracks", "albums"),
        ("tracks", "releases"),
    }
    if is_taken:
        headers.read_header("a.csv", header, ENTITIES[passed])
        return

    with pytest.raises(SourceError, match=f"This looks like an? {real} file; pass it with --{real}."):
        headers.read_header("a.csv", header, ENTITIES[passed])


def test_a_header_names_no_column_twice_but_for_the_unnamed_ones() -> None:
    headers.read_header("a.csv", ("", "artist_name", "popularity", ""), ARTISTS)
    with pytest.raises(SourceError, match="has 'popularity' more than once"):
        headers.read_header("a.csv", ("artist_name", "popularity", "popularity"), ARTISTS)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "Unnamed: 0.1", "__index_level_0__"])
def test_the_index_column_is_known_by_any_of_its_names(name: str) -> None:
    assert headers.is_index_name(name)


def test_the_declared_entities_have_the_columns_of_their_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    for entity in (TRACKS, ARTISTS, ALBUMS, RELEASES, OBSERVED):
        columns = [row[0] for row in con.execute(f"describe {entity.table}").fetchall()]
        # a column that was declared later stands at the end of its table
        assert sorted(columns) == sorted(["snapshot_id", "line", *entity.names, "extras", "as_written"])
