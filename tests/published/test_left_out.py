"""One line a recording, none of little evidence: what lists leave out, how they say so, and how it comes back."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from checked_warehouse import make_settings
from click.testing import CliRunner, Result

from songpop import warehouse
from songpop.cli import songpop
from songpop.errors import ExportError
from songpop.published import exports
from songpop.published.exports import read_defined
from songpop.published.left_out import LeftOut
from songpop.published.list_definition import Filters, ListDefinition, read_definition
from songpop.settings import Settings
from songpop.web import create_app

_DAY = date(2026, 11, 23)
# a song with an earlier single, whose artist is unknown as everybody here; one with its sound, and two without
_RELEASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("guess", {"artist_name": "Nobody", "track_name": "Who Knows"}),
    ("single", {"artist_name": "Ida Fenn", "track_name": "Paper Moon", "energy": 0.5, "duration_ms": 200_000,
                "album_id": "ep", "album_name": "Paper Moon", "release_date": "2026-11-02", "genre": "jazz"}),
    ("album", {"artist_name": "Ida Fenn", "track_name": "Paper moon", "energy": 0.5, "duration_ms": 200_100,
               "album_id": "lp", "album_name": "Slate", "release_date": "2026-11-20", "genre": "pop"}),
    ("other", {"artist_name": "Ida Fenn", "track_name": "Harbour", "energy": 0.5, "album_id": "lp",
               "album_name": "Slate", "release_date": "2026-11-20", "genre": "pop"}),
    ("shot", {"artist_name": "Nobody", "track_name": "In the Dark", "album_id": "dark", "album_name": "Dark"}),
    ("blind", {"artist_name": "Nobody", "track_name": "Blind", "album_id": "dark", "album_name": "Dark"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish six releases, best first."""
    moment = datetime(2026, 11, 23, 3)
    settings = make_settings(tmp_path_factory.mktemp("home"))
    with warehouse.connect(settings) as con:
        con.execute("insert into ledger.snapshots values ('s', 'releases', 'f', 'h', 'r', 6, 0, [], ?, ?)",
                    [_DAY, moment])  # fmt: skip
        con.execute("insert into ledger.loads values ('r', 's', 'releases', true, ?)", [moment])
        for line, (track_id, values) in enumerate(_RELEASES):
            row = {"snapshot_id": "s", "line": line, "track_id": track_id} | values
            con.execute(
                f"insert into raw.files__releases ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                list(row.values()),
            )
            con.execute(
                "insert into ledger.scores by name select 'r' as run_id, ? as track_id, 'm' as model_version, "
                "? as score, 1 as score_low, 99 as score_high, 1 as p_0_25, 0 as p_26_50, 0 as p_51_75, 0 as p_76_100, "
                "0.5 as p_best, 5 as benchmark_score, 9 as reference_score, ?::date as as_of_date, "
                "?::timestamp as scored_at",
                [track_id, 60.0 - line, _DAY, moment],
            )
        warehouse.build(con, as_of_date=_DAY, new_release_days=28)
        warehouse.publish(con, settings.published)
    return settings


def _read(settings: Settings, name: str = "releases", **filters: Any) -> tuple[list[Any], LeftOut | None]:
    result = read_defined(settings, ListDefinition(name, Filters(**filters)))
    key = {"singles": "album_id", "artists": "artist_name"}.get(name, "track_id")
    return result.frame[key].to_list(), result.left_out


def _run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(songpop, ["export", *arguments, "--home", str(settings.home)], env={"COLUMNS": "160"})


def test_a_recording_is_one_line_and_little_evidence_none(published: Settings) -> None:
    assert _read(published) == (["single", "other"], LeftOut("some", 3, 1))
    assert _read(published, versions=True) == (["single", "album", "other"], LeftOut("some", 3, 0))
    assert _read(published, evidence="little") == (["guess", "single", "other", "shot", "blind"],
                                                   LeftOut("little", 0, 1))  # fmt: skip
    assert _read(published, evidence="full") == ([], LeftOut("full", 5, 1))
    everything, missing = _read(published, evidence="little", versions=True)
    assert (everything, missing) == ([track_id for track_id, _ in _RELEASES], LeftOut("little", 0, 0))


def test_places_of_the_list_have_no_holes(published: Settings) -> None:
    frame = read_defined(published, ListDefinition("releases")).frame

    assert frame.select("place", "rank", "n_versions").rows() == [(1, 2, 2), (2, 4, 1)]


@pytest.mark.parametrize(
    "filters", [{"since": date(2026, 11, 10)}, {"genre": "pop"}, {"artist": "ida", "genre": "Pop"}]
)
def test_of_the_versions_that_fit_one_stands_for_the_recording(published: Settings, filters: dict[str, Any]) -> None:
    assert _read(published, **filters)[0] == ["album", "other"]


def test_the_other_lists_leave_out_what_is_little_known_too(published: Settings) -> None:
    assert _read(published, "artists") == (["Ida Fenn"], LeftOut("some", 1, 0))
    assert _read(published, "artists", evidence="little")[0] == ["Nobody", "Ida Fenn"]
    assert _read(published, "singles") == (["lp"], LeftOut("some", 1, 0))
    assert _read(published, "singles", evidence="little")[0] == ["lp", "dark"]
    assert read_defined(published, ListDefinition("artists")).frame["n_releases"].to_list() == [2]
    assert read_defined(published, ListDefinition("artists", Filters(versions=True))).frame["n_releases"][0] == 3


def test_what_is_left_out_is_counted_among_the_watched_artists(published: Settings) -> None:
    watched = ListDefinition("releases", watchlist=("ida fenn",))
    blocked = ListDefinition("releases", Filters(limit=1), columns=("score",), sort=("score",), blocklist=("Ida Fenn",))

    assert read_defined(published, watched).left_out == LeftOut("some", 0, 1)
    assert read_defined(published, blocked).left_out == LeftOut("some", 3, 0)


def test_an_export_says_on_stderr_what_it_leaves_out_and_writes_data_alone(published: Settings) -> None:
    done = _run(published, "releases", "--format", "json", "--columns", "track_id,evidence,evidence_missing")

    assert json.loads(done.stdout) == [
        {"track_id": "single", "evidence": "some", "evidence_missing": "artist, genre"},
        {"track_id": "other", "evidence": "some", "evidence_missing": "artist, genre"},
    ]
    assert done.stderr.splitlines() == [
        "3 releases of little evidence are left out; --evidence little shows them.",
        "1 other version is folded in; --versions shows it.",
    ]
    whole = _run(published, "releases", "--format", "csv", "--evidence", "little", "--versions")
    assert (len(whole.stdout.splitlines()), whole.stderr) == (7, "")
    full = _run(published, "releases", "--evidence", "full", "--format", "csv")
    assert "5 releases of some or little evidence are left out; --evidence some or little shows them." in full.stderr
    assert "The list has no rows with evidence full." in full.stderr


def test_a_table_has_the_place_and_the_number_of_versions(published: Settings) -> None:
    table = _run(published, "releases", "--format", "table").stdout

    assert table.splitlines()[0].split()[:3] == ["place", "rank", "change"]
    assert table.splitlines()[1].split()[:2] == ["1", "2"]


def test_a_saved_list_may_have_every_version_and_evidence(published: Settings, tmp_path: Path) -> None:
    saved = tmp_path / "all.toml"
    saved.write_text('list = "releases"\n[filters]\nevidence = "little"\nversions = true\n')

    assert read_definition(saved).filters == Filters(evidence="little", versions=True)
    assert len(json.loads(_run(published, "--list", str(saved), "--format", "json").stdout)) == 6
    for text, message in (
        ('evidence = "none"', "must be one of full, some, little"),
        ("versions = 1", "true or false"),
    ):
        saved.write_text(f"[filters]\n{text}\n")
        with pytest.raises(ExportError, match=message):
            read_definition(saved)


def test_a_workbook_notes_what_is_left_out(published: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    assert _run(published, "releases", "--out", str(out)).exit_code == 0

    notes = dict(row[:2] for row in openpyxl.load_workbook(out)["Notes"].iter_rows(values_only=True) if row[0])
    assert notes["Left out"] == "3 releases of little evidence are left out. 1 other version is folded in."
    assert exports.notes_of(published, ListDefinition("releases"), LeftOut())["Left out"] == "nothing that fits"


def test_the_api_has_the_same_lists_and_says_what_they_leave_out(published: Settings) -> None:
    api = create_app(published).test_client()

    def read(query: str, name: str = "releases") -> tuple[list[str], int, int]:
        answer = api.get(f"/api/v1/lists/{name}?{query}").get_json()
        ids = [row.get("track_id") or row.get("album_id") for row in answer["rows"]]
        return ids, answer["n_left_out"], answer["n_versions_folded"]

    assert read("") == (["single", "other"], 3, 1)
    assert read("versions=true") == (["single", "album", "other"], 3, 0)
    assert read("evidence=little&q=nobody") == (["guess", "shot", "blind"], 0, 0)
    assert read("q=slate") == (["album", "other"], 0, 0)
    assert read("q=moon") == (["single"], 0, 1)
    assert read("", "singles") == (["lp"], 1, 0)
    for wrong in ("evidence=much", "versions=maybe"):
        assert api.get(f"/api/v1/lists/releases?{wrong}").status_code == 400


def test_a_site_may_begin_with_other_evidence(published: Settings) -> None:
    site = create_app(published, evidence="little").test_client()

    assert site.get("/api/v1/lists/releases").get_json()["n_rows"] == 5
    known = site.get("/api/v1/lists/releases?evidence=some").get_json()
    assert (known["n_rows"], known["n_left_out"], known["evidence"]) == (2, 3, "some")
    page = site.get("/lists/releases?evidence=some&per_page=1").get_data(as_text=True)
    assert "evidence=some&amp;page=2" in page
    assert '<option value="some" selected>some or full</option>' in page


def test_a_page_says_what_it_leaves_out_and_leads_to_it(published: Settings) -> None:
    site = create_app(published).test_client()
    page = site.get("/lists/releases?genre=pop").get_data(as_text=True)
    front = site.get("/").get_data(as_text=True)

    assert "left out" not in page
    assert "3 releases of little evidence are left out. <a href" in front
    whole = site.get("/lists/releases").get_data(as_text=True)
    assert 'href="/lists/releases?evidence=little"' in whole
    assert 'href="/lists/releases?versions=true"' in whole
    assert "2&nbsp;versions" in whole
    shown = site.get("/lists/releases?evidence=little&versions=true").get_data(as_text=True)
    assert shown.count("little is known") == 3
    assert '<span class="under">rank 1</span>' in shown
    assert "left out" not in shown
