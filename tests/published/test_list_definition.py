"""Lists as somebody wants them: columns, order, watchlists, saved definitions, and what changed since a run."""

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from checked_warehouse import make_settings
from click.testing import CliRunner, Result

from songpop import warehouse
from songpop.cli import songpop
from songpop.errors import ExportError, WarehouseError
from songpop.published import exports, list_definition
from songpop.published.exports import read_defined
from songpop.published.list_definition import Filters, ListDefinition, read_definition, read_names
from songpop.settings import Settings

_RUNS = (("night-1", date(2026, 11, 16)), ("night-2", date(2026, 11, 23)))
_NAMES = {"a": "Beyoncé", "b": "Björk", "c": "The xx", "d": "Nas", "e": "Sade"}
# d is gone in the second night and e is new; a falls by its score, b and c rise for that alone
_SCORES = {
    "night-1": {"a": 70.0, "b": 60.0, "c": 50.0, "d": 40.0},
    "night-2": {"a": 45.0, "b": 60.0, "c": 50.0, "e": 30.0},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two nights of a list whose releases changed."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    with warehouse.connect(settings) as con:
        for number, (run_id, day) in enumerate(_RUNS):
            _save_night(con, run_id, day, number)
        warehouse.build(con, as_of_date=_RUNS[-1][1], new_release_days=28)
        warehouse.publish(con, settings.published)
    return settings.home


@pytest.fixture
def published(home: Path, settings: Settings) -> Settings:
    """Return the settings of a copy of that home."""
    shutil.copytree(home, settings.home, dirs_exist_ok=True)
    return settings


def _save_night(con: duckdb.DuckDBPyConnection, run_id: str, day: date, number: int) -> None:
    con.execute("insert into ledger.snapshots values (?, 'releases', 'f', ?, ?, 4, 0, [], ?, ?)",
                [run_id, run_id, run_id, day, day])  # fmt: skip
    con.execute("insert into ledger.loads values (?, ?, 'releases', true, ?)", [run_id, run_id, day])
    for line, (track_id, score) in enumerate(_SCORES[run_id].items()):
        con.execute(
            "insert into raw.files__releases (snapshot_id, line, track_id, artist_name, track_name, genre, "
            "album_id, album_name, release_date, energy) values (?, ?, ?, ?, ?, 'pop', 'lp', 'LP', '2026-11-01', 0.5)",
            [run_id, line, track_id, _NAMES[track_id], f"Title {track_id}"],
        )
        con.execute(
            "insert into ledger.scores by name select ? as run_id, ? as track_id, 'model' as model_version, "
            "? as score, 1 as score_low, 99 as score_high, 1 as p_0_25, 0 as p_26_50, 0 as p_51_75, 0 as p_76_100, "
            "?::date as as_of_date, date '2026-11-01' as release_date, ?::timestamp as scored_at",
            [run_id, track_id, score, day, datetime(2026, 11, 16 + 7 * number, 3)],
        )


def _ids(settings: Settings, **wanted: Any) -> list[str]:
    return read_defined(settings, ListDefinition(**wanted)).frame["track_id"].to_list()


def _run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(songpop, ["export", *arguments, "--home", str(settings.home)], env={"COLUMNS": "120"})


def _definition(folder: Path, text: str) -> Path:
    path = folder / "saved.toml"
    path.write_text(text)
    return path


def test_the_list_tells_rank_before_change_peak_and_days(published: Settings) -> None:
    columns = ("track_id", "rank", "previous_rank", "rank_change", "peak_rank", "peak_date", "n_days_listed",
               "percentile_in_genre", "percentile_in_year")  # fmt: skip
    frame = read_defined(published, ListDefinition(columns=columns)).frame

    first, second = (day for _, day in _RUNS)
    assert frame.columns == list(columns)
    assert frame.rows() == [
        ("b", 1, 2, 1, 1, second, 2, None, 100.0),
        ("c", 2, 3, 1, 2, second, 2, None, 75.0),
        ("a", 3, 1, -2, 1, first, 2, None, 50.0),
        ("e", 4, None, None, 4, second, 1, None, 25.0),
    ]


def test_a_list_is_cut_after_it_is_sorted(published: Settings) -> None:
    assert _ids(published) == ["b", "c", "a", "e"]
    assert _ids(published, sort=("-rank_change", "artist_name"), filters=Filters(limit=3)) == ["b", "c", "a"]
    assert _ids(published, sort=("previous_rank",)) == ["a", "b", "c", "e"]


def test_watched_artists_are_found_whatever_case_accents_and_article(published: Settings) -> None:
    result = read_defined(published, ListDefinition(watchlist=("beyonce", "XX", "Nobody")))

    assert (result.frame["track_id"].to_list(), result.unmatched) == (["c", "a"], ("Nobody",))
    assert _ids(published, blocklist=("Beyoncé", "SADE")) == ["b", "c"]
    assert _ids(published, watchlist=("xx", "Nas"), blocklist=("xx",)) == []


def test_only_what_changed_since_a_run_or_a_day_is_listed(published: Settings) -> None:
    result = read_defined(published, ListDefinition(changed_since="night-1"))

    assert result.changed_since == "night-1"
    changes = result.frame.select("change", "track_id", "rank", "earlier_rank", "score_change", "artist_name").rows()
    assert changes == [
        ("rank", "b", 1, 2, 0.0, "Björk"),
        ("rank", "c", 2, 3, 0.0, "The xx"),
        ("rank and score", "a", 3, 1, -25.0, "Beyoncé"),
        ("new", "e", 4, None, None, "Sade"),
        ("gone", "d", None, 4, None, "Nas"),
    ]
    assert result.frame.columns[0] == "change"
    for day in ("2026-11-16", "2026-11-22"):
        assert read_defined(published, ListDefinition(changed_since=day)).changed_since == "night-1"
    assert _ids(published, changed_since="night-2") == []
    assert _ids(published, changed_since="night-1", filters=Filters(min_score=40.0), watchlist=("nas", "sade")) == ["d"]


def test_what_is_gone_keeps_its_genre_album_and_year(published: Settings) -> None:
    wanted = ListDefinition(changed_since="night-1", filters=Filters(genre="pop"), watchlist=("nas",))
    frame = read_defined(published, wanted).frame

    assert frame.select("change", "track_id", "genre", "album_id", "album_name", "year").rows() == [
        ("gone", "d", "pop", "lp", "LP", 2026)
    ]


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ("night-9", r"none is called 'night-9'. The newest are night-2 \(of 2026-11-23\), night-1 \(of 2026-11-16\)"),
        ("2026-11-15", "none is of 2026-11-15 or before"),
    ],
)
def test_an_unknown_run_is_refused_with_the_known_ones(published: Settings, requested: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        read_defined(published, ListDefinition(changed_since=requested))


def test_other_lists_than_releases_have_no_changes(published: Settings, tmp_path: Path) -> None:
    query = tmp_path / "mine.sql"
    query.write_text("select 1")

    for name in ("artists", str(query)):
        with pytest.raises(ExportError, match="can't be compared with an earlier run; only the list releases can"):
            read_defined(published, ListDefinition(name, changed_since="night-1"))


def test_an_unknown_column_names_the_nearest(published: Settings) -> None:
    with pytest.raises(ExportError, match=r"to be shown with it, however it has no 'scor'. Did you mean score\?"):
        read_defined(published, ListDefinition(columns=("rank", "scor")))
    with pytest.raises(ExportError, match=r"to be sorted by it, however it has no 'zzz'. It has rank, "):
        read_defined(published, ListDefinition(sort=("-zzz",)))


def test_an_own_query_is_watched_sorted_and_cut_too(published: Settings, tmp_path: Path) -> None:
    query = tmp_path / "mine.sql"
    query.write_text("select track_id, artist_name, score from marts.ranked_releases order by 1;")

    wanted = ListDefinition(str(query), Filters(limit=2), sort=("-score",), blocklist=("Björk",))
    assert read_defined(published, wanted).frame["track_id"].to_list() == ["c", "a"]
    query.write_text("select 1 as one")
    with pytest.raises(ExportError, match="to be watched or blocked by it, however it has no 'artist_name'"):
        read_defined(published, wanted)


def test_a_published_file_of_before_says_what_to_do(published: Settings) -> None:
    with duckdb.connect(published.published) as con:
        con.execute("drop table marts.rank_history")

    with pytest.raises(WarehouseError, match="must hold the marts of this version"):
        read_defined(published, ListDefinition(changed_since="night-1"))


def test_a_published_file_with_fewer_columns_says_what_to_do(published: Settings) -> None:
    with duckdb.connect(published.published) as con:
        con.execute("alter table marts.ranked_releases drop column rank_change")

    with pytest.raises(WarehouseError, match=r"must hold the marts of this version.* Run `songpop nightly`"):
        read_defined(published, ListDefinition())


def test_a_saved_list_is_read_with_all_it_may_say(tmp_path: Path) -> None:
    (tmp_path / "roster.txt").write_text("# ours\nBjörk\n\nNas\nBjörk\n")
    path = _definition(
        tmp_path,
        'list = "releases"\ncolumns = "rank, score"\nsort = ["-score"]\nformat = "xlsx"\nwatchlist = "roster.txt"\n'
        'blocklist = ["Sade"]\nchanged_since = 2026-11-16\n[filters]\ngenre = "pop"\nartist = "x"\nsince = 2026-11-01\n'
        'until = "2026-11-30"\nmin_score = 40\nlimit = 5\n',
    )

    assert read_definition(path) == ListDefinition(
        "releases",
        Filters("pop", "x", date(2026, 11, 1), date(2026, 11, 30), 40.0, 5),
        ("rank", "score"),
        ("-score",),
        ("Björk", "Nas"),
        ("Sade",),
        "2026-11-16",
        "xlsx",
    )
    assert read_definition(_definition(tmp_path, 'list = "q.sql"')).name == str(tmp_path / "q.sql")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colums = []", r"must be one of list, columns, .* filters, however one is 'colums'. Did you mean columns\?"),
        ("[filters]\ngenres = 'pop'", r"must be one of genre, .*, however one is 'genres'. Did you mean genre\?"),
        ("list = 1", "`list` in .* must be a text, however it is 1"),
        ("columns = [1]", r"`columns` in .* must be a list of texts, however it is \[1\]"),
        ("filters = 1", r"must be a table, as in \[filters\], however it is 1"),
        ("[filters]\nsince = 'May'", "`since` in .* must be a date of the form YYYY-MM-DD, however it is 'May'"),
        ("[filters]\nmin_score = true", "`min_score` in .* must be a number, however it is True"),
        ("[filters]\nlimit = 0", "`limit` in .* must be a whole number of at least 1, however it is 0"),
        ("[filters]\nmin_score = nan", "`min_score` in .* must be a number, however it is nan"),
        ("limit = 5", r"`limit` in .* must stand under \[filters\], however it stands outside of it"),
        ("list =", "must be TOML, however"),
    ],
)
def test_a_saved_list_with_a_mistake_says_which(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        read_definition(_definition(tmp_path, text))


def test_artists_are_read_from_a_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text('﻿label,artist_name\nX,"Tyler, The Creator"\nX,\n', "utf-8")

    assert read_names(path) == ("Tyler, The Creator",)
    path.write_text("# nobody\n\n")
    with pytest.raises(ExportError, match="names nobody"):
        read_names(path)
    path.write_bytes("Björk".encode("latin-1"))
    with pytest.raises(ExportError, match="must be text in UTF-8, however its byte 2 is not"):
        read_names(path)
    with pytest.raises(ExportError, match="must be a file of artists that can be read"):
        read_names(tmp_path / "none.txt")
    with pytest.raises(ExportError, match="must be a file that can be read"):
        read_definition(tmp_path / "none.toml")


@pytest.mark.parametrize("name", list_definition.LISTS)
def test_what_is_exported_is_what_is_on_screen(published: Settings, name: str) -> None:
    columns = {"singles": "album_id,p_best,artist_name", "artists": "rank,artist_name,best_score"}.get(
        name, "rank,artist_name,score,previous_rank"
    )
    arguments = [name, "--columns", columns]
    screen = _run(published, *arguments, "--format", "table").stdout.splitlines()
    csv = _run(published, *arguments).stdout.splitlines()
    rows = json.loads(_run(published, *arguments, "--format", "json").stdout)

    assert csv[0] == columns
    assert [head.strip() for head in screen[0].split("  ") if head] == columns.replace("_", " ").split(",")
    assert len(screen) == len(csv) == len(rows) + 1
    assert all(list(row) == columns.split(",") for row in rows)


def test_a_saved_list_is_exported_and_options_win_over_it(published: Settings, tmp_path: Path) -> None:
    path = _definition(tmp_path, 'columns = ["track_id", "score"]\nformat = "json"\n[filters]\nlimit = 1\n')

    assert json.loads(_run(published, "--list", str(path)).stdout) == [{"track_id": "b", "score": 60.0}]
    longer = _run(published, "--list", str(path), "--limit", "2", "--sort", "-track_id", "--columns", "track_id")
    assert json.loads(longer.stdout) == [{"track_id": "e"}, {"track_id": "c"}]
    out = tmp_path / "list.csv"
    assert _run(published, "--list", str(path), "--out", str(out)).exit_code == 0
    assert out.read_text() == "track_id,score\nb,60.0\n"


def test_the_command_says_whom_it_did_not_find_and_what_it_compared_with(published: Settings, tmp_path: Path) -> None:
    roster = tmp_path / "roster.txt"
    roster.write_text("Nas\nNobody\n")

    result = _run(
        published, "releases", "--watchlist", str(roster), "--changed-since", "2026-11-20", "--format", "table"
    )

    assert result.stderr == "Not in this list: 'Nobody'.\nCompared with night-1\n"
    assert result.stdout.splitlines()[1].split() == [
        "gone",
        "–",
        "4",
        "–",
        "–",
        "–",
        "Title",
        "d",
        "Nas",
        "pop",
        "2026-11-01",
    ]


@pytest.mark.parametrize("arguments", [[], ["releases", "--list", "saved.toml"]])
def test_one_list_is_to_be_named(published: Settings, arguments: list[str]) -> None:
    result = _run(published, *arguments)

    assert result.exit_code == 2
    assert "Name one list, as in `songpop export releases`" in result.stderr


def test_the_notes_tell_coverage_and_how_the_list_was_chosen(published: Settings, tmp_path: Path) -> None:
    wanted = ListDefinition(
        filters=Filters(limit=3), sort=("-score",), watchlist=("Björk", "Nas"), changed_since="night-1"
    )
    notes = exports.notes_of(published, wanted)
    out = tmp_path / "list.xlsx"
    exports.write_list(read_defined(published, wanted).frame, out, "xlsx", notes=notes)

    assert notes["Run"] == "night-2"
    assert notes["with an audio analysis"] == "0 (0 %)"
    assert notes["with a genre"] == "4 (100 %)"
    assert notes["90 % intervals held"] == "unknown"
    assert notes["Sorted by"] == "score descending"
    assert notes["Only these artists"] == "Björk, Nas"
    assert notes["Only what changed since"] == "night-1"
    page = {row[0]: row[1] for row in openpyxl.load_workbook(out)["Notes"].iter_rows(values_only=True) if row[0]}
    assert page["As of"] == "2026-11-23"
    assert page["Column"] == "What it means"
    assert page["peak_rank"] == "Best rank that the release has had in any run"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x.docx"], "must end in one of .csv, .parquet, .xlsx, .json"),
        (["--format", "csv", "--out", "y.xlsx"], "must agree, however y.xlsx is to be csv"),
        (["--format", "table", "--out", "y"], "must agree, however a table is for the terminal"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--since must not be after --until"),
        (["--min-score", "nan"], "--min-score must be a number, however it is nan"),
    ],
)
def test_options_that_do_not_agree_are_refused(
    published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _run(published, "releases", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert [path.suffix for path in tmp_path.iterdir() if path.is_file()] == []


def test_an_empty_list_says_why(published: Settings) -> None:
    assert "has the genre 'popp'; there are pop (of 1)." in _run(published, "releases", "--genre", "popp").stderr
    result = _run(published, "releases", "--genre", "pop", "--min-score", "99")
    assert result.stderr == "The list has no rows with genre pop, min_score 99.0.\n"


def test_a_column_is_shown_once(published: Settings) -> None:
    with pytest.raises(ExportError, match="with each column once, however rank is named more than once"):
        read_defined(published, ListDefinition(columns=("rank", "score", "rank")))


def test_a_saved_list_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "saved.toml"
    path.write_text('list = "releases"\n', "utf-8-sig")

    assert read_definition(path).name == "releases"


def test_a_watchlist_with_semicolons_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("artist_name;label\nNas;X\n")

    with pytest.raises(ExportError, match="must be separated by commas, however its header is 'artist_name;label'"):
        read_names(path)
