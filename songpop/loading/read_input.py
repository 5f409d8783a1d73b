"""Bring one input file into DuckDB as text, without losing a line: temporary tables `incoming` and `set_aside`.

`incoming` has one row a record, its fields as text in c0, c1, ...; `set_aside` has what is kept out, with why.
A CSV goes through DuckDB's reader, and that result is believed only where it has exactly one row for each
physical line. (Its rejects table is not enough: the neighbours of an unbalanced quote vanish unreported.)
Else the file is read again, record by record, by `csv_records`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from songpop import ids
from songpop.errors import SourceError
from songpop.loading.csv_records import Batch, read_batches
from songpop.loading.headers import is_index_name
from songpop.loading.input_files import SourceFile

# somewhere in a text 22 letters and digits, and neither more nor less
_HAS_ID = "(^|[^0-9A-Za-z])[0-9A-Za-z]{22}($|[^0-9A-Za-z])"
# what a blank cell may hold: blank, tab, line ends, and the blank that does not break
_BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)"
_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Incoming:
    """What temporary table `incoming` holds.

    Attributes:
        columns: header name to column of `incoming`; index columns are left out.
        line: SQL for a row's first line (its row number in Parquet); `last_line` for its last.
        n_rows: records that were read; n_unreadable were not and are in `set_aside`.
        is_fast: read by DuckDB's own CSV reader.
        doubted: declared columns that were not read after all, as the values of an `id` or `url` are no such ids.
        written: declared column to the column of `incoming` that has the file's text, where `columns` has what it is
            read as.
        refused: declared column to the column that says why its value can't be kept, NULL where it can.
        as_written: SQL for what the changed values of a row were in the file, as JSON text.
        sound: declared columns whose values are all known to keep their rules.
    """

    columns: dict[str, str]
    line: str
    last_line: str
    n_rows: int
    n_unreadable: int = 0
    n_blank_lines: int = 0
    is_fast: bool = False
    doubted: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    as_written: str | None = None
    sound: frozenset[str] = frozenset()


def read_file(
    con: duckdb.DuckDBPyConnection,
    source: SourceFile,
    *,
    most_unreadable: int,
    may_be_fast: bool = True,
    advance: Callable[[float], None] | None = None,
) -> Incoming:
    """Read a file into `incoming` and `set_aside`, replacing what they held.

    Args:
        con: the warehouse.
        source: an opened file.
        most_unreadable: reading stops soon after so many lines could not be read.
        may_be_fast: False reads a CSV record by record whatever its state, for tests that hold both ways together.
        advance: told how many records were read.

    Raises:
        SourceError: a Parquet file is damaged, or a needed id stands under a name such as `id`, and is none.
    """
    drop_tables(con)
    con.execute(
        "create temp table set_aside (line bigint not null, kind varchar not null, reason varchar not null, "
        "content varchar)"
    )
    columns = {name: f"c{number}" for number, name in enumerate(source.header) if not is_index_name(name)}
    line = f"incoming.rowid + {source.first_line}"
    if source.is_parquet:
        read = Incoming(columns, line, line, _read_parquet(con, source), is_fast=True)
    elif may_be_fast and source.is_plain and _read_fast(con, source):
        read = Incoming(columns, line, line, source.n_lines - source.first_line + 1, is_fast=True)
    else:
        n_rows, n_unreadable, n_blank = _read_carefully(con, source, most_unreadable, advance or (lambda n: None))
        read = Incoming(columns, "incoming.line", "incoming.last_line", n_rows, n_unreadable, n_blank)
    return _without_doubtful_ids(con, _without_blank_rows(con, read), source)


def _without_doubtful_ids(con: duckdb.DuckDBPyConnection, read: Incoming, source: SourceFile) -> Incoming:
    """Take back that an `id` or `url` is a Spotify id, where most of its values are none."""
    reading = source.reading
    if reading is None:
        return read
    for name in sorted(reading.weak):
        column = read.columns[name]
        n_filled, n_ids, first = con.execute(
            f"select count(*), count(*) filter (regexp_matches({column}, '{_HAS_ID}')), "
            f"min_by({column}, rowid) filter (not regexp_matches({column}, '{_HAS_ID}')) "
            f"from incoming where trim({column}) <> ''"
        ).fetchall()[0]
        if n_ids * 2 >= n_filled:
            continue
        header = next(header for header, meant in reading.taken if meant == name)
        if name in reading.needed:
            raise SourceError(
                f"{name} must hold Spotify ids of 22 letters and digits, alone or in a link, however in "
                f"{source.shown_name} the column '{header}' holds others (first: '{first}'). Where another column has "
                f"them, pass --columns {name}=HEADER."
            )
        columns = {header if key == name else key: value for key, value in read.columns.items()}
        read = replace(read, columns=columns, doubted=(*read.doubted, name))
    return read


def _without_blank_rows(con: duckdb.DuckDBPyConnection, read: Incoming) -> Incoming:
    """Take out the rows that hold nothing, as a sheet has them below its last line; they count as blank lines."""
    # nearly every row has something in its first column, and then no other is looked at
    is_blank = " and ".join(f"coalesce(trim({column}, {_BLANKS}), '') = ''" for column in read.columns.values())
    (n_blank,) = con.execute(f"select count(*) from incoming where {is_blank}").fetchall()[0] if is_blank else (0,)
    if n_blank == 0:
        return read
    kept = "exclude (line, last_line)" if not read.is_fast else ""
    con.execute(
        f"create temp table filled as select {read.line} as line, {read.last_line} as last_line, incoming.* {kept} "
        f"from incoming where not ({is_blank}) order by line"
    )
    con.execute("drop table incoming")
    con.execute("alter table filled rename to incoming")
    return replace(
        read,
        line="incoming.line",
        last_line="incoming.last_line",
        n_rows=read.n_rows - n_blank,
        n_blank_lines=read.n_blank_lines + n_blank,
        is_fast=False,
    )


def drop_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables of one file's load."""
    for table in ("incoming", "filled", "set_aside", "reject_errors", "reject_scans"):
        con.execute(f"drop table if exists temp.{table}")


def make_track_ids(con: duckdb.DuckDBPyConnection, incoming: Incoming) -> Incoming:
    """Give each row with a blank track_id, but an artist and a title, an id made from album, title and artist."""
    text = {name: _text(incoming.columns.get(name)) for name in ("track_id", "album_name", "album_id")}
    con.execute(
        f"create temp table numbered as select {incoming.line} as line, {incoming.last_line} as last_line, "
        f"incoming.* {'' if incoming.is_fast else 'exclude (line, last_line)'} from incoming"
    )
    rows = con.execute(
        f"select line, coalesce({text['album_name']}, {text['album_id']}), "
        f"{_text(incoming.columns['track_name'])} as title, {_text(incoming.columns['artist_name'])} as artist "
        f"from numbered where {text['track_id']} is null and title is not null and artist is not null"
    ).fetchall()
    made = pa.table(
        {
            "line": pa.array([row[0] for row in rows], pa.int64()),
            "track_id": pa.array([ids.make_track_id(*row[1:]) for row in rows], pa.string()),
        }
    )
    con.execute("drop table incoming")
    con.register("made", made)
    con.execute(
        f"create temp table incoming as select numbered.*, coalesce({text['track_id']}, made.track_id) as made_id "
        "from numbered left join made on made.line = numbered.line order by numbered.line"
    )
    con.unregister("made")
    con.execute("drop table numbered")
    return replace(
        incoming,
        columns=incoming.columns | {"track_id": "made_id"},
        sound=incoming.sound - {"track_id"},
        line="incoming.line",
        last_line="incoming.last_line",
        is_fast=False,
    )


def _text(column: str | None) -> str:
    return f"nullif(trim({column}), '')" if column else "cast(null as varchar)"


def _read_fast(con: duckdb.DuckDBPyConnection, source: SourceFile) -> bool:
    """Read with DuckDB; return whether each physical line gave exactly one row."""
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(source.header)))
    try:
        con.execute(
            "create temp table incoming as select * from read_csv($path, auto_detect = false, header = true, "
            f"delim = $separator, skip = {source.first_line - 2}, quote = '\"', escape = '\"', columns = {{{types}}}, "
            "strict_mode = true, store_rejects = true, rejects_limit = 0, compression = 'none')",
            {"path": str(source.readable), "separator": source.separator},
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        drop = True
    else:
        n_rejected = con.execute("select count(*) from reject_errors").fetchall()[0][0]
        n_rows, last = con.execute("select count(*), max(rowid) from incoming").fetchall()[0]
        drop = n_rejected > 0 or n_rows != source.n_lines - source.first_line + 1 or last != n_rows - 1
    if drop:
        for table in ("incoming", "reject_errors", "reject_scans"):
            con.execute(f"drop table if exists temp.{table}")
    return not drop


def _read_carefully(
    con: duckdb.DuckDBPyConnection, source: SourceFile, most_unreadable: int, advance: Callable[[float], None]
) -> tuple[int, int, int]:
    names = [f"c{number}" for number in range(len(source.header))]
    con.execute(
        "create temp table incoming (line bigint not null, last_line bigint not null, "
        + ", ".join(f"{name} varchar" for name in names)
        + ")"
    )
    n_rows = n_unreadable = n_blank = 0
    header_line = source.first_line - 1
    for batch in read_batches(source.readable, len(names), separator=source.separator, header_line=header_line):
        _append(con, batch, names)
        n_rows += len(batch.rows)
        n_unreadable += len(batch.rejects)
        n_blank += batch.n_blank_lines
        advance(len(batch))
        if n_unreadable > most_unreadable:
            break
    return n_rows, n_unreadable, n_blank


def _append(con: duckdb.DuckDBPyConnection, batch: Batch, names: list[str]) -> None:
    if batch.rows:
        arrays = [pa.array(batch.lines, pa.int64()), pa.array(batch.last_lines, pa.int64())]
        arrays += [pa.array(values, pa.large_string()) for values in zip(*batch.rows, strict=True)]
        con.register("batch", pa.table(arrays, names=["line", "last_line", *names]))
        con.execute("insert into incoming select * from batch")
        con.unregister("batch")
    append_rejects(
        con,
        "unreadable",
        [reject.line for reject in batch.rejects],
        [reject.reason for reject in batch.rejects],
        [reject.content for reject in batch.rejects],
    )


def append_rejects(
    con: duckdb.DuckDBPyConnection, kind: str, lines: list[int], reasons: list[str], contents: list[str]
) -> None:
    """Append records that are kept out to `set_aside`; `kind` as in ledger.rejects."""
    if not lines:
        return
    rejects = pa.table({"line": pa.array(lines, pa.int64()), "reason": reasons, "content": contents})
    con.register("rejects", rejects)
    con.execute("insert into set_aside select line, ?, reason, content from rejects", [kind])
    con.unregister("rejects")


def _read_parquet(con: duckdb.DuckDBPyConnection, source: SourceFile) -> int:
    """Read a Parquet file; return how many rows it has."""
    table = "read_parquet($path, binary_as_string = true)"
    parameters = {"path": str(source.readable)}
    try:
        described = con.execute(f"describe select * from {table}", parameters).fetchall()
        fields = ", ".join(
            _parquet_field(row[0], row[1], f"c{number}", is_date=source.header[number] == "release_date")
            for number, row in enumerate(described)
        )
        con.execute(f"create temp table incoming as select {fields} from {table}", parameters)
    except duckdb.Error as error:
        raise SourceError(
            f"{source.shown_name} must be a whole Parquet file, however DuckDB says: {str(error).splitlines()[0]} It "
            "may be cut short or damaged: copy or write it again."
        ) from error
    return int(con.execute("select count(*) from incoming").fetchall()[0][0])


def _parquet_field(name: str, sql_type: str, column: str, *, is_date: bool) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if sql_type in _FLOATS:  # a missing value of pandas is NaN
        return f"case when not isnan({quoted}) then cast({quoted} as varchar) end as {column}"
    if sql_type == "VARCHAR[]":  # several artists or genres
        return f"array_to_string({quoted}, ';') as {column}"
    if sql_type == "BOOLEAN":
        return f"cast(cast({quoted} as integer) as varchar) as {column}"
    if sql_type.startswith("TIMESTAMP") and is_date:
        return f"cast(cast({quoted} as date) as varchar) as {column}"
    return f"cast({quoted} as varchar) as {column}"
