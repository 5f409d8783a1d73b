"""Read the values of an incoming file as their owner meant them, by the declared rules, before any is checked.

What a column holds is asked once of all columns together; a file that needs nothing is left as it is. Else `incoming`
is written anew: the file's own text stays in its columns, and what it is read as stands beside it in columns of its
own. A text is read once, however often it stands in the file; a unit is told by all values of a column.
"""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from songpop.loading import survey, value_units
from songpop.loading.input_schemas import Entity
from songpop.loading.odd_texts import find_changes, read_odd_texts
from songpop.loading.read_input import Incoming
from songpop.loading.value_changes import SHOWN, Change, Changes
from songpop.loading.value_units import Scale

_ASKED_ROWS, _LEAST_SIGNS = 1_000, 10
_TITLE = r"0?[.,]\d{4,}"


def normalise(
    con: duckdb.DuckDBPyConnection, read: Incoming, entity: Entity, *, last_year: int
) -> tuple[Incoming, Changes]:
    """Read the values of `incoming` by the declared rules; the file's own text stays beside what is read.

    Args:
        con: a connection with temporary table `incoming`.
        read: what it holds.
        entity: what the file is.
        last_year: the last year that a track may be of.

    Returns:
        What `incoming` holds now: `columns` with what is read, `written` with the file's text, `refused` with why a
        line can't be kept, `as_written` with what was changed in a row, and the `sound` columns, all of whose values
        are known to keep their rules. And what was changed, for a person.
    """
    columns = [column for column in entity.columns if column.name in read.columns]
    seen = survey.survey_columns(con, read, columns, last_year=last_year)
    sound = frozenset(name for name, each in seen.columns.items() if each.is_sound)
    after = replace(read, written=dict(read.columns), sound=sound)
    changes: list[Change] = []
    odd: tuple[str, ...] = ()
    if any(each.n_odd for each in seen.columns.values()):
        odd = read_odd_texts(con, read, entity, seen, last_year=last_year)
        changes += find_changes(con)
    n_blank_rows = survey.count_blank_rows(con, read) if seen.may_have_blank_rows else 0
    if odd or n_blank_rows:
        after = _rewrite(con, after, odd, n_blank_rows)
    numbers = [column.name for column in columns if column.kind in survey.NUMBERS]
    if any(name in odd or seen.columns[name].is_suspect for name in numbers):
        looked_at = set(numbers)
        while looked_at:
            stats = survey.measure(con, {name: after.columns[name] for name in numbers}, _unmarked(after, odd))
            scales = [scale for scale in value_units.find_scales(stats) if scale.column in looked_at]
            for scale in scales:
                n = stats[scale.column].n_nonzero if scale.factor else stats[scale.column].n
                after, change = _scale(con, after, odd, scale, n)
                changes += [change] if n else []
            # what is left of a column without its impossible values may be in another unit
            looked_at = {scale.column for scale in scales if scale.within and scale.factor is None}
    after = _keep_written(after)
    con.execute("drop table if exists temp.readings")
    changes += [*_find_folded_ids(con, after), *_find_titles(con, read, seen.n_titles)]
    changes += [*_find_row_numbers(con, after), *_find_years(con, after)]
    return after, Changes(tuple(changes))


def _rewrite(con: duckdb.DuckDBPyConnection, read: Incoming, odd: Sequence[str], n_blank_rows: int) -> Incoming:
    """Write `incoming` anew with what the columns in `readings` are read as, and without its blank rows."""
    columns = dict(read.columns)
    fields, joins, refused = [], [], {}
    for name in odd:
        other = f"of_{name}"
        field = f"incoming.{read.columns[name]}"
        fields.append(f"case when {other}.written is null then {field} else {other}.value end as read_{name}")
        fields.append(f"nullif({other}.refused, '') as refused_{name}, {other}.is_marked as marked_{name}")
        joins.append(f"left join readings as {other} on {other}.column_name = '{name}' and {other}.written = {field}")
        columns[name] = f"read_{name}"
        refused[name] = f"refused_{name}"
    if "key" in odd and con.execute("select count(mode) from readings where column_name = 'key'").fetchall()[0][0]:
        # the file's own mode goes before the one that a key's name tells
        own = "incoming." + read.columns["mode"] if "mode" in read.columns else "null"
        if "mode" in odd:
            own = f"case when of_mode.written is null then {own} else of_mode.value end"
            fields = [field for field in fields if not field.endswith(" as read_mode")]
        fields.append(f"coalesce(nullif(trim({own}), ''), of_key.mode) as read_mode")
        columns["mode"] = "read_mode"
    lines = "" if read.is_fast else "exclude (line, last_line)"
    kept = f"not ({survey.is_blank_row(read, 'incoming.')})" if n_blank_rows else "true"
    con.execute(
        f"create temp table rewritten as select {read.line} as line, {read.last_line} as last_line, "
        f"{', '.join([f'incoming.* {lines}', *fields])} from incoming {' '.join(joins)} "
        f"where {kept} order by line"
    )
    con.execute("drop table incoming")
    con.execute("alter table rewritten rename to incoming")
    return replace(
        read,
        columns=columns,
        line="incoming.line",
        last_line="incoming.last_line",
        n_rows=read.n_rows - n_blank_rows,
        n_blank_lines=read.n_blank_lines + n_blank_rows,
        is_fast=False,
        refused=refused,
        sound=read.sound - set(odd) - {"mode"},
    )


def _unmarked(read: Incoming, odd: Sequence[str]) -> dict[str, str]:
    """Return SQL that is true for values whose text did not tell its unit."""
    return {name: f"marked_{name} is not true" for name in odd}


def _scale(
    con: duckdb.DuckDBPyConnection, read: Incoming, odd: Sequence[str], scale: Scale, n: int
) -> tuple[Incoming, Change]:
    """Bring a column to the declared unit, or leave its values out; say what was done."""
    name = scale.column
    field = read.columns[name]
    unmarked = _unmarked(read, odd).get(name, "true")
    is_told = f"{unmarked} and isfinite(try_cast({field} as double))"
    own = read.written[name]
    if scale.factor == 1:
        least = f" and {_number(field)} > 0 and {_number(field)} < {value_units.SHORTEST_MS}" if scale.n else ""
        return read, Change(scale.rule, name, scale.n or n, _examples(con, is_told + least, own, own), scale.what)
    if read.is_fast:
        read = _rewrite(con, read, (), 0)
    if scale.factor:
        is_told += f" and {_number(field)} <> 0"
    if scale.within:
        is_told += f" and {_number(field)} between {scale.within[0]} and {scale.within[1]}"
        n = int(con.execute(f"select count(*) from incoming where {is_told}").fetchall()[0][0])
    scaled = _scaled(field, scale)
    shown = _examples(con, is_told, own, scaled)
    if field == own:
        con.execute(f"alter table incoming add column read_{name} varchar")
        con.execute(f"update incoming set read_{name} = {field}")
        read = replace(read, columns=read.columns | {name: f"read_{name}"}, sound=read.sound - {name})
    con.execute(f"update incoming set read_{name} = {scaled} where {is_told}")
    return read, Change(scale.rule, name, n, shown, scale.what)


def _number(field: str) -> str:
    return f"try_cast({field} as double)"


def _scaled(field: str, scale: Scale) -> str:
    """Return SQL for a value in the declared unit, NULL where it is left out."""
    if scale.factor is None:
        return "null::varchar"
    if scale.factor < 1:
        # fewer digits than a double has, so that 7.2 % is no 0.07200000000000001
        return f"cast(round({_number(field)} / {round(1 / scale.factor)}, 12) as varchar)"
    return f"cast(cast(round({_number(field)} * {scale.factor}) as bigint) as varchar)"


def _examples(
    con: duckdb.DuckDBPyConnection, condition: str, written: str, read: str
) -> tuple[tuple[str, str | None], ...]:
    rows = con.execute(f"select {written}, {read} from incoming where {condition} limit {SHOWN}").fetchall()
    return tuple(dict.fromkeys(rows))


def _keep_written(read: Incoming) -> Incoming:
    """Say as what was read in each row stood in the file, as JSON: what is blank or unchanged is left out."""
    pairs = [
        f"'{name}', case when {field} is distinct from {read.written[name]} "
        f"and trim({read.written[name]}) <> '' then {read.written[name]} end"
        for name, field in read.columns.items()
        if name in read.written and field != read.written[name]
    ]
    if not pairs:
        return read
    return replace(
        read, as_written=f"nullif(cast(json_merge_patch('{{}}', json_object({', '.join(pairs)})) as varchar), '{{}}')"
    )


def _find_folded_ids(con: duckdb.DuckDBPyConnection, read: Incoming) -> list[Change]:
    """Tell of columns whose ids lost their capitals or their small letters, as a database or a join may fold them."""
    changes = []
    for name, field in read.columns.items():
        if not name.endswith("_id"):
            continue
        texts = _first_texts(con, field)
        if len(texts) > 1 and all(map(_is_folded, texts)):
            n = int(con.execute(f"select count({field}) from incoming").fetchall()[0][0])
            shown = tuple((text, text) for text in sorted(texts)[:SHOWN])
            changes.append(Change("ids_keep_their_case", name, n, shown, "values whose letters are all of one case"))
    return changes


def _find_row_numbers(con: duckdb.DuckDBPyConnection, read: Incoming) -> list[Change]:
    """Tell of titles that are 1, 2, 3 and so on: a column of track numbers may be called 'Track' too."""
    if "track_name" not in read.columns:
        return []
    field = read.columns["track_name"]
    texts = _first_texts(con, field)
    if len(texts) < 2 or set(texts) != {str(number) for number in range(1, len(texts) + 1)}:
        return []
    n = int(con.execute(f"select count({field}) from incoming").fetchall()[0][0])
    shown = tuple((text, text) for text in sorted(texts, key=int)[:SHOWN])
    return [Change("titles_are_names", "track_name", n, shown, "values that count from 1")]


def _first_texts(con: duckdb.DuckDBPyConnection, field: str) -> list[str]:
    """Return the texts of the first rows, each once; a column is of one sort, so they tell it."""
    rows = con.execute(f"select distinct {field} from (from incoming limit {_ASKED_ROWS}) where {field} <> ''")
    return [text for (text,) in rows.fetchall()]


def _is_folded(text: str) -> bool:
    """Say whether an id is one of Spotify's but for its case: of 22 letters and digits hardly any has but one."""
    is_id = len(text) == 22 and text.isascii() and text.isalnum()
    return is_id and len(set(text)) >= _LEAST_SIGNS and text in (text.lower(), text.upper())


def _find_titles(con: duckdb.DuckDBPyConnection, read: Incoming, n_titles: int) -> list[Change]:
    """Tell of titles that may be times of day which a spreadsheet made numbers of."""
    if not n_titles:
        return []
    field = read.columns["track_name"]
    texts = survey.count_texts(con, field, f"regexp_full_match(trim({field}), '{_TITLE}')")
    if not texts:
        return []
    shown = tuple((text, text) for text in list(texts)[:SHOWN])
    return [
        Change("titles_are_not_times", "track_name", sum(texts.values()), shown, "titles that are a decimal number")
    ]


def _find_years(con: duckdb.DuckDBPyConnection, read: Incoming) -> list[Change]:
    """Tell of years that are not those of their release dates."""
    if not {"year", "release_date"} <= read.columns.keys():
        return []
    year, day = (read.columns[name] for name in ("year", "release_date"))
    rows = con.execute(
        f"select {year}, {day}, count(*) over () from incoming where try_cast({year} as double) <> "
        f"try_cast(left({day}, 4) as integer) limit {SHOWN}"
    ).fetchall()
    if not rows:
        return []
    shown = ", ".join(dict.fromkeys(f"'{year}' beside '{day}'" for year, day, _ in rows))
    what = f"values unlike the year of release_date ({shown})"
    return [Change("years_agree_with_release_dates", "year", rows[0][2], (), what)]
