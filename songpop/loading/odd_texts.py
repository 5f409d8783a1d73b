"""Read the texts of an incoming file that are not of the declared form, each once: temporary table `readings`."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from songpop.loading import read_dates, read_numbers
from songpop.loading.input_schemas import Column, Entity
from songpop.loading.read_dates import Reading
from songpop.loading.read_input import Incoming
from songpop.loading.survey import BLANK, NUMBERS, Survey, count_texts, find_texts, odd
from songpop.loading.value_changes import SHOWN, Change
from songpop.loading.value_rules import BLANK_WORDS

_INVISIBLE = "\u200b\ufeff"
_MUSIC = ("key", "mode", "time_signature")
_APART = r"[1-9]\d{0,2}(\.\d{3})+"
_PLACE = r"(?i)^(?:(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[a-z-]+/)?(?:embed/)?{kind}/|spotify:{kind}:)"
_LOCAL = r"(?i)^spotify:local\b|spotify\.com/local/"
_RUINED = r"^\d([.,]\d+)?[eE]\+\d{1,3}$"


def read_odd_texts(
    con: duckdb.DuckDBPyConnection, read: Incoming, entity: Entity, survey: Survey, *, last_year: int
) -> tuple[str, ...]:
    """Write how each odd text of each column is read into temporary table `readings`; return the columns in it."""
    con.execute(
        "create or replace temp table readings (column_name varchar, written varchar, value varchar, rule varchar, "
        "refused varchar, mode varchar, is_marked boolean, n_cells bigint)"
    )
    columns = [column for column in entity.columns if column.name in read.columns and survey.columns[column.name].n_odd]
    texts = {
        column.name: find_texts(con, column, read.columns[column.name])
        for column in columns
        if not column.name.endswith("_id")
    }
    has_commas = any(
        read_numbers.has_decimal_comma(column.name, _stripped(texts[column.name]))
        for column in columns
        if column.kind in NUMBERS
    )
    for column in columns:
        if column.name.endswith("_id"):
            _read_ids(con, column, entity, read.columns[column.name])
            continue
        odd_texts = texts[column.name]
        is_alone = survey.columns[column.name].n_odd == survey.columns[column.name].n_filled
        found = _read_texts(column, odd_texts, is_alone=is_alone, last_year=last_year, has_commas=has_commas)
        _save(con, column.name, odd_texts, found)
    if has_commas and "duration_ms" in read.columns:
        _read_points(con, read.columns["duration_ms"])
    names = con.execute("select distinct column_name from readings order by all").fetchall()
    return tuple(name for (name,) in names)


def find_changes(con: duckdb.DuckDBPyConnection) -> list[Change]:
    """Return what the readings change, a rule and a column; what is refused is told with its line."""
    rows = con.execute(
        "select column_name, rule, sum(n_cells), arg_min({'written': written, 'value': value}, written, ?) "
        "from readings where value is distinct from written and (refused = '' or rule = 'ids_are_whole') "
        "and (value is not null or rule <> 'outer_blanks_are_left_out') "
        "group by column_name, rule order by min(rowid)",
        [SHOWN],
    ).fetchall()
    return [
        Change(rule, column, int(n_cells), tuple((one["written"], one["value"]) for one in examples))
        for column, rule, n_cells, examples in rows
    ]


def _stripped(texts: Mapping[str, int]) -> list[str]:
    return [strip_blanks(text) for text in texts]


def strip_blanks(text: str) -> str:
    """Return a text without blanks of any sort around it."""
    before = None
    while before != text:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def _read_texts(
    column: Column, texts: Mapping[str, int], *, is_alone: bool, last_year: int, has_commas: bool
) -> dict[str, Reading]:
    """Read the odd texts of one column; those that can't be read are left out."""
    plain = {text: strip_blanks(text) for text in texts}
    blank = {text for text, bare in plain.items() if bare.lower() in BLANK_WORDS or not bare}
    asked = {bare: texts[text] for text, bare in plain.items() if text not in blank}
    if column.kind in ("release_date", "moment"):
        read = read_dates.read_dates(
            column.name,
            asked,
            is_moment=column.kind == "moment",
            is_alone=is_alone,
            last_year=last_year,
            has_decimal_commas=has_commas,
        )
    elif column.kind in NUMBERS:
        read = _read_numbers(column, list(asked), last_year)
    else:
        read = {}
    readings = {}
    for text, bare in plain.items():
        if text in blank:
            if text.strip(" "):
                readings[text] = Reading(None, "blank_words_are_blank" if bare else "outer_blanks_are_left_out")
        elif bare in read:
            readings[text] = read[bare]
        elif bare != text:
            readings[text] = Reading(bare, "outer_blanks_are_left_out")
    return readings


def _read_numbers(column: Column, texts: Sequence[str], last_year: int) -> dict[str, Reading]:
    read: dict[str, Reading] = {}
    if column.name == "year":
        years = {text: read_dates.read_year(text, last_year) for text in texts}
        read = {text: reading for text, reading in years.items() if reading is not None}
    elif column.name in _MUSIC:
        read = read_numbers.read_music(column.name, texts)
    others = [text for text in texts if text not in read]
    return read | read_numbers.read_numbers(column.name, others, is_whole=column.kind != "number")


def _read_points(con: duckdb.DuckDBPyConnection, field: str) -> None:
    """Read lengths such as 227.000, where the decimal mark is a comma, as thousands."""
    texts = count_texts(con, field, f"regexp_full_match({field}, '{_APART}') and contains({field}, '.')")
    read = {text: Reading(text.replace(".", ""), "thousands_are_not_set_apart") for text in texts}
    con.execute("delete from readings where column_name = 'duration_ms' and list_contains(?, written)", [list(texts)])
    _save(con, "duration_ms", texts, read)


def _save(
    con: duckdb.DuckDBPyConnection, column: str, texts: Mapping[str, int], readings: Mapping[str, Reading]
) -> None:
    if not readings:
        return
    table = pa.table(
        {
            "column_name": [column] * len(readings),
            "written": pa.array(list(readings), pa.string()),
            "value": pa.array([one.value for one in readings.values()], pa.string()),
            "rule": [one.rule for one in readings.values()],
            "refused": [one.refused for one in readings.values()],
            "mode": pa.array([one.mode for one in readings.values()], pa.string()),
            "is_marked": [one.is_marked for one in readings.values()],
            "n_cells": [texts[text] for text in readings],
        }
    )
    con.register("read_texts", table)
    con.execute("insert into readings by name select * from read_texts")
    con.unregister("read_texts")


def _read_ids(con: duckdb.DuckDBPyConnection, column: Column, entity: Entity, field: str) -> None:
    """Take ids out of links; a file may hold as many of them as rows, so that DuckDB reads them."""
    kind = column.name.removesuffix("_id")
    # in a pins file a blank id has a meaning of its own
    may_be_blank = (entity.is_id_made or not column.is_filled) and entity.name != "pins"
    words = ", ".join(f"'{word}'" for word in sorted(BLANK_WORDS))
    other_kind = _PLACE.format(kind="([a-z]+)")
    told = "'' " if may_be_blank else f"'{column.name} must be Spotify''s own, however ''' || bare || ''' is "
    own = told if may_be_blank else told + "a local file, which has none'"
    ruined = told if may_be_blank else told + "a number that a spreadsheet made of it'"
    other = (
        f"'{column.name} must be the id of {'an' if kind[0] in 'aeiou' else 'a'} {kind}, however ''' || bare || "
        "''' is of another kind: ' || lower(named)"
    )
    con.execute(
        f"insert into readings select '{column.name}', written, "
        f"case when bare = '' or lower(bare) in ({words}) or is_local or is_ruined then null "
        "when linked <> '' then linked else bare end as value, "
        "case when bare = '' then 'outer_blanks_are_left_out' "
        f"when lower(bare) in ({words}) then 'blank_words_are_blank' "
        "when is_local then 'local_files_have_no_id' when is_ruined then 'ids_are_whole' "
        "when linked <> '' or named <> '' then 'ids_are_taken_out_of_links' "
        "else 'outer_blanks_are_left_out' end, "
        f"case when is_local then {own} when is_ruined then {ruined} "
        f"when linked = '' and named <> '' then {other} else '' end as refused, "
        "null, false, n_cells from ("
        f"select {field} as written, count(*) as n_cells, "
        f"regexp_replace({field}, '^{BLANK}+|{BLANK}+$', '', 'g') as bare, "
        f"regexp_extract(bare, '{_PLACE.format(kind=kind)}([0-9A-Za-z]{{22}})(?:[/?#&].*)?$', 1) as linked, "
        f"regexp_extract(bare, '{other_kind}', 1) || regexp_extract(bare, '{other_kind}', 2) as named, "
        f"regexp_matches(bare, '{_LOCAL}') as is_local, regexp_matches(bare, '{_RUINED}') as is_ruined "
        f"from incoming where ltrim({field}, ' ') <> '' and {odd(column, field)} group by all) "
        "where value is distinct from written or refused <> '' order by written"
    )
