"""What the results of Great Expectations come to, and a result that is no verdict."""

from pathlib import Path
from typing import Any

import pytest

from songpop.checking import suite_results
from songpop.checking.suites import Suite

_LISTED = {
    "type": "expect_column_values_to_not_be_null",
    "severity": "warning",
    "description": "energy must be known in every row",
    "kwargs": {"column": "energy"},
}
_SUITE = Suite(Path("marts.tracks.json"), "marts.tracks", "inputs", True, False, None, None, ("track_id",), (_LISTED,))


def _entry(success: bool, **result: Any) -> Any:
    """Return what Great Expectations gives for one expectation."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = ExpectationConfiguration(type=result.pop("type", _LISTED["type"]), kwargs={"column": "energy"})
    return ExpectationValidationResult(success=success, result=result, expectation_config=config)


def test_an_expectation_whose_result_got_lost_is_a_critical_finding() -> None:
    outcome = suite_results.judge(_SUITE, _LISTED, None, "select 1", None)

    finding = outcome.finding
    assert finding is not None
    assert (finding.check_name, finding.severity) == ("every_expectation_runs", "critical")
    assert finding.column_name == "energy"
    assert finding.message == (
        "The expectation 'energy must be known in every row' of expectations/marts.tracks.json must run, however "
        "it did not: no result came back for it. The check is broken; nothing is known about the data."
    )
    assert not outcome.has_run


def test_the_message_of_another_library_is_cut() -> None:
    finding = suite_results.not_run(_SUITE, _LISTED, "much too long " * 100).finding

    assert finding is not None
    assert len(finding.message) < 450
    assert "…" in finding.message


@pytest.mark.parametrize(
    ("result", "observed", "share"),
    [
        ({"element_count": 1200, "unexpected_count": 0}, "0 of 1,200 rows break it", 0.0),
        ({"element_count": 0, "unexpected_count": None}, "0 of 0 rows break it", None),
        (
            {"element_count": 1200, "unexpected_count": 3, "missing_count": 40},
            "3 of 1,200 rows (0.25 %) break it; 40 are unknown",
            0.0025,
        ),
        ({"observed_value": 1234567}, "1,234,567", None),
        ({"observed_value": None}, "unknown", None),
        ({"observed_value": 0.5}, "0.5", None),
    ],
)
def test_what_was_seen_is_said_of_an_expectation_that_held(
    result: dict[str, Any], observed: str, share: float | None
) -> None:
    outcome = suite_results.judge(_SUITE, _LISTED, _entry(True, **result), "select 1", None)

    assert (outcome.observed, outcome.share, outcome.finding) == (observed, share, None)


def test_examples_are_five_rows_as_text() -> None:
    values = [None, " ", 0.1 + 0.2, 1, 2, 3]
    rows = [{"track_id": f"t{number}", "year": 2150, "energy": value} for number, value in enumerate(values)]
    entry = _entry(False, element_count=6, unexpected_count=6, partial_unexpected_index_list=rows)

    outcome = suite_results.judge(_SUITE, _LISTED, entry, "select 1", None)

    assert [row["energy"] for row in outcome.examples] == ["unknown", "' '", "0.3", "1", "2"]
    assert outcome.examples[0] == {"track_id": "t0", "year": "2150", "energy": "unknown"}
    assert outcome.finding is not None
    assert outcome.finding.example_keys == ("t0", "t1", "t2", "t3", "t4")


def test_rows_are_counted_by_the_first_result_that_counts_all() -> None:
    count = _entry(True, type="expect_table_row_count_to_be_between", observed_value=7)
    distinct = _entry(True, type="expect_column_unique_value_count_to_be_between", observed_value=3)
    every = _entry(True, element_count=9, unexpected_count=0)

    assert suite_results.count_rows([distinct, count, every]) == 7
    assert suite_results.count_rows([distinct, every]) == 9
    assert suite_results.count_rows([distinct]) is None
