"""What a result that is no verdict comes to."""

from pathlib import Path

from songpop.checking import suite_results
from songpop.checking.suites import Suite

_LISTED = {
    "type": "expect_column_values_to_not_be_null",
    "severity": "warning",
    "description": "energy must be known in every row",
    "kwargs": {"column": "energy"},
}
_SUITE = Suite(Path("marts.tracks.json"), "marts.tracks", "inputs", True, False, None, None, ("track_id",), (_LISTED,))


def test_an_expectation_whose_result_got_lost_is_a_critical_finding() -> None:
    findings = suite_results.judge(_SUITE, _LISTED, None, "select 1", None)

    assert [(finding.check_name, finding.severity, finding.column_name) for finding in findings] == [
        ("every_expectation_runs", "critical", "energy")
    ]
    assert findings[0].message == (
        "The expectation 'energy must be known in every row' of expectations/marts.tracks.json must run, however "
        "it did not: no result came back for it. The check is broken; nothing is known about the data."
    )


def test_the_words_of_another_library_are_cut() -> None:
    message = suite_results.broken(_SUITE, _LISTED, "much too long " * 100).message

    assert len(message) < 450
    assert "…" in message
