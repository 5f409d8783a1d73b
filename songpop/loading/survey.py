"""Ask what the columns of an incoming file hold: one query over all of them, and closer ones where that tells to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from songpop.loading import value_units
from songpop.loading.input_schemas import Column
from songpop.loading.read_input import Incoming
from songpop.loading.value_rules import BLANK_WORDS, OWN_WORDS
from songpop.loading.value_units import Stats

# blanks of any sort, also those that are not seen
BLANK = r"[\s\p{Z}\x{200B}\x{FEFF}]"
# what Markdown and database tools draw below a header
_RULED = ":?-{3,}:?"
NUMBERS = ("whole", "large_whole", "number")
_LARGEST = {"whole": 2**31 - 1, "large_whole": 2**53, "number": float("inf")}
_LEAP_YEAR = r"([12]\d(0[48]|[2468][048]|[13579][26])|2000)"
# days that there are, so that none of them need be looked at again
DATE = (
    r"[12]\d{3}(-(0[1-9]|1[0-2])|-(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|-(0[469]|11)-(0[1-9]|[12]\d|30)"
    rf"|-02-(0[1-9]|1\d|2[0-8]))?|{_LEAP_YEAR}-02-29"
)
_ID_LENGTH, _LONGEST_ID = 22, 64
_RUINED_ID = r"\d([.,]\d+)?[eE]\+\d{1,3}"


@dataclass(frozen=True)
class ColumnSurvey:
    """What the survey saw of one column.

    Attributes:
        n_filled: values that are not the empty text.
        n_odd: those of them that are not of the declared form.
        is_suspect: its numbers may be in another unit.
        is_sound: every value is known to keep the column's rule.
    """

    n_filled: int
    n_odd: int
    is_suspect: bool = False
    is_sound: bool = False


@dataclass(frozen=True)
class Survey:
    """What the survey saw of a file; `n_titles` are those that begin as a decimal number does."""

    columns: Mapping[str, ColumnSurvey]
    may_have_blank_rows: bool
    n_titles: int


def survey_columns(
    con: duckdb.DuckDBPyConnection, read: Incoming, columns: Sequence[Column], *, last_year: int
) -> Survey:
    """Ask in one query what declared columns hold.

    Args:
        con: a connection with temporary table `incoming`.
        read: what it holds.
        columns: the declared columns that the file has.
        last_year: the upper bound of a year.
    """
    asked = ["count(*)"]
    starts = {}
    for column in columns:
        starts[column.name] = len(asked)
        asked += _aggregates(column, read.columns[column.name])
    witness = next((read.columns[name] for name in ("artist_name", "track_id") if name in read.columns), None)
    title = read.columns.get("track_name")
    asked.append(f"count(*) filter ({_may_be_blank(witness)})" if witness else "count(*)")
    asked.append(f"count(*) filter ({_is_like_number(title)})" if title else "0")
    answers = con.execute(f"select {', '.join(asked)} from incoming").fetchall()[0]
    seen = {column.name: _judge(column, answers[0], answers[starts[column.name] :], last_year) for column in columns}
    return Survey(seen, answers[-2] > 0, answers[-1])


def find_texts(con: duckdb.DuckDBPyConnection, column: Column, field: str) -> dict[str, int]:
    """Return the texts of a column that are not of the declared form, each with how often it stands there."""
    return count_texts(con, field, odd(column, field))


def count_texts(con: duckdb.DuckDBPyConnection, field: str, condition: str) -> dict[str, int]:
    """Return the texts of a field of `incoming` for which a condition holds, each with how often it stands there."""
    query = f"select {field}, count(*) from incoming where {field} <> '' and {condition} group by all order by all"
    return dict(con.execute(query).fetchall())


def count_blank_rows(con: duckdb.DuckDBPyConnection, read: Incoming) -> int:
    """Count the rows without any value; an index of its rows is none."""
    return int(con.execute(f"select count(*) from incoming where {is_blank_row(read)}").fetchall()[0][0])


def is_blank_row(read: Incoming, prefix: str = "") -> str:
    """Return SQL that is true for a row without any value, or of lines that are drawn below a header."""
    fields = (f"coalesce({prefix}{field}, '')" for field in read.columns.values())
    # of one column alone such a line may be somebody's name
    nothing = f"{BLANK}*({_RULED}{BLANK}*)?" if len(read.columns) > 1 else f"{BLANK}*"
    return " and ".join(f"regexp_full_match({field}, '{nothing}')" for field in fields)


def measure(con: duckdb.DuckDBPyConnection, fields: Mapping[str, str], unmarked: Mapping[str, str]) -> dict[str, Stats]:
    """Return what the numbers of columns are like, for those values that do not tell their unit themselves.

    Args:
        con: a connection with temporary table `incoming`.
        fields: columns with their fields of it.
        unmarked: SQL that is true for such values, for the columns that have others.
    """
    asked: list[str] = []
    for name, field in fields.items():
        number = f"case when isfinite(try_cast({field} as double)) then try_cast({field} as double) end"
        if name in unmarked:
            number = f"case when {unmarked[name]} then {number} end"
        asked += [
            f"count({number})",
            f"coalesce(min({number}), 0)",
            f"coalesce(max({number}), 0)",
            f"coalesce(median(case when {number} > 0 then {number} end), 0)",
            *(
                f"count(*) filter ({condition})"
                for condition in (
                    f"{number} <> 0",
                    f"{number} > 1",
                    f"{number} < 0",
                    f"{number} <> trunc({number})",
                    f"{number} > 0 and {number} < 1",
                    f"{number} - trunc({number}) >= 0.5999999",
                    f"{number} > 0 and {number} < {value_units.SHORTEST_MS}",
                )
            ),
        ]
    answers = con.execute(f"select {', '.join(asked)} from incoming").fetchall()[0] if asked else ()
    size = len(answers) // len(fields) if fields else 0
    return {name: Stats(*answers[size * number : size * (number + 1)]) for number, name in enumerate(fields)}


def odd(column: Column, field: str) -> str:
    """Return SQL that is true for a value that is perhaps not of the declared form; it may be NULL for a blank one."""
    if column.kind in NUMBERS:
        number = f"try_cast({field} as double)"
        zero = f" or {number} = 0" if column.name == "year" else ""
        return f"(not coalesce(isfinite({number}), false){zero})"
    if column.kind == "release_date":
        return f"not regexp_full_match({field}, '{DATE}')"
    if column.kind == "moment":
        return f"(try_cast({field} as timestamp) is null or lower({field}) in ('epoch', 'infinity', '-infinity'))"
    if column.name.endswith("_id"):
        return _odd_id(column, field)
    if column.name in OWN_WORDS:
        return "false"
    return _odd_words(field)


def _odd_id(column: Column, field: str) -> str:
    if column.pattern and column.pattern.endswith(f"{{{_ID_LENGTH}}}"):
        return f"not regexp_full_match({field}, '{column.pattern}')"
    # one's own id may be any text, but no link, no blank and no ruined number
    signs = f"contains({field}, ':') or contains({field}, '/') or regexp_full_match({field}, '{_RUINED_ID}')"
    other = f"{signs} or {_odd_words(field)}"
    return f"(case when strlen({field}) = {_ID_LENGTH} then contains({field}, ':') else {other} end)"


def _odd_words(field: str) -> str:
    longest = max(map(len, BLANK_WORDS))
    words = ", ".join(f"'{word}'" for word in sorted(BLANK_WORDS))
    return (
        f"(case when {field} < '!' or ends_with({field}, ' ') or ends_with({field}, chr(9)) then true "
        f"when strlen({field}) <> length({field}) then regexp_matches({field}, '^{BLANK}|{BLANK}$') "
        f"when strlen({field}) <= {longest} then lower({field}) in ({words}) else false end)"
    )


def _may_be_blank(field: str) -> str:
    # a text before '!' begins with a blank; blanks of other sorts are two or three bytes long
    nothing = f"{BLANK}*({_RULED}{BLANK}*)?"
    return (
        f"case when {field} < '!' or strlen({field}) < 4 then regexp_full_match({field}, '{nothing}') "
        f"else {field} is null or starts_with({field}, '--') or starts_with({field}, ':--') end"
    )


def _is_like_number(field: str) -> str:
    # from '0,' to '0.' with whatever follows
    return f"{field} between '0,' and '0/'"


def _aggregates(column: Column, field: str) -> list[str]:
    filled = f"count(nullif({field}, ''))"
    if column.kind in NUMBERS:
        number = f"try_cast({field} as double)"
        fractions = f"count(*) filter ({number} <> trunc({number}))" if column.kind != "number" else "0"
        return [filled, f"count({number})", f"min({number})", f"max({number})", fractions]
    longest = f"max(length({field}))" if column.is_filled else "0"
    return [filled, f"count(*) filter ({field} <> '' and {odd(column, field)})", longest]


def _judge(column: Column, n_rows: int, answers: Sequence[float], last_year: int) -> ColumnSurvey:
    n_filled = int(answers[0])
    if column.kind not in NUMBERS:
        is_checked = column.kind == "release_date" or (column.pattern is not None and (answers[2] or 0) <= _LONGEST_ID)
        is_sound = is_checked and not answers[1] and (not column.is_filled or n_filled == n_rows)
        return ColumnSurvey(n_filled, int(answers[1]), is_sound=is_sound)
    n_numbers, low, high, n_fractions = answers[1:5]
    if not n_numbers:
        return ColumnSurvey(n_filled, n_filled, is_sound=not n_filled and not column.is_filled)
    is_finite = abs(low) < float("inf") and abs(high) < float("inf")  # of NaN it is false
    n_odd = int(n_filled - n_numbers) + (not is_finite) + (column.name == "year" and low < 1)
    most = last_year if column.name == "year" else column.high
    bounds = ((column.low, None), (None, most), (None, _LARGEST[column.kind]))
    is_sound = (
        not n_odd
        and not n_fractions
        and all(least is None or low >= least for least, _ in bounds)
        and all(limit is None or high <= limit for _, limit in bounds)
        and low >= -_LARGEST[column.kind]
        and (not column.is_filled or n_filled == n_rows)
    )
    return ColumnSurvey(n_filled, n_odd, value_units.is_suspect(column.name, low, high), is_sound)
