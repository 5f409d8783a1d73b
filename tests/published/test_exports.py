import io
import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from checked_warehouse import make_settings

from songpop import warehouse
from songpop.errors import ExportError
from songpop.published import exports
from songpop.published.exports import Filters
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
from songpop.settings import Settings

_DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish three scored releases: two of Björk, one of another artist with a name that looks like a formula."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    with warehouse.connect(settings) as con:
        con.execute(
            "insert into ledger.snapshots values ('s', 'releases', 'f', 'h', 'r', 3, 0, [], ?, ?)", [_DAY, _DAY]
        )
        con.execute("insert into ledger.loads values ('r', 's', 'releases', true, ?)", [_DAY])
        for line, (artist, genre, day) in enumerate(
            (("Björk", "pop", "2026-11-20"), ("Björk", "jazz", "2026-11-01"), ("=SUM(1)", "Pop", "2026-11-10"))
        ):
            con.execute(
                "insert into raw.files__releases (snapshot_id, line, track_id, artist_name, track_name, genre, "
                "release_date, album_id, album_name, danceability) "
                "values ('s', ?, ?, ?, 'Title, \"quoted\"', ?, ?, 'album', 'LP', 0.5)",
                [line, f"t{line}", artist, genre, day],
            )
            con.execute(
                "insert into ledger.scores by name select 'r' as run_id, ? as track_id, 'model' as model_version, "
                "'album' as album_id, 'genre +1.0' as drivers, ? as score, 1 as score_low, 99 as score_high, "
                "1 as p_0_25, 0 as p_26_50, 0 as p_51_75, 0 as p_76_100, ? as p_best, 5 as benchmark_score, "
                "9 as reference_score, 1.0 as contribution_title, ?::date as as_of_date, ?::timestamp as scored_at",
                [f"t{line}", 60.0 - line, 0.5 - line / 10, _DAY, datetime(2026, 11, 23, 3)],
            )
        warehouse.build(con, as_of_date=_DAY, new_release_days=28)
        warehouse.publish(con, settings.published)
    return settings


def test_filters_choose_by_genre_artist_date_score_and_number(published: Settings) -> None:
    def ids(**chosen: object) -> list[str]:
        return exports.read_list(published, "releases", Filters(**chosen))["track_id"].to_list()  # type: ignore[arg-type]

    assert ids() == ["t0", "t1", "t2"]
    assert ids(genre="POP") == ["t0", "t2"]
    assert ids(artist="bjork") == ["t0", "t1"]
    assert ids(since=date(2026, 11, 10)) == ["t0", "t2"]
    assert ids(until=date(2026, 11, 10)) == ["t1", "t2"]
    assert ids(min_score=59.0) == ["t0", "t1"]
    assert ids(limit=1) == ["t0"]


@pytest.mark.parametrize("name", exports.LISTS)
def test_every_list_can_be_read(published: Settings, name: str) -> None:
    frame = exports.read_list(published, name)

    assert frame.height == {"releases": 3, "singles": 1, "artists": 2, "movers": 0}[name]


@pytest.mark.parametrize("file_format", exports.FORMATS)
def test_every_format_holds_the_same_rows(published: Settings, tmp_path: Path, file_format: str) -> None:
    frame = exports.read_list(published, "releases")
    out = tmp_path / f"new folder/list.{file_format}"
    exports.write_list(frame, out, file_format, notes=exports.list_notes(published, "releases"))

    if file_format == "xlsx":
        sheet = openpyxl.load_workbook(out)["List"]
        head, *rows = sheet.iter_rows(values_only=True)
        read = [dict(zip(head, row, strict=True)) for row in rows]
    elif file_format == "json":
        read = json.loads(out.read_text())
    else:
        read = (pl.read_csv(out) if file_format == "csv" else pl.read_parquet(out)).to_dicts()
    assert [(row["rank"], row["track_id"], row["artist_name"], row["score"]) for row in read] == [
        (1, "t0", "Björk", 60.0),
        (2, "t1", "Björk", 59.0),
        (3, "t2", "=SUM(1)", 58.0),
    ]
    assert read[0]["track_name"] == 'Title, "quoted"'
    assert list(out.parent.iterdir()) == [out]


def test_the_list_has_in_numbers_what_drivers_say_in_words(published: Settings) -> None:
    frame = exports.read_list(published, "releases")

    assert frame.columns[-15:-7] == ["reference_score", *CONTRIBUTION_COLUMNS]
    assert frame.select("drivers", "reference_score", "contribution_title", "contribution_album").row(0) == (
        "genre +1.0", 9.0, 1.0, None,
    )  # fmt: skip


def test_an_xlsx_is_typed_frozen_filtered_and_noted(published: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    frame = exports.read_list(published, "releases")
    exports.write_list(frame, out, "xlsx", notes=exports.list_notes(published, "releases", Filters(limit=3)))

    book = openpyxl.load_workbook(out)
    sheet = book["List"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.cell(2, columns["release_date"]).value == datetime(2026, 11, 20)
    assert sheet.cell(4, columns["artist_name"]).data_type == "s"
    assert sheet.cell(2, columns["previous_rank"]).value is None
    notes = {row[0]: row[1] for row in book["Notes"].iter_rows(values_only=True)}
    assert notes["Model version"] == "model"
    assert notes["As of"] == "2026-11-23"
    assert notes["Filters"] == "limit 3"


def test_an_sql_file_is_a_list_too(published: Settings, tmp_path: Path) -> None:
    query = tmp_path / "mine.sql"
    query.write_text("select track_id from marts.scores where score >= $min_score order by 1;\n")

    assert exports.read_list(published, str(query), Filters(min_score=59.0))["track_id"].to_list() == ["t0", "t1"]
    with pytest.raises(ExportError, match="must use \\$genre to be filtered"):
        exports.read_list(published, str(query), Filters(genre="pop", min_score=1.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selec 1", r"bad.sql must be a query on the published file, however: Parser Error"),
        ("create table marts.x as select 1", "must be one query .* which is read-only, however it is a CREATE"),
    ],
)
def test_an_sql_file_that_cannot_be_run_says_why(published: Settings, tmp_path: Path, text: str, message: str) -> None:
    query = tmp_path / "bad.sql"
    query.write_text(text)

    with pytest.raises(ExportError, match=message):
        exports.read_list(published, str(query))


def test_an_unknown_list_or_place_or_format_is_named(published: Settings, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="must be one of releases, singles"):
        exports.read_list(published, "hits")
    with pytest.raises(ExportError, match="must be a file that can be read"):
        exports.read_list(published, str(tmp_path / "none.sql"))
    with pytest.raises(ExportError, match="must be a file that can be written"):
        exports.write_list(pl.DataFrame(), tmp_path, "csv", notes={})
    with pytest.raises(ExportError, match="format must be one of"):
        exports.write_list(pl.DataFrame(), io.BytesIO(), "docx", notes={})


def test_a_list_too_long_for_xlsx_says_what_to_do() -> None:
    with pytest.raises(ExportError, match="at most 1,048,575 rows, however the list has 1,048,576"):
        exports.write_list(pl.DataFrame({"a": range(1_048_576)}), io.BytesIO(), "xlsx", notes={})


@pytest.mark.parametrize(("value", "shown"), [(float("nan"), "nan"), (float("-inf"), "-inf")])
def test_a_number_that_xlsx_cannot_hold_is_named(tmp_path: Path, value: float, shown: str) -> None:
    frame = pl.DataFrame({"track_id": ["a", "b", "c"], "score": [1.0, None, value]})

    with pytest.raises(ExportError, match=f"however 1 of column 'score' are not \\(first: {shown} in row 3\\)"):
        exports.write_list(frame, tmp_path / "list.xlsx", "xlsx", notes={})
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_nested_values_does_not_fit_into_csv() -> None:
    with pytest.raises(ExportError, match="must fit into csv"):
        exports.write_list(pl.DataFrame({"a": [{"b": 1}]}), io.BytesIO(), "csv", notes={})


def test_an_sql_file_that_is_not_utf_8_is_named(published: Settings, tmp_path: Path) -> None:
    query = tmp_path / "latin.sql"
    query.write_bytes("select 'Björk'".encode("latin-1"))

    with pytest.raises(ExportError, match=r"latin\.sql must be text in UTF-8, however its byte 10 is not"):
        exports.read_list(published, str(query))


def test_the_published_file_cannot_be_written_through_a_list(published: Settings) -> None:
    with (
        warehouse.open_file(published.published, published, read_only=True) as con,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        con.execute("delete from marts.scores")
