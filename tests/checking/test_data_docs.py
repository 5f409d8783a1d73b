"""The pages about what was checked: which stay, what they show, and in which order."""

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from songpop.checking import data_docs
from songpop.checking.sql_checks import Check, CheckOutcome
from songpop.checking.suite_results import Outcome, SuiteResult
from songpop.findings import Finding

_FINDING = Finding("a", "critical", "A <b> must hold, however it does not.", "marts.tracks")
_WARNING = Finding("b", "warning", "B must hold, however it does not.", "marts.tracks")
_CHECK = Check("tracks_are_short", "A track must be short", "warning", "inputs", "marts.tracks", "select 1")
_HELD = Outcome("energy must be known in every row", "critical", "energy", "0 of 120 rows break it", 0.0)
_ROWS = Outcome("the number of rows must be at least 1", "critical", None, "120 rows")
_FAILED = Outcome(
    "energy must lie in 0 to 1",
    "critical",
    "energy",
    "30 of 120 rows (25 %) break it",
    0.25,
    [{"track_id": "<script>", "energy": "7"}, {"track_id": "t2", "energy": "8"}],
    _FINDING,
)
_LAX = replace(_FAILED, description="tempo must be known", severity="warning", column="tempo", finding=_WARNING)
_SUITE = SuiteResult("marts.tracks", "line > 0", 120, "1.24.1", [_ROWS, _LAX, _HELD, _FAILED])

# what version 0.1.0 wrote before it counted rows and named the version of Great Expectations
_OLD_STATE = """{"run_id": "nightly-20261101T031500000000Z", "now": "2026-11-01 03:16 UTC",
"order": "2026-11-01T03:16:10.820716", "as_of_date": "2026-11-01", "phases": {"inputs": {
"findings": [["warning", "track_id_must_stand_once", "marts.tracks", "In marts.tracks track_id must stand once."]],
"suites": [["marts.artists", 10, 10, true], ["marts.tracks", 25, 24, true], ["marts.drift", 0, 0, false]],
"skipped": ["marts.artist_audiences"], "checks": [["every_release_is_kept", "Every track must stand in marts.releases",
"critical", "marts.releases", true, null], ["every_track_is_unique", "A track must stand once", "critical",
"marts.tracks", false, 12345]]}}}"""


def _write(
    folder: Path, day: int, suite: SuiteResult = _SUITE, *, phase: str = "inputs", findings: list[Finding] | None = None
) -> Path:
    return data_docs.write_docs(
        folder,
        run_id=f"check-2026110{day}",
        now=datetime(2026, 11, day, 3, 15),
        as_of_date=datetime(2026, 11, day).date(),
        phase=phase,
        findings=[_FINDING] if findings is None else findings,
        suites=[suite],
        skipped=["marts.releases"],
        checks=[CheckOutcome(_CHECK, None)],
    )


def _suite_page(folder: Path, suite: SuiteResult = _SUITE, findings: list[Finding] | None = None) -> str:
    _write(folder, 1, suite, findings=findings)
    return (folder / "check-20261101" / f"{suite.table}.html").read_text()


def test_the_pages_of_seven_runs_are_kept(tmp_path: Path) -> None:
    for day in range(1, 10):
        index = _write(tmp_path, day)

    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == [f"check-2026110{day}" for day in range(3, 10)]
    text = index.read_text()
    assert [f"check-2026110{day}/index.html" in text for day in range(1, 9)] == [False] * 2 + [True] * 6


def test_the_first_page_shows_findings_tables_and_checks(tmp_path: Path) -> None:
    text = _write(tmp_path, 1).read_text()

    assert "<title>songpop Data Docs: 1 critical</title>" in text
    assert "A &lt;b&gt; must hold, however it does not." in text
    assert '<a href="check-20261101/marts.tracks.html">marts.tracks</a>' in text
    assert '<small class="failed">2 did not hold</small>' in text
    assert '<td class="n">120</td>\n<td class="n">2 of 4</td>' in text
    assert "marts.releases<small>skipped: nothing was ever loaded or scored for it" in text
    assert "A track must be short<small>tracks_<wbr>are_<wbr>short</small>" in text
    assert "Checked with Great Expectations 1.24.1" in text


def test_what_did_not_hold_stands_first(tmp_path: Path) -> None:
    good = SuiteResult("marts.artists", n_rows=1, outcomes=[_ROWS])
    broken = CheckOutcome(replace(_CHECK, name="tracks_are_long"), _WARNING)
    text = data_docs.write_docs(
        tmp_path,
        run_id="r",
        now=datetime(2026, 11, 1),
        as_of_date=datetime(2026, 11, 1).date(),
        phase="inputs",
        findings=[_WARNING, _FINDING],
        suites=[good, _SUITE],
        skipped=[],
        checks=[CheckOutcome(_CHECK, None), broken],
    ).read_text()

    assert text.index("A &lt;b&gt;") < text.index("B must hold")
    assert text.index(">marts.tracks</a><small") < text.index(">marts.artists</a>")
    assert text.index("tracks_<wbr>are_<wbr>long") < text.index("tracks_<wbr>are_<wbr>short")
    assert "1 of 2 did not hold" in text
    assert "1 critical, 1 warning" in text


def test_a_page_of_a_table_shows_failures_first_then_columns_then_the_whole_table(tmp_path: Path) -> None:
    page = _suite_page(tmp_path)

    columns = [f'scope="rowgroup">{name}<' for name in ("tempo", "energy", "the whole table")]
    places = [page.index(part) for part in ("What failed", 'id="failed-1"', "Every expectation", *columns)]
    assert places == sorted(places)
    first, second = page.split("<article")[1:3]
    assert 'class="critical"' in first
    assert "energy must lie in 0 to 1" in first
    assert "30 of 120 rows (25 %) break it" in first
    assert 'style="width:25.0%"' in first
    assert "&lt;script&gt;</td><td" in first
    assert 'class="warning"' in second
    assert page.count('href="#failed-') == 2
    assert "2 of 4 held" in page
    assert "120<small>where <code>line &gt; 0</code></small>" in page
    assert "2026-11-01 03:15 UTC, as of 2026-11-01" in page
    assert "Checked with Great Expectations 1.24.1" in page


def test_a_page_of_a_table_in_which_all_held_shows_no_failure(tmp_path: Path) -> None:
    page = _suite_page(tmp_path, SuiteResult("marts.tracks", n_rows=None, outcomes=[_HELD, _ROWS]), [])

    assert "<title>marts.tracks: all held</title>" in page
    assert "What failed" not in page
    assert "<article" not in page
    assert "<dt>Rows looked at</dt><dd>not counted</dd>" in page


def test_rows_that_a_tolerant_expectation_lets_pass_can_be_looked_up(tmp_path: Path) -> None:
    page = _suite_page(tmp_path, SuiteResult("marts.tracks", outcomes=[replace(_FAILED, finding=None)]), [])

    assert "<details><summary>which</summary>" in page
    assert '<td class="value">t2</td>' in page


def test_what_a_sql_check_found_stands_on_the_page_of_its_table(tmp_path: Path) -> None:
    elsewhere = replace(_WARNING, table_name="marts.artists", message="C must hold.")
    page = _suite_page(tmp_path, SuiteResult("marts.tracks", outcomes=[_HELD]), [_WARNING, elsewhere])

    assert "<title>marts.tracks: 1 warning</title>" in page
    assert "Also found about this table" in page
    assert "B must hold" in page
    assert "C must hold" not in page


def test_the_pages_need_nothing_else_and_lead_to_each_other(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    _write(tmp_path, 2)

    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) == 5
    for page in pages:
        text = page.read_text()
        assert "<script" not in text
        assert "://" not in text
        assert str(tmp_path) not in text
        assert not re.search(r"src=|<link|@import|url\(", text)
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (page.parent / link).is_file(), f"{page} leads to {link}"
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_suite_that_could_not_run_has_no_page(tmp_path: Path) -> None:
    text = _write(tmp_path, 1, SuiteResult("marts.tracks", unusable=_FINDING)).read_text()

    assert not (tmp_path / "check-20261101" / "marts.tracks.html").exists()
    assert "marts.tracks.html" not in text
    assert '<td>marts.tracks<small class="failed">could not be checked</small></td>' in text
    assert "Great Expectations" not in text


def test_a_state_that_is_no_json_is_as_good_as_none(tmp_path: Path) -> None:
    for day, text in enumerate(("{", "[]", '{"run_id": "check-20261102"}', '{"phases": []}'), start=1):
        _write(tmp_path, day)
        (tmp_path / f"check-2026110{day}" / "results.json").write_text(text)

    text = _write(tmp_path, 5).read_text()

    assert "Earlier runs" not in text


def test_a_run_of_an_earlier_version_is_listed_and_read(tmp_path: Path) -> None:
    old = tmp_path / "nightly-20261101T031500000000Z"
    old.mkdir()
    (old / "results.json").write_text(_OLD_STATE)

    text = _write(tmp_path, 2).read_text()

    assert (
        '<li><a href="nightly-20261101T031500000000Z/index.html">nightly-20261101T031500000000Z</a>, '
        '2026-11-01 03:16 UTC <span class="badge warning">1 warning</span></li>'
    ) in text


def test_a_run_that_an_earlier_version_began_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "check-20261101"
    home.mkdir()
    (home / "results.json").write_text(_OLD_STATE.replace("nightly-20261101T031500000000Z", "check-20261101"))

    text = _write(tmp_path, 1, SuiteResult("marts.scores", n_rows=9, outcomes=[_ROWS]), phase="scores").read_text()

    assert "In marts.tracks track_id must stand once." in text
    assert '<a href="check-20261101/marts.artists.html">marts.artists</a></td>' in text
    assert '<td class="n">–</td>\n<td class="n">10 of 10</td>' in text
    assert 'marts.drift<small class="failed">could not be checked</small>' in text
    assert '<td class="n">12,345</td>' in text
    assert '<a href="check-20261101/marts.scores.html">marts.scores</a></td>' in text
    state = json.loads((home / "results.json").read_text())
    assert list(state["phases"]) == ["inputs", "scores"]
    assert state["phases"]["scores"]["suites"] == [["marts.scores", 1, 1, True, 9, 0]]


def test_notes_are_counted_apart_and_colour_no_page(tmp_path: Path) -> None:
    note = Finding("read_otherwise", "note", "A date was read as one.", "marts.tracks")
    warning = Finding("a_rule", "warning", "It must hold.", "marts.tracks")

    alone = _write(tmp_path, 1, findings=[note]).read_text()
    both = _write(tmp_path, 2, findings=[note, warning, warning]).read_text()

    assert '<h1>Data Docs <span class="badge note">1 note</span></h1>' in alone
    assert '<h1>Data Docs <span class="badge warning">2 warnings, 1 note</span></h1>' in both
    assert both.index("It must hold.") < both.index("A date was read as one.")
