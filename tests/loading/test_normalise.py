"""Values are read as their owner meant them, whatever the file and the door."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from songpop import warehouse
from songpop.loading import input_files, load, read_input, survey
from songpop.loading.input_schemas import ENTITIES
from songpop.loading.normalise import normalise
from songpop.loading.value_changes import Changes
from songpop.settings import Settings

_DAY = date(2026, 11, 22)
_NOW = datetime(2026, 11, 22, 3, 15)
_SONG = {"artist_name": "Nell Ash", "track_name": "Weir"}
_ID, _OTHER_ID = "4" * 22, "5" * 22


def _csv(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    quoted = [[f'"{row.get(name, "")}"' if row.get(name) else "" for name in names] for row in rows]
    return "\n".join([",".join(names), *(",".join(row) for row in quoted)]) + "\n"


def _normalised(folder: Path, entity: str, rows: list[dict[str, str]]) -> tuple[list[dict[str, Any]], Changes]:
    """Return the declared columns of each row as they are read, and what was changed."""
    path = folder / "file.csv"
    path.write_text(_csv(rows))
    with duckdb.connect(config={"threads": 1}) as con:
        source = input_files.open_source(path, folder)
        read = read_input.read_file(con, source, most_unreadable=0)
        after, changes = normalise(con, read, ENTITIES[entity], last_year=2027)
        names = [name for name in ENTITIES[entity].names if name in after.columns]
        fields = ", ".join(after.columns[name] for name in names)
        found = con.execute(f"select {fields} from incoming order by {after.line}").fetchall()
        assert len(found) == after.n_rows
        assert after.n_rows + after.n_blank_lines + after.n_unreadable == read.n_rows + read.n_blank_lines
    return [dict(zip(names, row, strict=True)) for row in found], changes


def _column(folder: Path, column: str, values: list[str], entity: str = "releases", **others: str) -> list[str | None]:
    rows = [_SONG | {"track_id": f"own-{number}", column: value} | others for number, value in enumerate(values)]
    return [row[column] for row in _normalised(folder, entity, rows)[0]]


def _told(folder: Path, column: str, values: list[str], entity: str = "releases", **others: str) -> dict[str, str]:
    rows = [_SONG | {"track_id": f"own-{number}", column: value} | others for number, value in enumerate(values)]
    changes = _normalised(folder, entity, rows)[1]
    return {finding.check_name: finding.severity for finding in changes.findings("file.csv")}


def _load(con: duckdb.DuckDBPyConnection, settings: Settings, entity: str, rows: list[dict[str, str]]) -> Any:
    path = settings.home / f"{entity}.csv"
    path.write_text(_csv(rows))
    return load.load(con, settings, run_id="r", as_of_date=_DAY, now=_NOW, **{entity: path}).files[0]  # type: ignore[arg-type]


def _rejects(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    return dict(con.execute("select line, reason from ledger.rejects").fetchall())


# --- a file that needs nothing


def test_a_plain_file_is_left_as_it_is_and_nothing_is_said(tmp_path: Path) -> None:
    rows = [
        _SONG | {"release_date": day, "loudness": "-7.1", "duration_ms": "2.4e5", "valence": "1.37e-05", "key": "4.0"}
        for day in ("2026", "2026-11", "2028-02-29")
    ]

    read, changes = _normalised(tmp_path, "releases", rows)

    assert changes.changes == ()
    assert read == rows


@pytest.mark.parametrize("day", ["2023-02-29", "1900-02-29", "2026-04-31", "2026-02-30", "2026-00-10"])
def test_a_day_that_there_is_not_is_left_to_be_refused(
    con: duckdb.DuckDBPyConnection, settings: Settings, day: str
) -> None:
    file = _load(con, settings, "releases", [_SONG | {"release_date": day}, _SONG | {"track_name": "Lock"}])

    assert (file.n_rows, file.n_rejected) == (1, 1)
    assert f"however it is '{day}'" in _rejects(con)[2]


@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_that_there_is_is_plain(day: date) -> None:
    assert duckdb.execute("select regexp_full_match(?, ?)", [day.isoformat(), survey.DATE]).fetchall() == [(True,)]


# --- ids


@pytest.mark.parametrize(
    "written",
    [
        f"spotify:track:{_ID}",
        f"SPOTIFY:TRACK:{_ID}",
        f"https://open.spotify.com/track/{_ID}",
        f"https://open.spotify.com/intl-de/track/{_ID}?si=8f2a&nd=1",
        f"http://open.spotify.com/embed/track/{_ID}",
        f"open.spotify.com/track/{_ID}/",
        f" \u00a0{_ID}\u200b ",
    ],
)
def test_a_link_is_read_as_its_id(tmp_path: Path, written: str) -> None:
    rows = [{"track_id": written, "artist_name": "Nell Ash", "popularity": "40"}]

    read, changes = _normalised(tmp_path, "tracks", rows)

    assert read[0]["track_id"] == _ID
    assert len(changes.changes) == 1
    assert changes.changes[0].examples == ((written, _ID),)


def test_links_to_albums_and_artists_are_read_in_their_columns(tmp_path: Path) -> None:
    assert _column(tmp_path, "album_id", [f"spotify:album:{_ID}", "mine"]) == [_ID, "mine"]
    assert _column(tmp_path, "artist_id", [f"https://open.spotify.com/artist/{_ID}"], "pins") == [_ID]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (f"spotify:album:{_ID}", "is of another kind: album"),
        (f"spotify:user:nell:playlist:{_ID}", "is of another kind: user"),
        ("spotify:local:Nell+Ash::Weir:201", "is a local file, which has none"),
        ("1.23E+21", "is a number that a spreadsheet made of it"),
        ("NA", "track_id must be 22 letters and digits, however it is 'NA'"),
    ],
)
def test_what_is_no_id_of_a_track_sets_its_line_aside_with_its_text(
    con: duckdb.DuckDBPyConnection, settings: Settings, written: str, why: str
) -> None:
    song = {"artist_name": "Nell Ash", "popularity": "40"}

    file = _load(con, settings, "tracks", [{"track_id": written} | song, {"track_id": _ID} | song])

    assert file.n_rows == file.n_rejected == 1
    assert why in _rejects(con)[2]
    assert f"'{written}'" in _rejects(con)[2]


def test_a_song_of_a_local_file_gets_an_id_that_is_made(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    local = _SONG | {"track_id": "spotify:local:Nell+Ash::Weir:201"}

    file = _load(con, settings, "releases", [local, _SONG | {"track_name": "Lock", "track_id": _ID}])

    made, own = con.execute("select track_id from raw.files__releases order by line").fetchall()
    assert (file.n_rows, own) == (2, (_ID,))
    assert len(made[0]) == 22
    assert [finding.check_name for finding in file.findings] == ["local_files_have_no_id"]


def test_a_ruined_id_is_a_warning_and_counts_as_blank_where_it_may(tmp_path: Path) -> None:
    assert _column(tmp_path, "album_id", ["1.23E+21", "7E+30"]) == [None, None]
    assert _told(tmp_path, "album_id", ["1.23E+21"]) == {"ids_are_whole": "warning"}


def test_a_ruined_id_in_a_pins_file_does_not_say_that_spotify_lacks_the_artist(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    rows = [{"artist_name": "Nell Ash", "artist_id": "1.2E+20"}, {"artist_name": "Ivo", "artist_id": "NA"}]

    file = _load(con, settings, "pins", rows)

    assert file.n_rejected == 1
    assert con.execute("select artist_name, artist_id from raw.files__pins").fetchall() == [("Ivo", None)]


# --- blanks


@pytest.mark.parametrize(
    "word",
    ["NA", "NaN", "nan", "None", "null", "NULL", "N/A", "#N/A", "-", "--", "<NA>", "(null)", "\\N", " NA ", "\u00a0"],
)
@pytest.mark.parametrize(
    "column", ["album_id", "album_name", "genre", "release_date", "year", "tempo", "key", "track_id"]
)
def test_a_word_for_blank_is_blank(tmp_path: Path, column: str, word: str) -> None:
    assert _column(tmp_path, column, [word]) == [None]


def test_an_artist_and_a_title_may_be_called_none(tmp_path: Path) -> None:
    rows = [{"artist_name": "None", "track_name": "NA", "genre": "None"}]

    read, _ = _normalised(tmp_path, "releases", rows)

    assert read == [{"artist_name": "None", "track_name": "NA", "genre": None}]


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u3000"])
def test_a_row_of_blanks_is_a_blank_line(con: duckdb.DuckDBPyConnection, settings: Settings, blank: str) -> None:
    nothing = {"artist_name": blank, "track_name": blank, "genre": blank}

    file = _load(con, settings, "releases", [_SONG | {"genre": "folk"}, nothing, nothing])

    assert (file.n_rows, file.n_rejected, file.n_blank_lines) == (1, 0, 2)
    assert file.findings == ()


# --- dates


@pytest.mark.parametrize(
    "written",
    [
        *("2026-11-20 00:00:00", "2026-11-20T00:00:00Z", "2026-11-20T10:00:00.25+01:00", "20261120", "20261120.0"),
        *("2026/11/20", "2026.11.20", "20 Nov 2026", "Nov 20, 2026", "20-Nov-2026", "November 20th, 2026"),
        *("Fri, 20 Nov 2026 00:00:00 GMT", "20/11/2026", "11/20/2026", "20.11.2026 00:00", "2026-11-20 12:00 AM"),
    ],
)
def test_a_date_is_read_whatever_its_form(tmp_path: Path, written: str) -> None:
    assert _column(tmp_path, "release_date", [written]) == ["2026-11-20"]
    assert _column(tmp_path, "release_date", [written], "albums", album_id="a", album_name="b") == ["2026-11-20"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0000", None),
        ("0", None),
        ("0000-00-00", None),
        ("2019-00-00", "2019"),
        ("2019-05-00", "2019-05"),
        ("2019.0", "2019"),
    ],
)
def test_unknown_parts_of_a_date_are_left_out(tmp_path: Path, written: str, read: str | None) -> None:
    assert _column(tmp_path, "release_date", [written, "2026-11-20"]) == [read, "2026-11-20"]


def test_one_number_above_12_tells_the_order_of_a_whole_column(tmp_path: Path) -> None:
    assert _column(tmp_path, "release_date", ["05/06/2026", "13/06/2026"]) == ["2026-06-05", "2026-06-13"]
    assert _column(tmp_path, "release_date", ["05/06/2026", "06/13/2026"]) == ["2026-05-06", "2026-06-13"]


def test_a_decimal_comma_tells_that_the_day_comes_first(tmp_path: Path) -> None:
    assert _column(tmp_path, "release_date", ["05.06.2026"], valence="0,31") == ["2026-06-05"]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (
            ["05/06/2026", "07/07/2026"],
            "'05/06/2026' may be 5 Jun or 6 May, and no other value tells. Write YYYY-MM-DD",
        ),
        (["13/06/2026", "06/13/2026"], "day and month in one order, however '13/06/2026' and '06/13/2026' both stand"),
        (["13/06/26", "2026-01-01"], "must have a year of four digits, however '13/06/26' has two"),
    ],
)
def test_a_date_that_can_be_two_is_refused_with_the_rule(
    con: duckdb.DuckDBPyConnection, settings: Settings, written: list[str], why: str
) -> None:
    rows = [_SONG | {"track_name": f"Song {day}", "release_date": day} for day in written]
    lenient = Settings(
        home=settings.home, warehouse=settings.warehouse, published=settings.published, max_reject_share=1
    )

    _load(con, lenient, "releases", [*rows, _SONG])

    assert why in _rejects(con)[2]


def test_a_spreadsheets_day_numbers_are_days_where_the_whole_column_is_such(tmp_path: Path) -> None:
    assert _column(tmp_path, "release_date", ["46346", "46347"]) == ["2026-11-20", "2026-11-21"]
    assert _column(tmp_path, "release_date", ["46346", "2026-11-20"]) == ["46346", "2026-11-20"]


def test_a_year_of_two_digits_is_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "release_date", ["20-Nov-26", "20-Nov-85"]) == ["2026-11-20", "1985-11-20"]
    assert _told(tmp_path, "release_date", ["20-Nov-26"]) == {"years_have_four_digits": "warning"}


def test_a_moment_keeps_its_time_and_its_zone(tmp_path: Path) -> None:
    moments = [
        "20 Nov 2026 03:15",
        "Nov 20, 2026 3:15 PM",
        "20/11/2026 03:15:00+02:00",
        "20261120",
    ]

    read = _column(tmp_path, "observed_at", moments, "observed", popularity="3")

    assert read == [
        *("2026-11-20 03:15:00", "2026-11-20 15:15:00", "2026-11-20 03:15:00+02:00", "2026-11-20 00:00:00"),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [("2019-05-01", "2019"), ("01/05/2019", "2019"), ("0", None), ("2,019", "2019"), ("2019.0", "2019.0")],
)
def test_a_year_may_be_written_as_its_date(tmp_path: Path, written: str, read: str | None) -> None:
    assert _column(tmp_path, "year", [written]) == [read]


def test_a_year_unlike_its_release_date_is_told(tmp_path: Path) -> None:
    told = _told(tmp_path, "year", ["2019", "2026"], release_date="2026-11-20")

    assert told == {"years_agree_with_release_dates": "note"}


@pytest.mark.parametrize(
    "written",
    ["4 mai 2027", "4. Mai 2027", "4 de mayo de 2027", "4 de Maio, 2027", "4 maggio 2027", "2027. 5. 4.", "4 May 2027"],
)
def test_a_month_may_be_named_in_another_language(tmp_path: Path, written: str) -> None:
    assert _column(tmp_path, "release_date", [written]) == ["2027-05-04"]


@pytest.mark.parametrize("fold", [str.lower, str.upper])
def test_ids_that_lost_their_case_are_a_warning(tmp_path: Path, fold: Callable[[str], str]) -> None:
    ids = ["4Yw7Gd0kPz2XnQb5LmTr9c", "1hJ8sVaE6uOyR3NfWxKi0B"]
    rows = [_SONG | {"track_id": fold(track_id)} for track_id in ids]

    _, changes = _normalised(tmp_path, "releases", rows)
    assert {one.check_name: one.severity for one in changes.findings("f.csv")} == {"ids_keep_their_case": "warning"}
    assert _normalised(tmp_path, "releases", [_SONG | {"track_id": track_id} for track_id in ids])[1].changes == ()


@pytest.mark.parametrize("drawn", ["---", "--------", ":---:"])
def test_a_line_that_is_drawn_below_the_header_is_a_blank_line(tmp_path: Path, drawn: str) -> None:
    rows, _ = _normalised(tmp_path, "releases", [dict.fromkeys(_SONG, drawn), _SONG])

    assert [row["track_name"] for row in rows] == [_SONG["track_name"]]


# --- durations


@pytest.mark.parametrize(
    "written",
    [
        "3:42",
        "0:03:42",
        "03:42.0",
        "PT3M42S",
        "222 s",
        "222 sec",
        "3m 42s",
        "3 min 42 s",
        "3 min 42",
        "3'42",
        "3:42 min",
        "3:42 Minuten",
        "222,000",
        "222 000",
        "222000 ms",
    ],
)
def test_a_duration_that_says_its_unit_is_read(tmp_path: Path, written: str) -> None:
    assert _column(tmp_path, "duration_ms", [written]) == ["222000"]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["191", "302", "7200"], ["191000", "302000", "7200000"]),
        (["191.5", "302.04"], ["191500", "302040"]),
        (["3.7", "2.25", "4.9"], ["222000", "135000", "294000"]),
        (["0.0025694444", "0.0021"], ["222000", "181440"]),
        (["191000", "302000"], ["191000", "302000"]),
        (["3:42:00", "2:10:00"], ["222000", "130000"]),
        (["14", "28", "240", "21"], ["14000", "28000", "240000", "21000"]),
        (["1700", "1300", "1900"], ["1700", "1300", "1900"]),
    ],
)
def test_the_unit_of_durations_is_told_by_the_column(tmp_path: Path, values: list[str], read: list[str]) -> None:
    assert _column(tmp_path, "duration_ms", values) == read


def test_a_duration_whose_unit_nothing_tells_is_left_out_with_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "duration_ms", ["3.42", "2.15"]) == [None, None]
    assert _told(tmp_path, "duration_ms", ["3", "4"]) == {"durations_are_plausible": "warning"}


def test_a_second_among_milliseconds_is_kept_with_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "duration_ms", ["191", "302000", "250000"]) == ["191", "302000", "250000"]
    assert _told(tmp_path, "duration_ms", ["191", "302000", "250000"]) == {"durations_are_plausible": "warning"}


def test_an_album_of_very_short_pieces_is_kept_with_a_warning(tmp_path: Path) -> None:
    assert _told(tmp_path, "duration_ms", ["1700", "1300", "1900"]) == {"durations_are_plausible": "warning"}


# --- scales


def test_percent_is_told_over_the_columns_of_a_file(tmp_path: Path) -> None:
    rows = [
        _SONG | {"energy": "81", "valence": "7.2", "liveness": "1", "loudness": "-5"},
        _SONG | {"energy": "0", "valence": "61", "liveness": "0", "loudness": "-6"},
    ]

    read, changes = _normalised(tmp_path, "releases", rows)

    assert [(float(row["energy"]), row["valence"], float(row["liveness"])) for row in read] == [
        (0.81, "0.072", 0.01),
        (0, "0.61", 0),
    ]
    (finding,) = changes.findings("file.csv")
    assert (finding.check_name, finding.severity) == ("shares_are_not_percent", "note")
    assert "divided by 100" in finding.message


def test_a_percent_sign_concerns_its_own_value(tmp_path: Path) -> None:
    assert _column(tmp_path, "energy", ["72 %", "72%", "0.61"]) == ["0.72", "0.72", "0.61"]


def test_one_value_above_1_does_not_make_a_column_percent(tmp_path: Path) -> None:
    assert _column(tmp_path, "energy", ["0.61", "0.72", "64", "0.5"]) == ["0.61", "0.72", "64", "0.5"]


def test_a_column_of_percent_beside_shares_is_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "energy", ["61", "72"], valence="0.4") == ["0.61", "0.72"]
    assert _told(tmp_path, "energy", ["61", "72"], valence="0.4") == {"shares_are_of_one_scale": "warning"}


def test_a_share_among_whole_percents_is_a_share_with_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "energy", ["61", "0.45", "72", "88"]) == ["0.61", "0.45", "0.72", "0.88"]
    assert _told(tmp_path, "energy", ["61", "0.45", "72"]) == {"shares_are_of_one_scale": "warning"}
    assert _column(tmp_path, "energy", ["61.5", "0.5", "72"]) == ["0.615", "0.005", "0.72"]


def test_a_scale_of_ten_is_not_taken_for_percent(tmp_path: Path) -> None:
    assert _column(tmp_path, "energy", ["6.1", "7.2"]) == ["6.1", "7.2"]
    assert _told(tmp_path, "energy", ["6.1", "7.2"]) == {"shares_are_of_one_scale": "warning"}


@pytest.mark.parametrize("values", [["0.7", "0.81"], ["5.2", "7.9"], ["8.5"], ["0.4", "-0.2", "0.1"]])
def test_a_loudness_that_is_no_decibels_is_left_out_with_a_warning(tmp_path: Path, values: list[str]) -> None:
    assert _column(tmp_path, "loudness", values) == [None] * len(values)
    assert _told(tmp_path, "loudness", values) == {"loudness_is_decibels": "warning"}


@pytest.mark.parametrize(("column", "values"), [("tempo", ["128035", "90.5"]), ("loudness", ["-7412", "-6.1"])])
def test_a_number_that_lost_its_point_is_left_out_with_a_warning(
    tmp_path: Path, column: str, values: list[str]
) -> None:
    assert _column(tmp_path, column, values) == [None, values[1]]
    assert list(_told(tmp_path, column, values).values()) == ["warning"]


def test_a_loud_track_among_others_is_believed(tmp_path: Path) -> None:
    assert _column(tmp_path, "loudness", ["0.7", "-5.2"]) == ["0.7", "-5.2"]


@pytest.mark.parametrize("values", [["0.42", "0.51"], ["1.2", "0.4"]])
def test_a_tempo_that_is_no_beats_a_minute_is_left_out_with_a_warning(tmp_path: Path, values: list[str]) -> None:
    assert _column(tmp_path, "tempo", values) == [None, None]
    assert _told(tmp_path, "tempo", values) == {"tempo_is_beats_a_minute": "warning"}


def test_a_popularity_of_0_to_1_is_multiplied_with_a_warning(tmp_path: Path) -> None:
    assert _column(tmp_path, "popularity", ["0.65", "0.29", "1"], "artists") == ["65", "29", "100"]
    assert _told(tmp_path, "popularity", ["0.65"], "artists") == {"popularity_is_0_to_100": "warning"}
    assert _column(tmp_path, "popularity", ["0", "1"], "artists") == ["0", "1"]


# --- numbers and music


@pytest.mark.parametrize(
    ("column", "written", "read"),
    [
        ("tempo", "120 bpm", "120"),
        ("tempo", "118,25", "118.25"),
        ("loudness", "-5.2 dB", "-5.2"),
        ("loudness", "\u22125,2", "-5.2"),
        ("popularity", "72/100", "72"),
        ("popularity", "72 %", "72"),
        ("key", "C# minor", "1"),
        ("key", "D\u266dm", "1"),
        ("key", "8A", "9"),
        ("key", "B\u266d major", "10"),
        ("mode", "Major", "1"),
        ("mode", "FALSE", "0"),
        ("time_signature", "4/4", "4"),
        ("time_signature", "waltz", "waltz"),
    ],
)
def test_a_number_is_read_from_its_words(tmp_path: Path, column: str, written: str, read: str) -> None:
    entity = "artists" if column == "popularity" else "releases"

    assert _column(tmp_path, column, [written], entity) == [read]


@pytest.mark.parametrize("mode", [{}, {"mode": ""}])
def test_a_keys_name_tells_the_mode_where_the_line_has_none(tmp_path: Path, mode: dict[str, str]) -> None:
    read, _ = _normalised(tmp_path, "releases", [_SONG | {"key": "F# minor"} | mode, _SONG | {"key": "8B"} | mode])

    assert [(row["key"], row["mode"]) for row in read] == [("6", "0"), ("0", "1")]


def test_a_files_own_mode_goes_before_the_keys_name(tmp_path: Path) -> None:
    read, _ = _normalised(tmp_path, "releases", [_SONG | {"key": "F# minor", "mode": "major"}])

    assert read[0]["mode"] == "1"


def test_points_set_thousands_apart_beside_decimal_commas(tmp_path: Path) -> None:
    assert _column(tmp_path, "duration_ms", ["227.000", "1.227.000"], tempo="118,2") == ["227000", "1227000"]


def test_titles_that_count_the_tracks_are_a_warning(tmp_path: Path) -> None:
    assert _told(tmp_path, "track_name", ["2", "1", "3"]) == {"titles_are_names": "warning"}
    assert _told(tmp_path, "track_name", ["22", "1979", "1"]) == {}


def test_a_title_that_is_a_time_of_day_is_a_warning(tmp_path: Path) -> None:
    assert _told(tmp_path, "track_name", ["0.958333333333333", "Weir"]) == {"titles_are_not_times": "warning"}
    assert _told(tmp_path, "track_name", ["0.5", "0 to 100", "22.05"]) == {}


# --- what is kept and told


def test_the_files_own_words_stay_in_raw(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    rows = [
        _SONG | {"genre": "NA", "duration_ms": "3:42", "release_date": "2026-11-20 00:00:00"},
        _SONG | {"track_name": "Lock", "genre": "folk", "release_date": "2026-11-20"},
    ]

    file = _load(con, settings, "releases", rows)

    kept = con.execute("select genre, duration_ms, release_date, as_written from raw.files__releases").fetchall()
    assert kept == [
        (None, 222_000, "2026-11-20", '{"genre":"NA","duration_ms":"3:42","release_date":"2026-11-20 00:00:00"}'),
        ("folk", None, "2026-11-20", None),
    ]
    assert [(one.check_name, one.severity, one.n_rows) for one in file.findings] == [
        ("blank_words_are_blank", "note", 1),
        ("dates_are_read_as_meant", "note", 1),
        ("durations_are_written_in_ms", "note", 1),
    ]


def test_a_rule_is_told_once_for_all_columns_with_three_examples(tmp_path: Path) -> None:
    rows = [_SONG | {"tempo": f"1{number} bpm", "loudness": f"-{number} dB"} for number in range(10, 14)]

    _, changes = _normalised(tmp_path, "releases", rows)

    assert changes.sentences("file.csv") == (
        "A number must stand without its unit, however in file.csv loudness and tempo have 4 values of another form "
        "each ('-10 dB' → '-10', '110 bpm' → '110', '-11 dB' → '-11'). The units are left out.",
    )


def test_a_reject_shows_the_text_of_the_file(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    rows = [_SONG | {"energy": "720 %"}, _SONG | {"track_name": "Lock", "energy": "72 %"}]

    _load(con, settings, "releases", rows)

    assert _rejects(con) == {2: "energy must be a number from 0 to 1, however it is '720 %'"}


# --- properties

_cells = st.sampled_from(
    [
        *("", " ", "NA", "0.61", "61", "0,61", "72 %", "3:42", "191", "201000", "227,000", "2026-11-20", "20/11/2026"),
        *("46346", "0000", "C# minor", "8A", "Major", "4/4", "-5,2", "-5.2 dB", "120 bpm", "x", "1.2E+21"),
        *(f"spotify:track:{_ID}", _OTHER_ID),
    ]
)
_COLUMNS = (
    "track_id",
    "album_id",
    "genre",
    "release_date",
    "year",
    "key",
    "mode",
    "energy",
    "loudness",
    "tempo",
    "duration_ms",
)
_rows = st.lists(
    st.fixed_dictionaries(dict.fromkeys(_COLUMNS, _cells)),
    min_size=1,
    max_size=4,
)


@example(rows=[{"tempo": "0.61"}, {"tempo": "46346"}])
@given(rows=_rows)
def test_what_is_read_once_is_read_the_same_again(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")
    songs = [_SONG | row for row in rows]

    read, _ = _normalised(folder, "releases", songs)
    again, changes = _normalised(
        folder, "releases", [{name: value or "" for name, value in row.items()} for row in read]
    )

    assert again == [{name: value or None for name, value in row.items()} for row in read]
    assert not [one for one in changes.changes if any(written != value for written, value in one.examples)]


@given(rows=_rows, n_blank=st.integers(0, 2))
def test_every_row_is_kept_rejected_or_blank(
    rows: list[dict[str, str]], n_blank: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings.from_env(
        {}, home=tmp_path_factory.mktemp("home"), threads=1, memory_limit="1GB", max_reject_share=1.0
    )
    with duckdb.connect(config={"threads": 1}) as con:
        warehouse.create_tables(con)
        songs = [_SONG | {"track_name": f"Song {number}"} | row for number, row in enumerate(rows)]
        file = _load(con, settings, "releases", [_SONG, *songs, *([dict.fromkeys(songs[0], "")] * n_blank)])

    assert file.n_rows + file.n_rejected == 1 + len(rows)
    assert file.n_blank_lines == n_blank


@given(day=st.dates(date(1950, 1, 1), date(2027, 12, 31)))
def test_all_spellings_of_a_day_are_one_day(day: date, tmp_path_factory: pytest.TempPathFactory) -> None:
    forms = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y%m%d",
        "%Y/%m/%d",
        "%d %b %Y",
        "%B %d, %Y",
        "%d-%b-%Y",
        "%Y-%m-%d",
    ]
    written = [day.strftime(form) for form in forms]

    read = _column(tmp_path_factory.mktemp("files"), "release_date", written)

    assert read == [day.isoformat()] * len(forms)


@given(ms=st.integers(61, 3_599))
def test_all_spellings_of_a_length_are_one_length(ms: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    minutes, seconds = divmod(ms, 60)
    written = [
        f"{minutes}:{seconds:02}",
        f"0:{minutes:02}:{seconds:02}",
        f"PT{minutes}M{seconds}S",
        f"{ms} s",
        f"{ms}000 ms",
    ]

    read = _column(tmp_path_factory.mktemp("files"), "duration_ms", [*written, f"{ms}000"])

    assert read == [str(ms * 1000)] * 6
