"""How a template becomes a page: what is escaped, and what is an error."""

import pytest
from jinja2 import UndefinedError

from songpop import html_pages
from songpop.reporting.report import Report

_TEMPLATE = "reporting/templates/night_report.html"
_REPORT = Report("<b>night</b> & day", "run-1", "done", None, [("Took", "<1 s")], [])


def test_every_value_is_escaped() -> None:
    page = html_pages.render(_TEMPLATE, report=_REPORT, sections=[], synthetic="", version="<0.1>")

    assert "<title>&lt;b&gt;night&lt;/b&gt; &amp; day: done</title>" in page
    assert "<dd>&lt;1 s</dd>" in page
    assert "songpop &lt;0.1&gt;" in page


def test_a_page_is_a_whole_document_without_a_gap() -> None:
    page = html_pages.render(_TEMPLATE, report=_REPORT, sections=[], synthetic="", version="1")

    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.endswith("</html>\n")
    assert "{" not in page.split("</style>")[1]


def test_a_value_that_a_template_misses_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="version"):
        html_pages.render(_TEMPLATE, report=_REPORT, sections=[], synthetic="")
