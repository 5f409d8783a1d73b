"""Turn the declared columns of an input file into SQL: typed values, and which hard rule a row breaks."""

from songpop.loading.input_schemas import Column, Entity

_SHOWN = 60  # characters of a value in a reason
_WHOLE = ("whole", "large_whole")
_OFFSET = r":\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$"  # of a time, as in 03:15:00+02:00
_SQL_TYPES = {
    "moment": "timestamp",
    "number": "double",
    "text": "varchar",
    "release_date": "varchar",
    "whole": "integer",
    "large_whole": "bigint",
}


def typed(column: Column, source: str | None) -> str:
    """Return SQL for the typed value of a column; NULL where blank, absent or not of its kind."""
    if source is None:
        return f"cast(null as {_SQL_TYPES[column.kind]})"
    number = f"try_cast({source} as double)"
    if column.kind in _WHOLE:  # may be written 4.0, and must not be rounded into one
        return f"case when {number} = trunc({number}) then try_cast({number} as {_SQL_TYPES[column.kind]}) end"
    if column.kind == "number":
        return f"case when isfinite({number}) then {number} end"
    if column.kind == "moment":
        # DuckDB's cast to timestamp overlooks an offset; the other one does not
        return (
            f"case when regexp_matches({source}, '{_OFFSET}') "
            f"then make_timestamp(epoch_us(try_cast({source} as timestamptz))) "
            f"else try_cast({source} as timestamp) end"
        )
    return f"case when trim({source}) <> '' then {source} end"


def breaks(column: Column, source: str | None, *, last_year: int) -> str | None:
    """Return SQL that is true where a value breaks the column's rule, or None where none can."""
    if source is None:
        return "true" if column.is_filled else None
    held = _held(column, source, last_year)
    if held is None:
        return f"coalesce(trim({source}), '') = ''" if column.is_filled else None
    # the rule first: nearly every value keeps it, and then no text is looked at
    otherwise = "true" if column.is_filled else f"coalesce(trim({source}), '') <> ''"
    return f"(case when {held} then false else {otherwise} end)"


def reason(column: Column, source: str | None, *, last_year: int, written: str | None = None) -> str:
    """Return SQL for the words on a value that breaks its rule: column, rule and value, as the file has it.

    Args:
        column: the declared column.
        source: SQL for what is read.
        last_year: the last year that may be.
        written: SQL for the file's own text, where it is another.
    """
    rule = _quoted(f"{column.name} must be {_rule(column, last_year)}, however it is ")
    missing = _quoted(f"{column.name} must not be blank, however it is")
    if source is None:
        return missing
    shown = written or source
    value = f"'''' || left({shown}, {_SHOWN}) || case when length({shown}) > {_SHOWN} then '…' else '' end || ''''"
    is_blank = f"coalesce(trim({shown}), '') = ''"  # a word for blank, as NA, breaks the rule as such
    return f"case when {is_blank} then {missing} else {rule} || {value} end"


def extras(columns: dict[str, str], entity: Entity) -> str:
    """Return SQL for the unknown columns of a row as JSON text, NULL where there are none."""
    unknown = unknown_columns(columns, entity)
    if not unknown:
        return "cast(null as varchar)"
    pairs = ", ".join(f"{_quoted(name)}, nullif({columns[name]}, '')" for name in unknown)
    return f"cast(json_object({pairs}) as varchar)"


def unknown_columns(columns: dict[str, str], entity: Entity) -> list[str]:
    """Return the header's names that are not declared."""
    return [name for name in columns if name not in entity.names]


def _held(column: Column, source: str, last_year: int) -> str | None:
    value = typed(column, source)
    if column.kind == "release_date":
        return _is_release_date(source)
    if column.kind == "text":
        return f"regexp_full_match({source}, {_quoted(column.pattern)})" if column.pattern else None
    high = last_year if column.name == "year" else column.high
    bounds = [f"{value} >= {column.low}"] if column.low is not None else []
    bounds += [f"{value} <= {high}"] if high is not None else []
    return " and ".join(bounds) or f"{value} is not null"


def _is_release_date(source: str) -> str:
    padded = f"case length({source}) when 4 then {source} || '-01-01' when 7 then {source} || '-01' else {source} end"
    form = r"\d{4}(-\d{2}(-\d{2})?)?"
    return (
        f"regexp_full_match({source}, '{form}') and left({source}, 4) <> '0000' "
        f"and try_cast({padded} as date) is not null"
    )


def _rule(column: Column, last_year: int) -> str:
    if column.kind == "release_date":
        return "a date of the form YYYY, YYYY-MM or YYYY-MM-DD"
    if column.kind == "moment":
        return "a time such as 2026-11-22 03:15:00 (UTC)"
    if column.kind == "text":
        return column.rule
    sort = "a whole number" if column.kind in _WHOLE else "a number"
    high = last_year if column.name == "year" else column.high
    if column.low is not None and high is not None:
        return f"{sort} from {column.low:g} to {high:g}"
    return sort if column.low is None else f"{sort} of at least {column.low:g}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
