"""The night's report: what it tells of a good night, a degraded and a failed one, in Markdown and on its page."""

import re
from pathlib import Path

import checked_warehouse
import pytest
from checked_warehouse import AS_OF, NOW, RUN

from songpop.findings import Finding
from songpop.reporting import night_report, night_report_html
from songpop.reporting.report import Report, Table
from songpop.run import Run

_STEPS = [("load", 1.25, "releases.csv: 12 releases"), ("publish", 70.0, "readers' file | swapped in")]
_WARNING = Finding("a_rule", "warning", "A <b>bold</b> title must not be, however one is.", "marts.releases", n_rows=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return the run of a small warehouse, whose titles are no HTML and whose model drifted."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        con.execute("update raw.files__releases set track_name = '<script>alert(1)</script> | x' where line = 12")
        con.execute(
            "insert into ledger.scores by name select * replace ('before' as run_id, 90 - score as score, "
            "scored_at - interval 1 day as scored_at) from ledger.scores"
        )
        con.execute("update ledger.drift set is_drifted = true")
        checked_warehouse.promote(con)
    return Run(settings, RUN, "nightly", AS_OF, lambda: NOW)


def test_a_good_night_is_told_from_what_ran_to_what_moved(run: Run) -> None:
    text = night_report.render_report(run, _STEPS, failure=None)

    assert text.startswith(f"# songpop night of 2026-11-22\n\nRun `{RUN}`, songpop ")
    assert "**done**" in text
    assert "- **Took**: 1 min 11 s\n" in text
    assert "- **New releases**: 12 scored; 12 with an artist popularity, 12 with an audio analysis\n" in text
    assert "- **Champion**: keras-1, since 2026-11-22\n" in text
    assert "- **Drift**: 1 of 1 features\n" in text
    assert "## Findings\n\nNone.\n" in text
    assert "| load | 1.2 | releases.csv: 12 releases |" in text
    assert "| energy | higher: median 0.6, was 0.4 | 0.4 | 1.1 | 12 |" in text
    assert "| artists_file | releases_file | 12 | 100.0 |" in text
    assert re.search(r"\| \+11 \| 1 \| 12 \| 52\.0 \| .* \| Artist 3 \|", text)
    assert re.search(r"\| -11 \| 12 \| 1 \| 41\.0 \|", text)
    assert "| 1 | 52.0 | 20–70 | <script>alert(1)</script> \\| x | Artist 3 | rock | 2026-11-20 |" in text
    assert text.count("readers' file \\| swapped in") == 1


def test_the_page_tells_the_same_and_runs_nothing_of_what_it_shows(run: Run) -> None:
    page = night_report_html.render(night_report.read_report(run, _STEPS, failure=None))

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | x" in page
    assert not re.search(r'(src|href)="(https?:|//)|@import|url\(', page)
    assert "color-scheme: light dark" in page
    assert "{{" not in page
    assert '<span class="outcome done">done</span>' in page
    for title in ("Findings", "Steps", "Drift", "Top movers", "Best 10 new releases"):
        assert f"<h2>{title}</h2>" in page
    assert page.count("<table>") == page.count("</table>") == 6
    assert '<td class="n">70.0<span class="bar" style="width:100%"></span></td>' in page


def test_a_synthetic_sample_is_named_above_its_figures(tmp_path: Path, run: Run) -> None:
    settings = checked_warehouse.make_settings(tmp_path)
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.save_snapshot(con, "tracks")
        con.execute("update ledger.snapshots set file_name = 'synthetic_tracks.csv'")
    synthetic = night_report.read_report(Run(settings, RUN, "nightly", AS_OF, lambda: NOW), _STEPS, failure=None)
    sentence = "Synthetic sample: every artist, song and figure here is made up."

    assert f"\n\n**{sentence}**\n\n- **Took**" in night_report.render_markdown(synthetic)
    assert f'<p class="made-up">{sentence}</p>\n<dl>' in night_report_html.render(synthetic)
    real = night_report.read_report(run, _STEPS, failure=None)
    assert sentence not in night_report.render_markdown(real) + night_report_html.render(real)


def test_a_degraded_night_shows_its_findings_the_critical_ones_first(run: Run) -> None:
    critical = Finding("the_worst", "critical", "It must hold, however it does not.")
    degraded = Run(run.settings, RUN, "nightly", AS_OF, lambda: NOW, [_WARNING] * 14 + [critical])
    report = night_report.read_report(degraded, _STEPS, failure=None)

    findings = report.tables[0].rows or []
    assert report.outcome == "degraded"
    assert findings[0] == ["critical", "the_worst", critical.message, ""]
    assert (len(findings), findings[-1]) == (13, ["", "", "and 3 more: `songpop findings`", ""])
    page = night_report_html.render(report)
    assert '<td class="critical">critical</td>' in page
    assert "A &lt;b&gt;bold&lt;/b&gt; title" in page


def test_a_failed_night_says_why_and_shows_no_list(run: Run) -> None:
    failure = "An <input> must exist, however there is none."
    report = night_report.read_report(run, _STEPS[:1], failure=failure, failed_step="check inputs")

    facts = dict(report.facts)
    assert facts["Failed in"] == "check inputs"
    assert facts["Readers"] == "Nothing was published yet."
    assert facts["What to do"].startswith("Mend what is said above")

    assert "**failed: An <input> must exist, however there is none.**" in night_report.render_markdown(report)
    page = night_report_html.render(report)
    assert '<p class="why">An &lt;input&gt; must exist, however there is none.</p>' in page
    assert "Best 10" not in page


def test_what_is_not_built_yet_is_said(tmp_path: Path) -> None:
    empty = Run(checked_warehouse.make_settings(tmp_path), RUN, "nightly", AS_OF, lambda: NOW)

    path = night_report.write_report(empty, [], failure="No file.")

    assert "## Drift\n\nNot built yet." in path.read_text()
    assert path.with_suffix(".html").read_text() == (path.parent / "latest.html").read_text()
    assert path.read_text() == (path.parent / "latest.md").read_text()
    assert "<p>Not built yet.</p>" in (path.parent / "latest.html").read_text()


def test_only_a_severity_is_coloured_as_one() -> None:
    table = Table("Findings", ["severity", "track_name"], [["warning", "critical"]])
    page = night_report_html.render(Report("songpop night", RUN, "degraded", None, [], [table]))

    assert '<td class="warning">warning</td><td class="s">critical</td>' in page


def test_a_long_name_may_go_on_in_the_next_line() -> None:
    table = Table("Findings", ["severity", "check"], [["warning", "every_<b>score_has_a_run"]])
    page = night_report_html.render(Report("songpop night", RUN, "degraded", None, [], [table]))

    assert "<td>every_<wbr>&lt;b&gt;score_<wbr>has_<wbr>a_<wbr>run</td>" in page
