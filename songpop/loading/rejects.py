"""Which rows of an incoming file are kept out, with the reason, and when they are too many to go on."""

import csv
import io

import duckdb

from songpop import warehouse
from songpop.errors import SourceError
from songpop.findings import MAX_EXAMPLES, Finding
from songpop.loading import read_input, validation_sql
from songpop.loading.csv_records import MAX_CONTENT, LineFinder
from songpop.loading.input_files import SourceFile
from songpop.loading.input_schemas import Entity
from songpop.loading.read_input import Incoming

MOST_SAVED = 1000  # rejected lines of a failed load that are kept for a look
_SHOWN_REASONS = 3
_PAGE = 10_000  # rows whose text is looked up at a time


def most_allowed(n_records: int, max_reject_share: float) -> int:
    """Return how many records may be wrong; one always may, so that a small file is not lost to a slip.

    A share of 0 allows none.
    """
    return max(1, int(n_records * max_reject_share)) if max_reject_share > 0 else 0


def set_aside_broken(
    con: duckdb.DuckDBPyConnection, read: Incoming, entity: Entity, source: SourceFile, *, last_year: int
) -> None:
    """Set the rows aside that break a hard rule of a column; one whose values are known to keep it is not looked at."""
    broken, reasons = [], []
    for column in entity.columns:
        if column.name in read.sound:
            continue
        field = read.columns.get(column.name)
        written = read.written.get(column.name)
        refused = read.refused.get(column.name, "null")
        condition = validation_sql.breaks(column, field, last_year=last_year)
        if condition or refused != "null":
            reason = validation_sql.reason(
                column, field, last_year=last_year, written=written if written != field else None
            )
            broken.append(f"coalesce({condition or 'false'}, false) or {refused} is not null")
            reasons.append(f"coalesce({refused}, case when {condition or 'false'} then {reason} end)")
    if not broken:
        return
    con.execute(
        f"create or replace temp table wrong as select {read.line} as line, {read.last_line} as last_line, "
        f"concat_ws('; ', {', '.join(reasons)}) as reason, {_all_fields(read, source)} as fields "
        f"from incoming where {' or '.join(broken)} order by line"
    )
    _move_wrong(con, source, "rule")


def set_aside_repeated(con: duckdb.DuckDBPyConnection, read: Incoming, entity: Entity, source: SourceFile) -> None:
    """Set the rows aside whose key an earlier row has (or a better one, where the entity says what is better)."""
    key = {
        column.name: validation_sql.typed(column, read.columns.get(column.name))
        for column in entity.columns
        if column.name in entity.key
    }
    best = next((column for column in entity.columns if column.name == entity.best), None)
    rank = validation_sql.typed(best, read.columns.get(best.name)) if best else "cast(null as bigint)"
    names = ", ".join(entity.key)
    # of a made id the file says nothing
    is_made = entity.is_id_made and "track_id" not in source.header
    key_name = "song" if is_made else " and ".join(entity.key)
    same = " and ".join(f"kept.{name} = other.{name}" for name in entity.key)
    keys = ", ".join(f"{sql} as {name}" for name, sql in key.items())
    row = ", ".join(f"incoming.{read.columns[name]}" for name in entity.names if name in read.columns)
    con.execute(
        f"""
        create or replace temp table wrong as
        with repeated_keys as (
            select {keys} from incoming where {read.line} not in (select line from set_aside)
            group by all having count(*) > 1
        ),
        repeated as (
            select {keys}, {rank} as rank, {read.line} as line, {read.last_line} as last_line,
                row({row}) as entry, {_all_fields(read, source)} as fields
            from incoming
            where ({", ".join(key.values())}) in (select ({names}) from repeated_keys)
                and {read.line} not in (select line from set_aside)
        ),
        kept as (
            select * from repeated
            qualify row_number() over (partition by {names} order by rank desc nulls last, line) = 1
        )
        select other.line, other.last_line, other.fields,
            'same {key_name} as line ' || kept.line || {_compare(entity.best)} as reason
        from repeated as other
        inner join kept on {same} and kept.line <> other.line
        order by other.line
        """
    )
    _move_wrong(con, source, "repeated")


def check_share(
    con: duckdb.DuckDBPyConnection,
    read: Incoming,
    entity: Entity,
    source: SourceFile,
    snapshot_id: str,
    max_reject_share: float,
) -> None:
    """Stop a load in which too many lines are wrong, or nothing is right; repeated rows do not count as wrong.

    Raises:
        SourceError: more than the share, or all, of the lines were set aside. The first of them are saved.
    """
    n_wrong, n_aside = con.execute("select count(*) filter (kind <> 'repeated'), count(*) from set_aside").fetchall()[0]
    n_records = read.n_rows + read.n_unreadable
    if n_wrong <= most_allowed(n_records, max_reject_share) and n_aside < n_records:
        return
    if n_records == 0:
        raise SourceError(f"{source.shown_name} must hold rows, however it has a header and blank lines only.")
    with warehouse.transaction(con):
        save_rejects(con, snapshot_id, source.path.name, most=MOST_SAVED)
    reasons = con.execute("select line, reason from set_aside order by line limit ?", [_SHOWN_REASONS]).fetchall()
    shown = "; ".join(f"line {line}: {reason}" for line, reason in reasons)
    saved = "They are" if n_aside <= MOST_SAVED else f"The first {MOST_SAVED:,} are"
    raise SourceError(
        f"At most {max_reject_share:.4g} of the lines of a file may be rejected, however in {source.shown_name} "
        f"{n_wrong:,} of {n_records:,} ({n_wrong / n_records:.2%}) break the rules of {entity.name} files "
        f"(first: {shown}). {saved} in ledger.rejects under {snapshot_id}; nothing else of the file was kept. Mend "
        "the file, or set SONGPOP_MAX_REJECT_SHARE higher if these lines may be left out."
    )


def save_rejects(con: duckdb.DuckDBPyConnection, snapshot_id: str, file_name: str, *, most: int | None = None) -> int:
    """Append what was set aside to ledger.rejects, where a failed load has not put it before; return its count."""
    con.execute(
        "insert into ledger.rejects by name select $snapshot_id as snapshot_id, $file_name as file_name, line, kind, "
        "reason, content from set_aside where line not in "
        "(select line from ledger.rejects where snapshot_id = $snapshot_id) order by line limit $most",
        {"snapshot_id": snapshot_id, "file_name": file_name, "most": most},
    )
    return int(con.execute("select count(*) from set_aside").fetchall()[0][0])


def find_rejects(con: duckdb.DuckDBPyConnection, entity: Entity, file_name: str, snapshot_id: str) -> list[Finding]:
    """Return a warning for the lines that were set aside as wrong, and one for those set aside as repeated."""
    one = f"{'An' if entity.name[0] in 'aeiou' else 'A'} {entity.name} file"
    return [
        *_find_kind(
            con, entity, file_name, snapshot_id, "lines_keep_the_rules", f"{one} must be whole and keep its rules"
        ),
        *_find_kind(
            con,
            entity,
            file_name,
            snapshot_id,
            "rows_are_there_once",
            f"{one} must have each {' and '.join(entity.key)} once",
        ),
    ]


def _find_kind(
    con: duckdb.DuckDBPyConnection, entity: Entity, file_name: str, snapshot_id: str, check_name: str, rule: str
) -> list[Finding]:
    rows = con.execute(
        "select line, reason, count(*) over () from set_aside where (kind = 'repeated') = ? order by line limit ?",
        [check_name == "rows_are_there_once", MAX_EXAMPLES],
    ).fetchall()
    if not rows:
        return []
    n_rows = rows[0][2]
    shown = "; ".join(f"line {line}: {reason}" for line, reason, _ in rows[:_SHOWN_REASONS])
    were = "1 line was" if n_rows == 1 else f"{n_rows:,} lines were"
    return [
        Finding(
            check_name,
            "warning",
            f"{rule}, however {were} set aside from {file_name} ({shown}{'; ...' if n_rows > _SHOWN_REASONS else ''}). "
            f"See ledger.rejects, snapshot_id {snapshot_id}.",
            table_name=entity.table,
            n_rows=n_rows,
            example_keys=tuple(f"line {line}" for line, _, _ in rows),
        )
    ]


def _compare(best: str | None) -> str:
    """Return SQL for how a repeated row differs from the kept one."""
    if best is None:
        return "case when other.entry = kept.entry then ', with the same values' else ', with other values' end"
    return (
        f"case when kept.rank is null then ', and neither has a {best}' "
        f"when other.rank is null then ', whose {best} is known' "
        f"when kept.rank = other.rank then ', whose {best} is the same (' || kept.rank || ')' "
        f"else ', whose {best} is higher (' || kept.rank || ' against ' || other.rank || ')' end"
    )


def _all_fields(read: Incoming, source: SourceFile) -> str:
    """Return SQL for a row's fields, which a reject of Parquet shows; one of a CSV shows its line."""
    columns = ", ".join(f"incoming.{column}" for column in (dict(read.columns) | dict(read.written)).values())
    return f"[{columns}]" if source.is_parquet else "cast(null as varchar[])"


def _move_wrong(con: duckdb.DuckDBPyConnection, source: SourceFile, kind: str) -> None:
    """Move the rows of temporary table `wrong` to `set_aside`, with their text as it stands in the file.

    They lie by rising line, so that the file is gone through once.
    """
    n_rows = con.execute("select count(*) from wrong").fetchall()[0][0]
    with source.readable.open("rb") as file:
        finder = LineFinder(file)
        for start in range(0, n_rows, _PAGE):
            rows = con.execute(
                "select line, last_line, reason, fields from wrong where rowid >= ? and rowid < ? order by line",
                [start, start + _PAGE],
            ).fetchall()
            read_input.append_rejects(
                con,
                kind,
                [row[0] for row in rows],
                [row[2] for row in rows],
                [_as_csv(row[3]) if source.is_parquet else finder.find(row[0], row[1]) for row in rows],
            )
    con.execute("drop table wrong")


def _as_csv(fields: list[str | None]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()[:MAX_CONTENT]
