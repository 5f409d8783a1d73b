"""How a suite is read from its file, and what is wrong with one that can't be."""

import json
from pathlib import Path
from typing import Any

import pytest

from songpop.checking.suites import load_suites, slug


def _document(**changes: Any) -> dict[str, Any]:
    document = {
        "name": "marts.tracks",
        "meta": {"phase": "inputs", "required": True, "keys": ["track_id"], "n_expectations": 1},
        "expectations": [
            {
                "type": "expect_column_values_to_not_be_null",
                "severity": "critical",
                "description": "track_id must be known in every row",
                "kwargs": {"column": "track_id"},
            }
        ],
    }
    return document | changes


def _write(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "marts.tracks.json"
    path.write_text(json.dumps(document))
    return path


def test_a_suite_is_read_with_what_its_meta_says(tmp_path: Path) -> None:
    path = _write(tmp_path, _document())

    suites, findings = load_suites([path], "inputs")

    assert findings == []
    assert [(suite.table, suite.required, suite.keys) for suite in suites] == [("marts.tracks", True, ("track_id",))]
    assert suites[0].batch_query("run") == "select * from marts.tracks"


def test_a_suite_of_another_phase_is_left_out(tmp_path: Path) -> None:
    assert load_suites([_write(tmp_path, _document())], "scores") == ([], [])


def test_a_run_id_enters_a_condition_as_a_quoted_text(tmp_path: Path) -> None:
    document = _document()
    document["meta"]["rows"] = "run_id = $run_id"

    suites, _ = load_suites([_write(tmp_path, document)], "all")

    assert suites[0].batch_query("it's") == "select * from marts.tracks where run_id = 'it''s'"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "marts.songs"}, "its name is 'marts.songs'"),
        ({"meta": {}}, "KeyError: 'phase'"),
        ({"meta": {"phase": "night"}}, "its phase is 'night'"),
        ({"expectations": [{"type": "x", "kwargs": {}}]}, "expectation 1 has no description, severity"),
        (
            {"expectations": [{"type": "x", "kwargs": {}, "description": "d", "severity": "info"}]},
            "expectation 1 has the severity 'info'",
        ),
    ],
)
def test_a_suite_that_is_not_one_is_a_critical_finding(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    suites, findings = load_suites([_write(tmp_path, _document(**changes))], "inputs")

    assert suites == []
    assert [(finding.check_name, finding.severity) for finding in findings] == [("every_suite_loads", "critical")]
    assert why in findings[0].message


def test_a_suite_with_fewer_expectations_than_promised_is_a_critical_finding(tmp_path: Path) -> None:
    document = _document(expectations=[])

    suites, findings = load_suites([_write(tmp_path, document)], "inputs")

    assert len(suites) == 1
    assert [(finding.check_name, finding.n_rows) for finding in findings] == [("every_expectation_is_listed", 1)]
    assert "must list the 1 expectations that its meta promises, however it lists 0" in findings[0].message


def test_an_expectation_is_named_by_its_sentence() -> None:
    assert slug("popularity must lie in 0-100") == "popularity_must_lie_in_0_100"
