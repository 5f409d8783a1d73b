"""The pages about what was checked: which stay, and what they show."""

from datetime import datetime
from pathlib import Path

from songpop.checking import data_docs
from songpop.checking.data_docs import SuiteReport
from songpop.checking.sql_checks import Check, CheckOutcome
from songpop.findings import Finding

_FINDING = Finding("a", "critical", "A <b> must hold, however it does not.", "marts.tracks")
_CHECK = Check("tracks_are_short", "A track must be short", "warning", "inputs", "marts.tracks", "select 1")


def _write(folder: Path, day: int, *, page: str = "<html><head></head><body></body></html>") -> Path:
    return data_docs.write_docs(
        folder,
        run_id=f"check-2026110{day}",
        now=datetime(2026, 11, day),
        as_of_date=datetime(2026, 11, day).date(),
        phase="inputs",
        findings=[_FINDING],
        suites=[SuiteReport("marts.tracks", 3, 2, [_FINDING], page)],
        skipped=["marts.releases"],
        checks=[CheckOutcome(_CHECK, None)],
    )


def test_the_pages_of_seven_runs_are_kept(tmp_path: Path) -> None:
    for day in range(1, 10):
        index = _write(tmp_path, day)

    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == [f"check-2026110{day}" for day in range(3, 10)]
    text = index.read_text()
    assert [f"check-2026110{day}/index.html" in text for day in range(1, 9)] == [False] * 2 + [True] * 6


def test_the_first_page_shows_findings_tables_and_checks(tmp_path: Path) -> None:
    text = _write(tmp_path, 1).read_text()

    assert "A &lt;b&gt; must hold, however it does not." in text
    assert '<a href="check-20261101/marts.tracks.html">marts.tracks</a>' in text
    assert "marts.releases</td><td colspan=3>skipped" in text
    assert "tracks_are_short" in text
    assert "A track must be short" in text


def test_a_page_of_a_table_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = (
        '<html><head><link rel="stylesheet" href="https://example.org/a.css"><style>b {}</style></head><body>'
        '<script src="https://example.org/a.js"></script><script>$("x")</script><img\n src="https://example.org/l.png">'
        '<a href="../../../index.html">Home</a><footer><a href="https://example.org">News</a></footer></body></html>'
    )

    _write(tmp_path, 1, page=page)

    text = (tmp_path / "check-20261101" / "marts.tracks.html").read_text()
    assert "example.org" not in text
    assert "<script" not in text
    assert '<a href="../index.html">Home</a>' in text


def test_a_suite_that_could_not_run_has_no_page(tmp_path: Path) -> None:
    text = _write(tmp_path, 1, page="").read_text()

    assert not (tmp_path / "check-20261101" / "marts.tracks.html").exists()
    assert "marts.tracks.html" not in text
    assert "<td>marts.tracks</td>" in text


def test_a_state_that_is_no_json_is_as_good_as_none(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "check-20261101" / "results.json").write_text("{")

    assert _write(tmp_path, 2).is_file()
